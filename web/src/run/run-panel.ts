// Running the room's code and watching it together. Everyone sees every run, whoever started it.

import type { Api } from '../api';
import type { Connection } from '../connection';
import { languageLabel } from '../languages';
import { h, icon, replace } from '../ui/dom';
import { messageOf, toast } from '../ui/toast';
import { MAX_RUN_LENGTH, type Execution, type Language } from '../wire';
import { RunOutput, summary, type Piece } from './run-output';

/** Runs in the page; older ones go. */
const MAX_RUNS = 8;

interface Run {
  id: string;
  output: RunOutput;
  element: HTMLElement;
  head: HTMLElement;
  body: HTMLElement;
  who: string;
  language: string;
  finished: boolean;
  stopping: boolean;
  startedAt: number;
  drawn: Map<Piece, { node: HTMLElement; length: number }>;
}

export interface RunPanel {
  element: HTMLElement;
  button: HTMLButtonElement;
  run(): void;
  refresh(): void;
  setOnline(online: boolean): void;
  setLanguage(name: string): void;
  destroy(): void;
}

export function runPanel(options: {
  roomId: string;
  api: Api;
  connection: Connection;
  source: () => string;
  nameOf: (userId: string) => string;
  onRun: () => void;
}): RunPanel {
  const { api, connection } = options;
  const runs = new Map<string, Run>();
  let language = '';
  let languages: Language[] = [];
  let online = false;
  let asking = false;
  let frame = 0;
  const changed = new Set<Run>();

  const label = h('span', {}, 'Run');
  const button = h('button', { type: 'button', class: 'button primary run', testid: 'run-button', on: { click: () => void run() } }, icon('play'), label);
  const stdin = h('textarea', {
    rows: 3, testid: 'stdin', placeholder: 'What the program reads from standard input', spellcheck: false,
    attrs: { 'aria-label': 'Input for the program (stdin)' },
  });
  const input = h('details', { class: 'stdin' }, h('summary', {}, 'Input'), stdin);
  const clear = h('button', { type: 'button', class: 'button small', on: { click: () => clearAll() } }, 'Clear');
  const empty = h('p', { class: 'empty' }, 'Run the code to see what it prints. Everyone in the room sees it too.');
  const log = h('div', { class: 'runs', testid: 'output', tabIndex: 0, attrs: { role: 'region', 'aria-label': 'Program output' } }, empty);
  const announcer = h('p', { class: 'visually-hidden', attrs: { role: 'status' } });
  const element = h('section', { class: 'panel output', attrs: { 'aria-label': 'Output' } },
    h('header', { class: 'panel-head' }, h('h2', {}, 'Output'), input, clear), log, announcer);

  const { server } = connection;
  const off = [
    server.on('execution_queued', ({ execution_id, position }) => {
      const entry = runOf(execution_id);
      if (!entry.finished && entry.startedAt === 0) status(entry, 'running', position && position > 1 ? `Queued, number ${position}` : 'Queued');
    }),
    server.on('execution_started', ({ execution_id, user_id, language: started }) => {
      const entry = runOf(execution_id);
      entry.who = options.nameOf(user_id);
      entry.language = started;
      entry.startedAt = Date.now();
      if (!entry.finished) status(entry, 'running', 'Running…');
    }),
    server.on('execution_output', ({ execution_id, stream, chunk, seq }) => {
      const entry = runOf(execution_id);
      entry.output.append(stream, chunk, seq);
      redraw(entry);
    }),
    server.on('execution_completed', (execution) => finish(execution)),
  ];

  function finish(execution: Execution & { execution_id?: string }): void {
    const entry = runOf(execution.execution_id ?? execution.id);
    if (entry.finished) return;
    entry.finished = execution.status === 'completed' || execution.status === 'failed';
    entry.who = execution.user_name || entry.who;
    entry.language = execution.language || entry.language;
    entry.output.finish(execution);
    const { tone, text, facts } = summary(execution);
    status(entry, tone, text, facts);
    redraw(entry);
    if (entry.finished) announcer.textContent = `Run by ${entry.who}: ${text}, ${facts.join(', ')}`;
  }

  function runOf(id: string): Run {
    const known = runs.get(id);
    if (known) return known;
    const head = h('header', { class: 'run-head' });
    const body = h('pre', { class: 'run-body' });
    const entry: Run = {
      id, head, body, who: '', language, finished: false, stopping: false, startedAt: 0,
      output: new RunOutput(), drawn: new Map(),
      element: h('article', { class: 'run-entry', attrs: { 'data-run': id } }, head, body),
    };
    runs.set(id, entry);
    empty.remove();
    log.appendChild(entry.element);
    while (runs.size > MAX_RUNS) {
      const [oldest] = runs.values();
      runs.delete(oldest!.id);
      oldest!.element.remove();
    }
    log.scrollTop = log.scrollHeight;
    return entry;
  }

  function status(entry: Run, tone: 'running' | 'good' | 'bad', text: string, facts: string[] = []): void {
    entry.element.dataset.tone = tone;
    replace(entry.head,
      h('span', { class: `chip ${tone}`, testid: 'run-status' }, text),
      h('span', { class: 'run-who' }, [entry.who, languageLabel(entry.language)].filter(Boolean).join(' · ')),
      h('span', { class: 'run-facts' }, facts.join(' · ')),
      !entry.finished && h('button', {
        type: 'button', class: 'button small', disabled: entry.stopping, testid: 'run-stop',
        on: { click: (event) => void stop(entry, event.currentTarget as HTMLButtonElement) },
      }, icon('stop'), 'Stop'));
  }

  // Output comes in bursts: drawn once a frame, and only what is new.
  function redraw(entry: Run): void {
    changed.add(entry);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      const follow = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      for (const each of changed) draw(each);
      changed.clear();
      if (follow) log.scrollTop = log.scrollHeight;
    });
  }

  function draw(entry: Run): void {
    const { pieces, dropped } = entry.output;
    const kept = new Set(pieces);
    for (const [piece, { node }] of entry.drawn) {
      if (kept.has(piece)) continue;
      node.remove();
      entry.drawn.delete(piece);
    }
    for (const piece of pieces) {
      const drawn = entry.drawn.get(piece);
      if (!drawn) {
        const node = h('span', { class: piece.stream, attrs: { 'data-stream': piece.stream } }, piece.text);
        entry.drawn.set(piece, { node, length: piece.text.length });
        entry.body.appendChild(node);
      } else if (drawn.length < piece.text.length) {
        drawn.node.append(piece.text.slice(drawn.length));
        drawn.length = piece.text.length;
      }
    }
    let note = entry.element.querySelector('.run-dropped');
    if (dropped > 0) {
      if (!note) entry.body.before((note = h('p', { class: 'run-dropped' })));
      note.textContent = `… ${dropped.toLocaleString()} earlier characters are not shown`;
    } else note?.remove();
    if (entry.finished && pieces.length === 0 && !entry.body.firstChild) {
      entry.body.appendChild(h('span', { class: 'nothing' }, '(no output)'));
    }
  }

  async function run(): Promise<void> {
    const reason = refusal();
    if (reason) return toast(reason, 'error');
    const source_code = options.source();
    if (!source_code.trim()) return toast('There is no code to run yet.', 'error');
    if (source_code.length > MAX_RUN_LENGTH) return toast(`Only up to ${MAX_RUN_LENGTH.toLocaleString()} characters can be run.`, 'error');
    asking = true;
    show();
    options.onRun();
    try {
      await connection.request('execute_code', { source_code, language, ...(stdin.value ? { input: stdin.value } : {}) });
    } catch (failure) {
      toast(connection.online ? messageOf(failure) : 'The run was not started: the connection was lost.', 'error');
    } finally {
      asking = false;
      show();
    }
  }

  async function stop(entry: Run, control: HTMLButtonElement): Promise<void> {
    entry.stopping = true;
    control.disabled = true;
    try {
      await connection.request('execution_stop', { execution_id: entry.id }, 5_000);
    } catch (failure) {
      entry.stopping = false;
      control.disabled = false;
      toast(`The run could not be stopped: ${messageOf(failure)}`, 'error');
    }
  }

  /** Why running is not possible now, or null. */
  function refusal(): string | null {
    if (!online) return 'Not connected: code can be run when the connection is back.';
    const known = languages.find((each) => each.name === language);
    if (languages.length > 0 && (!known || known.available === false)) {
      return `${languageLabel(language)} can’t be run on this server${known?.reason ? `: ${known.reason}` : '.'}`;
    }
    return null;
  }

  function show(): void {
    const reason = refusal();
    button.title = reason ?? `Run the code (${/Mac|iP/.test(navigator.platform) ? '⌘' : 'Ctrl'}+Enter)`;
    button.setAttribute('aria-disabled', String(reason !== null));
    button.disabled = asking;
  }

  function clearAll(): void {
    for (const [id, entry] of runs) {
      if (!entry.finished) continue;
      entry.element.remove();
      runs.delete(id);
    }
    if (runs.size === 0) replace(log, empty);
  }

  async function refresh(): Promise<void> {
    try {
      if (languages.length === 0) languages = await api.languages();
      // What finished while we were away; and when nothing is shown yet, the room's last run.
      for (const entry of runs.values()) {
        if (!entry.finished) api.execution(entry.id).then(finish, () => {});
      }
      if (runs.size === 0) {
        const last = await api.lastRun(options.roomId);
        if (last) finish(last);
      }
    } catch {
      // The panel works without the past.
    }
    show();
  }

  show();

  return {
    element,
    button,
    run: () => void run(),
    refresh: () => void refresh(),
    setOnline: (now) => {
      online = now;
      show();
    },
    setLanguage: (name) => {
      language = name;
      show();
    },
    destroy: () => {
      cancelAnimationFrame(frame);
      off.forEach((stopListening) => stopListening());
    },
  };
}

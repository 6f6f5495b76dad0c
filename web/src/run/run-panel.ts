// Running the room's code and watching it together. Everyone sees every run, whoever started it, and whoever may write
// may type into it while it runs.

import type { Api } from '../api';
import type { Connection } from '../connection';
import { h, icon, replace } from '../ui/dom';
import { messageOf, toast } from '../ui/toast';
import type { Execution, RunSoFar } from '../wire';
import { RunEntry } from './run-entry';
import { summary } from './run-output';
import { sourceRefusal, type Runnable } from './runnable';
import { retryAfter, Wait } from './wait';

/** Runs in the page; older ones go. */
const MAX_RUNS = 8;
const MOD = /Mac|iP/.test(navigator.platform) ? '⌘' : 'Ctrl';

export interface RunPanel {
  element: HTMLElement;
  button: HTMLButtonElement;
  run(): void;
  refresh(): void;
  /** Joined: these run now, with their output so far. */
  going(executions: RunSoFar[]): void;
  setOnline(online: boolean): void;
  setLanguage(name: string): void;
  destroy(): void;
}

export function runPanel(options: {
  roomId: string;
  api: Api;
  connection: Connection;
  runnable: Runnable;
  source: () => string;
  nameOf: (userId: string) => string;
  me: () => string;
  onRun: () => void;
}): RunPanel {
  const { api, connection, runnable } = options;
  const runs = new Map<string, RunEntry>();
  let language = '';
  let online = false;
  let asking = false;
  let frame = 0;
  const changed = new Set<RunEntry>();
  /** Lines that were typed here and not yet heard of from the server. */
  const echoed = new Set<string>();
  const wait = new Wait(() => show());

  const label = h('span', {}, 'Run');
  const button = h('button', { type: 'button', class: 'button primary run', testid: 'run-button', on: { click: () => void run() } }, icon('play'), label);
  const stdin = h('textarea', {
    rows: 3, testid: 'stdin', placeholder: 'What the program reads from standard input. Left empty, you can type while it runs.', spellcheck: false,
    attrs: { 'aria-label': 'Input for the program (stdin)' }, on: { input: () => show() },
  });
  const keepOpen = h('input', { type: 'checkbox', id: 'stdin-open', testid: 'stdin-open' });
  const keepOpenRow = h('div', { class: 'check' }, keepOpen, h('label', { htmlFor: 'stdin-open' }, 'Then stay open for typing'));
  const inputMark = h('span', { class: 'mark', hidden: true, title: 'Input is given to every run' });
  const input = h('details', { class: 'stdin' }, h('summary', {}, 'Input', inputMark), stdin, keepOpenRow);
  const clear = h('button', { type: 'button', class: 'button small ghost', on: { click: () => clearAll() } }, 'Clear');
  const versionNote = h('span', { class: 'muted language-version', testid: 'language-version' });
  const empty = h('p', { class: 'empty' }, 'Run the code to see what it prints. Everyone in the room sees it too.');
  const notice = h('p', { class: 'panel-notice', hidden: true, testid: 'run-notice', attrs: { role: 'status' } });
  const log = h('div', { class: 'runs', testid: 'output', tabIndex: 0, attrs: { role: 'region', 'aria-label': 'Program output' } }, empty);
  const announcer = h('p', { class: 'visually-hidden', attrs: { role: 'status' } });

  const line = h('input', {
    type: 'text', testid: 'live-input', autocomplete: 'off', spellcheck: false, placeholder: 'Type into the running program',
    attrs: { 'aria-label': 'Type into the running program; Enter sends the line', enterkeyhint: 'send', autocapitalize: 'off' },
    on: {
      keydown: (event) => {
        // As on a terminal: Ctrl+D on an empty line is the end of input.
        if (event.key.toLowerCase() !== 'd' || !event.ctrlKey || line.value) return;
        event.preventDefault();
        void type('', true);
      },
    },
  });
  const end = h('button', {
    type: 'button', class: 'button small', testid: 'live-end', title: 'The program reads end of input (Ctrl+D)', on: { click: () => void type('', true) },
  }, 'End input');
  const composer = h('form', {
    class: 'live-input', hidden: true,
    on: {
      submit: (event: Event) => {
        event.preventDefault();
        void type(`${line.value}\n`, false);
      },
    },
  }, h('span', { class: 'prompt', attrs: { 'aria-hidden': true } }, '›'), line, h('button', { type: 'submit', class: 'button small', testid: 'live-send' }, 'Send'), end);

  const element = h('section', { class: 'bench-panel output', attrs: { 'aria-label': 'Output' } },
    h('div', { class: 'bench-tools' }, input, versionNote, clear), notice, log, composer, announcer);

  const { server } = connection;
  const off = [
    runnable.on('changed', () => show()),
    server.on('execution_queued', ({ execution_id, position }) => queued(execution_id, position)),
    server.on('execution_position', ({ execution_id, position }) => queued(execution_id, position)),
    server.on('execution_started', (started) => {
      const entry = runOf(started.execution_id);
      entry.who = options.nameOf(started.user_id) || entry.who;
      entry.language = started.language;
      entry.started = true;
      entry.takesInput = started.live_input ?? entry.takesInput;
      if (!entry.finished) entry.status('running', 'Running…');
      show();
    }),
    server.on('execution_output', ({ execution_id, stream, chunk, seq }) => {
      const entry = runOf(execution_id);
      entry.output.append(stream, chunk, seq);
      redraw(entry);
    }),
    server.on('execution_input', ({ execution_id, user_id, data, end: ended }) => {
      const entry = runs.get(execution_id);
      if (!entry) return;
      // What was typed here is shown already.
      if (user_id === options.me() && echoed.delete(`${execution_id} ${data ?? ''}`)) return;
      if (data) entry.output.echo(data);
      if (ended) endOf(entry);
      redraw(entry);
    }),
    server.on('execution_completed', (execution) => finish(execution)),
    server.on('error', ({ retry_after }) => {
      if (retry_after && asking) wait.start(retry_after);
    }),
  ];

  function queued(id: string, position: number | undefined): void {
    const entry = runOf(id);
    if (entry.finished || entry.started) return;
    entry.status('running', position && position > 0 ? `Queued, number ${position}` : 'Queued');
  }

  function finish(execution: Execution & { execution_id?: string }): void {
    const entry = runOf(execution.execution_id ?? execution.id);
    if (entry.finished) return;
    entry.finished = execution.status === 'completed' || execution.status === 'failed';
    entry.started ||= execution.status === 'running';
    entry.who = execution.user_name || entry.who;
    entry.language = execution.language || entry.language;
    entry.output.finish(execution);
    const { tone, text, facts } = summary(execution);
    entry.status(tone, text, facts);
    redraw(entry);
    if (entry.finished) announcer.textContent = `Run by ${entry.who}: ${text}, ${facts.join(', ')}`;
    show();
  }

  function runOf(id: string): RunEntry {
    const known = runs.get(id);
    if (known) return known;
    const entry = new RunEntry(id, (which) => void stop(which));
    entry.language = language;
    runs.set(id, entry);
    empty.remove();
    log.appendChild(entry.element);
    while (runs.size > MAX_RUNS) {
      const oldest = [...runs.values()].find((each) => each.finished) ?? [...runs.values()][0]!;
      runs.delete(oldest.id);
      oldest.element.remove();
    }
    log.scrollTop = log.scrollHeight;
    return entry;
  }

  // Drawn once a frame.
  function redraw(entry: RunEntry): void {
    changed.add(entry);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      const follow = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      for (const each of changed) each.draw();
      changed.clear();
      if (follow) log.scrollTop = log.scrollHeight;
    });
  }

  async function run(): Promise<void> {
    const source_code = options.source();
    const reason = refusal() ?? sourceRefusal(source_code);
    if (reason) return toast(reason, 'error');
    asking = true;
    show();
    options.onRun();
    const given = stdin.value;
    const live = runnable.find(language)?.live_input === true && (!given || keepOpen.checked);
    try {
      const { execution_id } = await connection.request<{ execution_id?: string }>('execute_code', {
        source_code, language, ...(given ? { input: given } : {}), ...(live ? { live_input: true } : {}),
      });
      if (execution_id) {
        runOf(execution_id).takesInput = live;
        show();
      }
    } catch (failure) {
      const seconds = retryAfter(failure);
      if (seconds) wait.start(seconds);
      toast(connection.online ? messageOf(failure) : 'The run was not started: the connection was lost.', 'error');
    } finally {
      asking = false;
      show();
    }
  }

  async function stop(entry: RunEntry): Promise<void> {
    entry.setStopping(true);
    try {
      await connection.request('execution_stop', { execution_id: entry.id }, 5_000);
    } catch (failure) {
      entry.setStopping(false);
      toast(`The run could not be stopped: ${messageOf(failure)}`, 'error');
    }
  }

  /**
   * The run that typing goes to: the newest that runs and may read. Of a run that somebody else started it may not be
   * known; then the server says so at the first try.
   */
  function target(): RunEntry | null {
    return [...runs.values()].reverse().find((each) => each.started && !each.finished
      && (each.takesInput ?? runnable.find(each.language)?.live_input === true)) ?? null;
  }

  async function type(data: string, ended: boolean): Promise<void> {
    const entry = target();
    if (!entry) return;
    line.value = '';
    if (data) {
      entry.output.echo(data);
      echoed.add(`${entry.id} ${data}`);
      redraw(entry);
    }
    try {
      await connection.request('execution_input', { execution_id: entry.id, data, ...(ended ? { end: true } : {}) }, 5_000);
      if (ended) endOf(entry);
    } catch (failure) {
      if (/no input/i.test(messageOf(failure))) endOf(entry);
      if (!line.value) line.value = data.replace(/\n$/, '');
      toast(`The program did not get the input: ${messageOf(failure)}`, 'error');
    }
  }

  function endOf(entry: RunEntry): void {
    entry.takesInput = false;
    show();
  }

  /** Why running is not possible now, or null. */
  function refusal(): string | null {
    if (!online) return 'Not connected: code can be run when the connection is back.';
    if (wait.left > 0) return `Too many runs: wait ${wait.left} s.`;
    return runnable.refusal(language);
  }

  function show(): void {
    const reason = refusal();
    button.title = reason ?? `Run the code (${MOD}+Enter)`;
    button.setAttribute('aria-disabled', String(reason !== null));
    button.disabled = asking;
    label.textContent = wait.left > 0 ? `Wait ${wait.left} s` : 'Run';
    versionNote.textContent = runnable.refusal(language) ? '' : runnable.title(language);
    const unavailable = runnable.refusal(language);
    notice.textContent = unavailable ?? '';
    notice.hidden = unavailable === null;
    inputMark.hidden = stdin.value === '';
    keepOpenRow.hidden = stdin.value === '' || runnable.find(language)?.live_input !== true;
    const into = target();
    const hadFocus = composer.contains(document.activeElement);
    composer.hidden = into === null || !online;
    if (composer.hidden && hadFocus) log.focus();
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
      // What finished while we were away; and when nothing is shown yet, the room's last run.
      for (const entry of runs.values()) {
        if (!entry.finished) api.execution(entry.id).then(finish, () => {});
      }
      if (runs.size === 0) {
        const last = await api.lastRun(options.roomId);
        if (last && runs.size === 0) finish(last);
      }
    } catch {
      // The panel works without the past.
    }
    show();
  }

  function going(executions: RunSoFar[]): void {
    for (const one of executions) {
      const entry = runOf(one.execution_id);
      if (entry.finished) continue;
      entry.who = one.user_name || options.nameOf(one.user_id) || entry.who;
      entry.language = one.language;
      entry.started = one.status === 'running';
      entry.takesInput = one.live_input ?? entry.takesInput;
      entry.output.restore(one.output ?? [], one.seq);
      if (entry.started) entry.status('running', 'Running…');
      else queued(one.execution_id, one.position ?? undefined);
      redraw(entry);
    }
    show();
  }

  show();

  return {
    element,
    button,
    run: () => void run(),
    refresh: () => void refresh(),
    going,
    setOnline: (now) => {
      online = now;
      show();
    },
    setLanguage: (name) => {
      language = name;
      show();
    },
    destroy: () => {
      wait.stop();
      cancelAnimationFrame(frame);
      off.forEach((stopListening) => stopListening());
    },
  };
}

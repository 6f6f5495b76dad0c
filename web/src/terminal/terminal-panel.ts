// Terminals that the room shares: a language's prompt, or the room's program on a terminal. Whoever may write may type;
// everyone sees the same screen, at one size (that of the one who started it, or who fitted it last).

import type { Connection } from '../connection';
import { languageLabel } from '../languages';
import { sourceRefusal, type Runnable } from '../run/runnable';
import { retryAfter, Wait } from '../run/wait';
import { h, icon, replace } from '../ui/dom';
import { messageOf, toast } from '../ui/toast';
import type { TerminalSession } from '../wire';
import { TerminalLogs, type TerminalLog } from './terminal-log';
import type { TerminalView } from './terminal-view';

const RESIZE_DELAY_MS = 200;
const STARTING_SIZE = { columns: 80, rows: 24 };

export interface TerminalPanel {
  element: HTMLElement;
  going(sessions: TerminalSession[]): void;
  setOnline(online: boolean): void;
  setLanguage(name: string): void;
  shown(): void;
  destroy(): void;
}

export function terminalPanel(options: {
  connection: Connection;
  runnable: Runnable;
  source: () => string;
  nameOf: (userId: string) => string;
  isMe: (userId: string) => boolean;
  onAvailable: (available: boolean) => void;
  onRunning: (count: number) => void;
  onShow: () => void;
}): TerminalPanel {
  const { connection, runnable } = options;
  const logs = new TerminalLogs();
  /** Started in this tab: follow this window's size and answer the program's questions. */
  const mine = new Set<string>();
  let current: TerminalLog | null = null;
  let view: TerminalView | null = null;
  let loading: Promise<void> | null = null;
  let online = false;
  let language = '';
  let asking = false;
  let destroyed = false;
  let resizeTimer: ReturnType<typeof setTimeout> | undefined;
  const wait = new Wait(() => show());

  const startPrompt = h('button', { type: 'button', class: 'button small primary', testid: 'terminal-prompt', on: { click: () => void start(false) } });
  const startProgram = h('button', { type: 'button', class: 'button small', testid: 'terminal-program', on: { click: () => void start(true) } }, icon('play'), 'Run the code here');
  const chips = h('div', { class: 'terminal-chips', attrs: { role: 'group', 'aria-label': 'Terminals' } });
  const standing = h('span', { class: 'terminal-standing', testid: 'terminal-standing', attrs: { role: 'status' } });
  const stopButton = h('button', { type: 'button', class: 'button small', hidden: true, testid: 'terminal-stop', on: { click: () => void stop() } }, icon('stop'), 'Stop');
  const fitButton = h('button', {
    type: 'button', class: 'button small ghost', hidden: true, testid: 'terminal-fit', title: 'Give the terminal the size of my window, for everyone', on: { click: () => sendSize() },
  }, 'Fit');
  const screen = h('div', { class: 'terminal-screen', testid: 'terminal' });
  const empty = h('div', { class: 'empty' },
    h('p', {}, 'A terminal that everyone in the room shares: try things at the prompt together, or run a program that asks questions.'));
  const element = h('section', { class: 'bench-panel terminal-panel' },
    h('div', { class: 'bench-tools' }, startPrompt, startProgram, chips, standing, h('span', { class: 'grow' }), fitButton, stopButton), empty, screen);

  const { server } = connection;
  const off = [
    runnable.on('changed', show),
    server.on('session_started', (session) => {
      const log = logs.started({ ...session, output: session.output ?? '' });
      if (!current || current.ended !== null || mine.has(log.id)) select(log);
      if (!options.isMe(log.userId)) toast(`${log.who || options.nameOf(log.userId) || 'Somebody'} started a terminal.`);
      show();
    }),
    server.on('session_output', (event) => {
      const log = logs.printed(event);
      if (log && log === current) view?.write(event.data);
    }),
    server.on('session_resized', (event) => {
      const log = logs.resized(event);
      if (log && log === current) view?.resize(log.columns, log.rows);
    }),
    server.on('session_ended', (event) => {
      if (logs.ended(event)) show();
    }),
  ];

  const resized = new ResizeObserver(() => {
    clearTimeout(resizeTimer);
    if (current && !view && screen.clientWidth > 0) void open();
    if (current && mine.has(current.id)) resizeTimer = setTimeout(sendSize, RESIZE_DELAY_MS);
  });
  resized.observe(screen);

  /** The chunk with the terminal, and the terminal on the screen: only while its place is in view, since it measures it. */
  function open(): Promise<void> {
    loading ??= import('./terminal-view').then(({ terminalView }) => {
      if (destroyed) return;
      view = terminalView(screen, (data) => type(data));
      if (current) draw(current);
      show();
    }).catch((failure: unknown) => {
      console.error(failure);
      loading = null;
      toast('The terminal could not be loaded. Check your connection and try again.', 'error');
    });
    return loading;
  }

  function select(log: TerminalLog): void {
    current = log;
    show();
    if (view) draw(log);
    else if (screen.clientWidth > 0) void open();
  }

  function draw(log: TerminalLog): void {
    view!.reset(log.columns, log.rows, log.output, mine.has(log.id));
    view!.setWritable(online && log.ended === null);
    if (mine.has(log.id)) sendSize();
  }

  async function start(withProgram: boolean): Promise<void> {
    const reason = withProgram ? (refusal() ?? sourceRefusal(options.source())) : promptRefusal();
    if (reason) return toast(reason, 'error');
    asking = true;
    options.onShow();
    show();
    try {
      await open();
      const size = view?.fitting() ?? STARTING_SIZE;
      const { session_id } = await connection.request<{ session_id: string }>('session_start', {
        language, ...size, ...(withProgram ? { source_code: options.source() } : {}),
      });
      mine.add(session_id);
      const log = logs.all.get(session_id);
      if (log) select(log);
      view?.focus();
    } catch (failure) {
      const seconds = retryAfter(failure);
      if (seconds) wait.start(seconds);
      toast(connection.online ? messageOf(failure) : 'No terminal was started: the connection was lost.', 'error');
    } finally {
      asking = false;
      show();
    }
  }

  async function stop(): Promise<void> {
    if (!current) return;
    stopButton.disabled = true;
    try {
      await connection.request('session_stop', { session_id: current.id }, 5_000);
    } catch (failure) {
      toast(`The terminal could not be stopped: ${messageOf(failure)}`, 'error');
    } finally {
      stopButton.disabled = false;
    }
  }

  function type(data: string): void {
    if (!current || current.ended !== null || !connection.online) return;
    connection.request('session_input', { session_id: current.id, data }, 5_000).catch((failure: unknown) => {
      if (connection.online) toast(`The terminal did not get what was typed: ${messageOf(failure)}`, 'error');
    });
  }

  /** Tells this window's size to the program, when it differs. */
  function sendSize(): void {
    const size = view?.fitting();
    if (!size || !current || current.ended !== null || !online) return;
    if (size.columns === current.columns && size.rows === current.rows) return;
    connection.request('session_resize', { session_id: current.id, ...size }, 5_000).catch(() => {});
  }

  function promptRefusal(): string | null {
    const known = runnable.find(language);
    return refusal() ?? (known?.interactive === false ? `${languageLabel(language)} has no prompt of its own; run the code here instead.` : null);
  }

  function refusal(): string | null {
    if (!online) return 'Not connected.';
    if (wait.left > 0) return `Wait ${wait.left} s before the next one.`;
    return runnable.refusal(language);
  }

  function show(): void {
    const known = runnable.find(language);
    // Judge0 has no terminals, and older servers don't know the word.
    options.onAvailable(known?.terminal === true || logs.all.size > 0);
    replace(startPrompt, icon('terminal'), wait.left > 0 ? `Wait ${wait.left} s` : `${languageLabel(language)} prompt`);
    startPrompt.hidden = known?.interactive === false;
    startProgram.classList.toggle('primary', startPrompt.hidden);
    for (const [button, reason] of [[startPrompt, promptRefusal()], [startProgram, refusal()]] as const) {
      button.disabled = asking;
      button.setAttribute('aria-disabled', String(reason !== null));
      button.title = reason ?? '';
    }
    const all = [...logs.all.values()];
    replace(chips, ...(all.length < 2 ? [] : all.map((log, index) => h('button', {
      type: 'button', class: `chip-button${log === current ? ' selected' : ''}`, attrs: { 'aria-pressed': log === current },
      on: { click: () => select(log) },
    }, `${index + 1} ${languageLabel(log.language)}${log.ended === null ? '' : ' (ended)'}`))));
    const running = current !== null && current.ended === null;
    const who = current ? current.who || options.nameOf(current.userId) : '';
    replace(standing, ...(current ? [
      h('span', { class: `chip ${running ? 'running' : ''}` }, running ? 'Live' : current.ended),
      h('span', { class: 'run-who' }, [who && `started by ${who}`, languageLabel(current.language)].filter(Boolean).join(' · ')),
    ] : []));
    stopButton.hidden = !running;
    stopButton.disabled = !online;
    fitButton.hidden = !running || mine.has(current!.id);
    // While one is being started its place is measured already.
    screen.hidden = current === null && !asking;
    empty.hidden = !screen.hidden;
    view?.setWritable(online && running);
    options.onRunning(logs.running.length);
  }

  return {
    element,
    going: (sessions) => {
      logs.going(sessions);
      const log = current ? logs.all.get(current.id) : logs.running[0];
      if (log) select(log);
      show();
    },
    setOnline: (now) => {
      if (online === now) return;
      online = now;
      show();
    },
    setLanguage: (name) => {
      if (language === name) return;
      language = name;
      show();
    },
    shown: () => {
      if (!current || screen.clientWidth === 0) return;
      void open().then(() => {
        if (current && mine.has(current.id)) sendSize();
      });
    },
    destroy: () => {
      destroyed = true;
      clearTimeout(resizeTimer);
      wait.stop();
      resized.disconnect();
      view?.destroy();
      off.forEach((stopListening) => stopListening());
    },
  };
}

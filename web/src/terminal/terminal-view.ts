// xterm.js, as a chunk of its own that is fetched when somebody opens a terminal.
//
// A program may ask its terminal questions (where is the cursor, what are you?). In a shared terminal exactly one client may
// answer: the one where it was started, and only to what is printed live. All others swallow the questions.

import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type ITheme } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';

export interface TerminalView {
  /** Shows another terminal: its size and everything it printed so far. */
  reset(columns: number, rows: number, output: string[], answers: boolean): void;
  write(data: string): void;
  resize(columns: number, rows: number): void;
  /** The size that would fill the place; null when the place is not on the screen. */
  fitting(): { columns: number; rows: number } | null;
  setWritable(writable: boolean): void;
  focus(): void;
  text(): string;
  destroy(): void;
}

const SCROLLBACK = 2_000;

export function terminalView(parent: HTMLElement, onData: (data: string) => void): TerminalView {
  const terminal = new Terminal({
    scrollback: SCROLLBACK, fontSize: 13, lineHeight: 1.25, cursorBlink: true, screenReaderMode: true,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--mono').trim() || 'monospace',
    theme: theme(parent), disableStdin: true, minimumContrastRatio: 4.5,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(parent);
  terminal.textarea?.setAttribute('aria-label', 'Terminal input. F6 leaves the terminal.');
  let answers = false;
  let restoring = 0;
  const questions: Parameters<typeof terminal.parser.registerCsiHandler>[0][] = [
    { final: 'n' }, { prefix: '?', final: 'n' }, { final: 'c' }, { prefix: '>', final: 'c' }, { prefix: '=', final: 'c' },
    { prefix: '?', intermediates: '$', final: 'p' }, { intermediates: '$', final: 'p' }, { final: 't' }, { prefix: '?', final: 'u' }, { prefix: '>', final: 'q' },
  ];
  for (const question of questions) terminal.parser.registerCsiHandler(question, () => !answers || restoring > 0);
  for (const osc of [4, 10, 11, 12]) terminal.parser.registerOscHandler(osc, (data) => data.includes('?') && (!answers || restoring > 0));
  terminal.parser.registerDcsHandler({ intermediates: '$', final: 'q' }, () => !answers || restoring > 0);
  terminal.onData(onData);
  // The page's way from part to part, and running the code, stay what they are everywhere else.
  terminal.attachCustomKeyEventHandler((event) => event.key !== 'F6' && !(event.key === 'Enter' && (event.ctrlKey || event.metaKey)));

  const recolor = (): void => {
    terminal.options.theme = theme(parent);
  };
  const watch = new MutationObserver(recolor);
  watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', recolor);

  return {
    reset(columns, rows, output, mayAnswer) {
      terminal.reset();
      terminal.resize(columns, rows);
      answers = mayAnswer;
      for (const piece of output) {
        restoring++;
        terminal.write(piece, () => restoring--);
      }
    },
    write: (data) => terminal.write(data),
    resize: (columns, rows) => terminal.resize(columns, rows),
    fitting: () => {
      const size = parent.clientWidth > 0 ? fit.proposeDimensions() : undefined;
      return size && size.cols > 1 && size.rows > 1 ? { columns: Math.min(size.cols, 300), rows: Math.min(size.rows, 120) } : null;
    },
    setWritable: (writable) => {
      terminal.options.disableStdin = !writable;
      terminal.options.cursorBlink = writable;
    },
    focus: () => terminal.focus(),
    text: () => {
      const { active } = terminal.buffer;
      return Array.from({ length: active.length }, (_, line) => active.getLine(line)?.translateToString(true) ?? '').join('\n').trimEnd();
    },
    destroy: () => {
      watch.disconnect();
      dark.removeEventListener('change', recolor);
      terminal.dispose();
    },
  };
}

/** The page's colours; xterm.js wants them worked out. */
function theme(parent: HTMLElement): ITheme {
  const probe = parent.appendChild(document.createElement('i'));
  const color = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colors: ITheme = {
    background: color('editor'), foreground: color('text'), cursor: color('accent'), cursorAccent: color('editor'), selectionBackground: color('selection'),
    black: color('border-strong'), red: color('danger'), green: color('good'), yellow: color('warn'),
    blue: color('code-function'), magenta: color('code-keyword'), cyan: color('code-type'), white: color('muted'),
    brightBlack: color('faint'), brightRed: color('danger'), brightGreen: color('good'), brightYellow: color('warn'),
    brightBlue: color('accent-strong'), brightMagenta: color('code-keyword'), brightCyan: color('code-type'), brightWhite: color('text'),
  };
  probe.remove();
  return colors;
}

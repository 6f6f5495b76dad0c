// The room's test cases: what they are, running all of them, and the verdict of each as it comes.

import { ApiError, type Api } from '../api';
import type { Connection } from '../connection';
import { languageLabel } from '../languages';
import { memory, plain, seconds } from '../run/run-output';
import { sourceRefusal, type Runnable } from '../run/runnable';
import { retryAfter, Wait } from '../run/wait';
import { confirm } from '../ui/dialog';
import { h, icon, iconButton, replace } from '../ui/dom';
import { messageOf, toast } from '../ui/toast';
import { MAX_CASES, type CaseResult, type DiffLine, type TestCase } from '../wire';
import { editCase } from './case-editor';
import { CasesRuns } from './cases-run';
import { verdictOf } from './verdicts';

/** Lines of output and of a difference that are put on the screen at most. */
const MAX_LINES = 400;
const ENDS_ALL = new Set<string>(['stopped', 'compile_error', 'internal_error']);

export interface CasesPanel {
  element: HTMLElement;
  refresh(): void;
  lost(): void;
  setOnline(online: boolean): void;
  setLanguage(name: string): void;
  /** Whether this person may edit the cases; the list is fetched anew when that changes, for the hidden ones. */
  setEditor(may: boolean): void;
  destroy(): void;
}

export function casesPanel(options: {
  roomId: string;
  api: Api;
  connection: Connection;
  runnable: Runnable;
  source: () => string;
  nameOf: (userId: string) => string;
  onAvailable: (available: boolean) => void;
  /** For the mark on the tab. */
  onProgress: (text: string, tone: 'running' | 'good' | 'bad' | undefined) => void;
  onRun: () => void;
}): CasesPanel {
  const { api, roomId, connection, runnable } = options;
  const runs = new CasesRuns();
  let cases: TestCase[] = [];
  let loaded: 'no' | 'yes' | 'failed' = 'no';
  let problem = '';
  let editor = false;
  let online = false;
  let language = '';
  let asking = false;
  let stopping = false;
  let asked = 0;
  const wait = new Wait(() => showTools());
  /** Cases whose details are open. */
  const open = new Set<string>();

  const runAll = h('button', { type: 'button', class: 'button small primary', testid: 'cases-run', on: { click: () => void run() } });
  const stopButton = h('button', { type: 'button', class: 'button small', hidden: true, testid: 'cases-stop', on: { click: () => void stop() } }, icon('stop'), 'Stop');
  const add = h('button', { type: 'button', class: 'button small', hidden: true, testid: 'case-add', on: { click: () => edit(null) } }, icon('plus'), 'Add case');
  const standing = h('span', { class: 'cases-standing', testid: 'cases-standing', attrs: { role: 'status' } });
  const list = h('ol', { class: 'cases', testid: 'cases' });
  const compile = h('pre', { class: 'cases-compile', hidden: true, testid: 'cases-compile' });
  const place = h('div', { class: 'bench-scroll', tabIndex: 0, attrs: { role: 'region', 'aria-label': 'Test cases' } }, compile, list);
  const element = h('section', { class: 'bench-panel cases-panel' }, h('div', { class: 'bench-tools' }, runAll, stopButton, standing, h('span', { class: 'grow' }), add), place);

  const { server } = connection;
  const off = [
    runnable.on('changed', showTools),
    server.on('cases_changed', ({ room_id }) => {
      if (!room_id || room_id === roomId) void load();
    }),
    server.on('cases_started', (event) => {
      stopping = false;
      runs.started(event);
      show();
    }),
    server.on('case_completed', (result) => {
      if (runs.completed(result)) show();
    }),
    server.on('cases_completed', (event) => {
      stopping = false;
      if (!runs.ended(event)) return;
      show();
      // The first that failed is what people want to see.
      const failed = cases.find((each) => runs.current!.results.get(each.id)?.verdict === 'wrong_answer');
      if (failed && open.size === 0) {
        open.add(failed.id);
        show();
      }
    }),
  ];

  async function load(): Promise<void> {
    const request = ++asked;
    try {
      const answer = await api.cases(roomId);
      if (request !== asked) return;
      cases = [...answer].sort((a, b) => a.position - b.position);
      loaded = 'yes';
      options.onAvailable(true);
    } catch (failure) {
      if (request !== asked) return;
      if (failure instanceof ApiError && failure.missing) return options.onAvailable(false);
      problem = messageOf(failure);
      if (loaded === 'no') loaded = 'failed';
    }
    show();
  }

  function show(): void {
    showTools();
    const run = runs.current;
    compile.hidden = !run?.compileOutput;
    compile.textContent = plain(run?.compileOutput ?? '');
    if (loaded === 'no') return replace(list, h('li', { class: 'empty' }, 'Loading the test cases…'));
    if (loaded === 'failed') {
      return replace(list, h('li', { class: 'failure', attrs: { role: 'alert' } }, h('span', {}, problem),
        h('button', { type: 'button', class: 'button small', on: { click: () => void load() } }, 'Try again')));
    }
    if (cases.length === 0) {
      return replace(list, h('li', { class: 'empty' }, editor
        ? 'No test cases yet. Add an input and the output you expect, and everyone can check the code against it.'
        : 'This room has no test cases. Its owner or a moderator can add some.'));
    }
    const focused = document.activeElement?.closest?.('[data-case]')?.getAttribute('data-case');
    const control = (document.activeElement as HTMLElement | null)?.dataset.control;
    replace(list, ...cases.map((each, index) => row(each, index)));
    if (focused && control) list.querySelector<HTMLElement>(`[data-case="${CSS.escape(focused)}"] [data-control="${control}"]`)?.focus();
  }

  function showTools(): void {
    const run = runs.current;
    const reason = refusal();
    replace(runAll, icon('play'), wait.left > 0 ? `Wait ${wait.left} s` : 'Run all');
    runAll.title = reason ?? 'Run the code against every case';
    runAll.setAttribute('aria-disabled', String(reason !== null));
    runAll.disabled = asking || runs.going;
    stopButton.hidden = !runs.going;
    stopButton.disabled = stopping || !online;
    add.hidden = !editor || loaded !== 'yes';
    add.disabled = cases.length >= MAX_CASES;
    add.title = add.disabled ? `A room has at most ${MAX_CASES} test cases` : '';
    const who = run && options.nameOf(run.userId);
    const by = run ? [who, run.language && languageLabel(run.language)].filter(Boolean).join(' · ') : '';
    const done = run?.results.size ?? 0;
    const parts = !run ? [] : run.verdict === null
      ? [h('span', { class: 'chip running' }, `Running ${Math.min(done + 1, run.total)} of ${run.total}`)]
      : [h('span', { class: `chip ${run.verdict === 'accepted' ? 'good' : verdictOf(run.verdict).tone}`, testid: 'cases-verdict' },
        run.verdict === 'accepted' ? `All ${run.total} accepted` : `${run.passed} of ${run.total} accepted`)];
    replace(standing, ...parts, by && h('span', { class: 'run-who' }, by));
    options.onProgress(
      run ? `${run.verdict === null ? done : run.passed}/${run.total}` : cases.length > 0 ? String(cases.length) : '',
      !run ? undefined : run.verdict === null ? 'running' : run.verdict === 'accepted' ? 'good' : 'bad');
  }

  function row(each: TestCase, index: number): HTMLElement {
    const run = runs.current;
    const result = run?.results.get(each.id);
    const state = result ? verdictOf(result.verdict)
      : run?.verdict === null ? { text: index === run.results.size ? 'Running…' : 'Waiting', tone: 'running' }
      // What ended the whole run ended this case before it began.
      : run && ENDS_ALL.has(run.verdict) ? verdictOf(run.verdict) : { text: 'Not run', tone: '' };
    const facts = result ? [
      typeof result.execution_time === 'number' ? seconds(result.execution_time) : '',
      typeof result.memory_usage === 'number' && result.memory_usage > 0 ? memory(result.memory_usage) : '',
    ].filter(Boolean) : [];
    const limits = [each.time_limit ? `${each.time_limit} s` : '', each.memory_limit ? memory(each.memory_limit) : ''].filter(Boolean).join(', ');
    const details = h('details', { open: open.has(each.id) },
      h('summary', { attrs: { 'data-control': 'open' } },
        h('span', { class: `chip ${state.tone}`, testid: 'case-verdict' }, state.text),
        h('span', { class: 'case-name' }, each.name || `Case ${index + 1}`),
        each.is_hidden && h('span', { class: 'badge', title: 'Hidden: its input and output are not shown to everybody' }, icon('lock'), 'hidden'),
        limits && h('span', { class: 'case-limits', title: 'Limits of this case' }, `≤ ${limits}`),
        h('span', { class: 'run-facts' }, facts.join(' · '))));
    details.addEventListener('toggle', () => {
      if (details.open) open.add(each.id);
      else open.delete(each.id);
      if (details.open && details.childElementCount === 1) details.append(body(each, result));
    });
    if (open.has(each.id)) details.append(body(each, result));
    return h('li', { class: 'case', attrs: { 'data-case': each.id, 'data-verdict': result?.verdict } }, details,
      editor && h('div', { class: 'case-actions' },
        control('up', iconButton('up', `Move ${each.name} up`, () => void move(index, -1)), index === 0),
        control('down', iconButton('down', `Move ${each.name} down`, () => void move(index, 1)), index === cases.length - 1),
        control('edit', iconButton('edit', `Edit ${each.name}`, () => edit(each), 'case-edit')),
        control('delete', iconButton('trash', `Delete ${each.name}`, () => void remove(each), 'case-delete'))));
  }

  function control(name: string, button: HTMLButtonElement, disabled = false): HTMLButtonElement {
    button.dataset.control = name;
    button.disabled = disabled;
    return button;
  }

  function body(each: TestCase, result: CaseResult | undefined): HTMLElement {
    if (each.input === null && each.expected_output === null) {
      return h('p', { class: 'muted case-body' }, 'What this case gives and expects is known to the owner and moderators only.');
    }
    return h('div', { class: 'case-body' },
      block('Input', each.input ?? ''),
      result?.diff?.length
        ? h('section', {}, h('h4', {}, 'Difference', h('span', { class: 'legend' }, h('i', { class: 'missing' }), 'expected', h('i', { class: 'extra' }), 'printed')), diffView(result.diff))
        : block('Expected output', each.expected_output ?? ''),
      result?.output !== undefined && result?.output !== null && !result.diff?.length && block('Output', plain(result.output)),
      result?.error_output && block('Error output', plain(result.error_output)));
  }

  function edit(known: TestCase | null): void {
    editCase({
      known,
      fallbackName: known?.name ?? `Case ${cases.length + 1}`,
      save: async (draft) => {
        if (known) await api.updateCase(roomId, known.id, draft);
        else await api.createCase(roomId, draft);
        await load();
      },
    });
  }

  async function remove(each: TestCase): Promise<void> {
    if (!(await confirm('Delete this test case?', `“${each.name}” will be gone for everyone.`, 'Delete'))) return;
    try {
      await api.deleteCase(roomId, each.id);
      await load();
    } catch (failure) {
      toast(messageOf(failure), 'error');
    }
  }

  async function move(from: number, step: number): Promise<void> {
    const other = cases[from + step];
    const each = cases[from];
    if (!each || !other) return;
    try {
      await api.updateCase(roomId, each.id, { position: other.position });
      await load();
    } catch (failure) {
      toast(messageOf(failure), 'error');
    }
  }

  async function run(): Promise<void> {
    const reason = refusal() ?? sourceRefusal(options.source());
    if (reason) return toast(reason, 'error');
    asking = true;
    showTools();
    options.onRun();
    try {
      await connection.request('cases_run', { source_code: options.source(), language });
    } catch (failure) {
      const pause = retryAfter(failure);
      if (pause) wait.start(pause);
      toast(connection.online ? messageOf(failure) : 'Nothing was run: the connection was lost.', 'error');
    } finally {
      asking = false;
      showTools();
    }
  }

  async function stop(): Promise<void> {
    if (!runs.current) return;
    stopping = true;
    showTools();
    try {
      await connection.request('cases_stop', { run_id: runs.current.id }, 5_000);
    } catch (failure) {
      stopping = false;
      showTools();
      toast(`The run could not be stopped: ${messageOf(failure)}`, 'error');
    }
  }

  function refusal(): string | null {
    if (!online) return 'Not connected.';
    if (wait.left > 0) return `Too many runs: wait ${wait.left} s.`;
    if (loaded === 'yes' && cases.length === 0) return 'There are no test cases to run.';
    return runnable.refusal(language);
  }

  show();
  return {
    element,
    refresh: () => {
      void load();
      // Also how a run stands that goes on, or went on while nobody listened here.
      api.lastCasesRun(roomId).then((record) => {
        if (record && runs.restore(record)) show();
      }, () => {});
    },
    lost: () => {
      runs.lost();
      show();
    },
    setOnline: (now) => {
      if (online === now) return;
      online = now;
      showTools();
    },
    setLanguage: (name) => {
      if (language === name) return;
      language = name;
      showTools();
    },
    setEditor: (may) => {
      if (editor === may) return;
      editor = may;
      show();
      if (loaded === 'yes') void load();
    },
    destroy: () => {
      asked++;
      wait.stop();
      off.forEach((stopListening) => stopListening());
    },
  };
}

function block(title: string, text: string): HTMLElement {
  const lines = text.split('\n');
  const shown = lines.length > MAX_LINES ? `${lines.slice(0, MAX_LINES).join('\n')}\n… ${lines.length - MAX_LINES} more lines` : text;
  return h('section', {}, h('h4', {}, title), h('pre', { tabIndex: 0, attrs: { 'aria-label': title } }, shown === '' ? h('span', { class: 'nothing' }, '(nothing)') : shown));
}

/** Whether lines were left out between two of a difference. */
function skipped(before: DiffLine | undefined, expected: number | null | undefined, actual: number | null | undefined): boolean {
  return (typeof before?.expected === 'number' && typeof expected === 'number' && expected > before.expected + 1)
    || (typeof before?.actual === 'number' && typeof actual === 'number' && actual > before.actual + 1);
}

const SIGN: Record<DiffLine['kind'], [string, string]> = { same: [' ', ''], missing: ['−', 'expected: '], extra: ['+', 'printed: '] };

/** What was expected and is missing, and what was printed instead, line by line. */
export function diffView(diff: DiffLine[]): HTMLElement {
  const shown = diff.slice(0, MAX_LINES);
  return h('pre', { class: 'diff', testid: 'case-diff', tabIndex: 0, attrs: { 'aria-label': 'Difference between expected and printed output' } },
    ...shown.map(({ kind, line, expected, actual }, index) => h('span', { class: `diff-line ${kind}${skipped(shown[index - 1], expected, actual) ? ' after-gap' : ''}` },
      h('span', { class: 'sign', attrs: { 'aria-hidden': true } }, SIGN[kind][0]),
      SIGN[kind][1] && h('span', { class: 'visually-hidden' }, SIGN[kind][1]),
      plain(line), '\n')),
    diff.length > shown.length && `… ${diff.length - shown.length} more lines`);
}

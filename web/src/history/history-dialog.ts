// What the room's text was, and who made it so: versions to look at, compare and restore, and the session as a film.

import { ApiError, type Api } from '../api';
import { colorOf } from '../colors';
import { confirm, dialog } from '../ui/dialog';
import { h, icon, replace } from '../ui/dom';
import { avatar } from '../ui/person';
import { ago, clock } from '../ui/time';
import { messageOf, toast } from '../ui/toast';
import type { HistoryText, HistoryVersion, Room } from '../wire';
import { codeView } from './code-view';
import { player } from './player';
import { authorRuns, stretches, type Stretch } from './versions';

type Part = 'versions' | 'replay';
type View = 'text' | 'diff';

export function openHistory(options: {
  room: Room;
  api: Api;
  /** The text as it is now. */
  current: () => string;
  mayRestore: boolean;
}): void {
  const { api, room } = options;
  const code = codeView('The text of this version');
  code.setLanguage(room.language);
  const film = player({ roomId: room.id, api });
  let part: Part = 'versions';
  let view: View = 'text';
  let colored = true;
  let page = 0;
  let more = false;
  let versions: HistoryVersion[] = [];
  let chosen: number | null = null;
  let text: HistoryText | null = null;
  let asked = 0;
  let closed = false;

  const list = h('ol', { class: 'versions', testid: 'versions' });
  const older = h('button', { type: 'button', class: 'button small', hidden: true, testid: 'versions-older', on: { click: () => void loadMore() } }, 'Older versions');
  const head = h('div', { class: 'version-head', testid: 'version-head' });
  const legend = h('div', { class: 'author-legend', testid: 'author-legend' });
  const status = h('p', { class: 'visually-hidden', attrs: { role: 'status' } });
  const textTab = viewButton('text', 'Text');
  const diffTab = viewButton('diff', 'Changes since');
  const colors = h('input', {
    type: 'checkbox', id: 'author-colors', checked: true, testid: 'author-colors',
    on: { change: () => { colored = colors.checked; showText(); } },
  });
  const restore = h('button', { type: 'button', class: 'button small', testid: 'version-restore', on: { click: () => void restoreChosen() } }, icon('history'), 'Restore');
  const viewer = h('section', { class: 'version-view', attrs: { 'aria-label': 'Version' } },
    head,
    h('div', { class: 'version-tools' },
      h('div', { class: 'segmented', attrs: { role: 'group', 'aria-label': 'What to show' } }, textTab, diffTab),
      h('span', { class: 'check' }, colors, h('label', { htmlFor: 'author-colors' }, 'Colours of authors')),
      h('span', { class: 'grow' }), options.mayRestore && restore),
    legend, code.element);
  const versionsPart = h('div', { class: 'history-versions' }, h('nav', { class: 'version-list', attrs: { 'aria-label': 'Versions' } }, list, older), viewer);

  const partButton = (id: Part, label: string): HTMLButtonElement => h('button', {
    type: 'button', class: 'bench-tab', testid: `history-${id}`, attrs: { 'aria-pressed': id === part },
    on: { click: () => showPart(id) },
  }, label);
  const parts: Record<Part, HTMLButtonElement> = { versions: partButton('versions', 'Versions'), replay: partButton('replay', 'Replay') };
  const box = dialog('History', 'history', h('div', { class: 'history-parts', attrs: { role: 'group', 'aria-label': 'Parts of the history' } }, parts.versions, parts.replay), versionsPart, film.element, status);
  box.classList.add('drawer');
  box.addEventListener('close', () => {
    closed = true;
    asked++;
    code.destroy();
    film.destroy();
  });

  function viewButton(id: View, label: string): HTMLButtonElement {
    return h('button', { type: 'button', testid: `view-${id}`, attrs: { 'aria-pressed': id === view }, on: { click: () => { view = id; showText(); } } }, label);
  }

  function showPart(to: Part): void {
    part = to;
    for (const [id, button] of Object.entries(parts)) button.setAttribute('aria-pressed', String(id === to));
    versionsPart.hidden = to !== 'versions';
    film.element.hidden = to !== 'replay';
    if (to === 'replay') film.shown();
  }

  async function loadMore(): Promise<void> {
    older.disabled = true;
    if (page === 0) replace(list, h('li', { class: 'empty' }, 'Loading the versions…'));
    try {
      const answer = await api.history(room.id, page + 1);
      if (closed) return;
      page++;
      const known = new Set(versions.map((each) => each.version));
      versions = [...versions, ...answer.versions.filter((each) => !known.has(each.version))];
      more = answer.pagination.has_next;
      showList();
      if (chosen === null && versions.length > 0) void choose(versions[0]!.version);
    } catch (failure) {
      if (closed) return;
      if (page > 0) return toast(messageOf(failure), 'error');
      const missing = failure instanceof ApiError && failure.missing;
      replace(list, h('li', { class: 'failure', attrs: { role: 'alert' } }, h('span', {}, missing ? 'This server keeps no history.' : messageOf(failure)),
        !missing && h('button', { type: 'button', class: 'button small', on: { click: () => void loadMore() } }, 'Try again')));
      viewer.hidden = true;
    } finally {
      older.disabled = false;
    }
  }

  function showList(): void {
    older.hidden = !more;
    viewer.hidden = versions.length === 0;
    const found = stretches(versions);
    replace(list, ...(found.length === 0 ? [h('li', { class: 'empty' }, 'Nothing was written in this room yet.')] : found.map(item)));
  }

  function item(stretch: Stretch): HTMLElement {
    const picked = chosen !== null && chosen <= stretch.version && chosen >= stretch.oldest;
    const who = stretch.who || 'Someone';
    const what = stretch.kind === 'template' ? 'The room’s first text' : stretch.kind === 'restore' ? 'Restored an older version' : '';
    return h('li', {}, h('button', {
      type: 'button', class: 'version', testid: 'version', attrs: { 'aria-current': picked, 'data-version': stretch.version },
      on: { click: () => void choose(stretch.version) },
    },
      avatar({ id: stretch.userId ?? '', name: who }),
      h('span', { class: 'version-main' },
        h('strong', {}, who),
        what && h('span', { class: 'muted' }, what),
        h('span', { class: 'version-amount' },
          stretch.inserted > 0 && h('span', { class: 'plus', title: 'Characters typed' }, `+${stretch.inserted.toLocaleString()}`),
          stretch.deleted > 0 && h('span', { class: 'minus', title: 'Characters deleted' }, `−${stretch.deleted.toLocaleString()}`),
          stretch.count > 1 && h('span', { class: 'muted' }, `${stretch.count} edits`))),
      h('time', { class: 'muted', dateTime: stretch.to, title: clock(stretch.to) }, ago(stretch.to))));
  }

  async function choose(version: number): Promise<void> {
    chosen = version;
    for (const button of list.querySelectorAll('.version')) button.setAttribute('aria-current', String(Number(button.getAttribute('data-version')) === version));
    const request = ++asked;
    viewer.setAttribute('aria-busy', 'true');
    try {
      const answer = await api.historyText(room.id, version);
      if (request !== asked) return;
      text = answer;
      showText();
      status.textContent = `Version ${answer.version} by ${answer.user_name ?? 'someone'}`;
    } catch (failure) {
      if (request !== asked) return;
      text = null;
      replace(head, h('p', { class: 'form-error', attrs: { role: 'alert' } }, messageOf(failure)));
      code.show('');
    } finally {
      if (request === asked) viewer.removeAttribute('aria-busy');
    }
  }

  function showText(): void {
    textTab.setAttribute('aria-pressed', String(view === 'text'));
    diffTab.setAttribute('aria-pressed', String(view === 'diff'));
    colors.parentElement!.hidden = view !== 'text';
    if (!text) return;
    const now = options.current();
    const same = now === text.content;
    restore.disabled = same;
    restore.title = same ? 'This is what the text is now' : '';
    replace(head, h('h3', {}, `Version ${text.version}`),
      h('span', { class: 'muted' }, [text.user_name ? `by ${text.user_name}` : '', clock(text.created_at), same ? 'the same as now' : ''].filter(Boolean).join(' · ')));
    const names = new Map((text.authors ?? []).map((author) => [author.user_id, author.user_name]));
    const runs = authorRuns(text.attribution ?? [], text.content.length);
    const seen = new Set(runs.map((run) => run.userId).filter((id): id is string => id !== null));
    if (view === 'text') code.show(text.content, colored ? runs : undefined, names);
    else code.compare(text.content, now);
    replace(legend, ...(view === 'diff'
      ? [h('span', { class: 'legend' }, h('i', { class: 'missing' }), 'only in this version', h('i', { class: 'extra' }), 'only now')]
      : !colored ? [] : [...seen].map((id) => {
        const chip = h('span', { class: 'author-chip' }, h('i', {}), names.get(id) ?? 'Someone');
        chip.style.setProperty('--person', colorOf(id));
        return chip;
      })));
  }

  async function restoreChosen(): Promise<void> {
    if (!text) return;
    const { version } = text;
    if (!(await confirm('Restore this version?', `The text becomes what it was in version ${version}, for everyone in the room. Nothing is lost: what is there now stays in the history.`, 'Restore'))) return;
    restore.disabled = true;
    try {
      await api.restoreVersion(room.id, version);
      toast(`Version ${version} was restored.`);
      box.close();
    } catch (failure) {
      restore.disabled = false;
      toast(messageOf(failure), 'error');
    }
  }

  showPart('versions');
  void loadMore();
}

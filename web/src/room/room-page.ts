// The room on the screen: puts editor, output, people and chat together and connects them with the room's session.

import type { Api } from '../api';
import { chatPanel } from '../chat/chat-panel';
import type { Page } from '../rooms/rooms-page';
import { casesPanel } from '../cases/cases-panel';
import { runPanel } from '../run/run-panel';
import { Runnable } from '../run/runnable';
import { workbench, type Workbench } from '../run/workbench';
import { terminalPanel } from '../terminal/terminal-panel';
import type { SessionStore } from '../session';
import { signIn } from '../sign-in/sign-in';
import { copyText } from '../ui/copy';
import { confirm, dialog } from '../ui/dialog';
import { h, icon, iconButton, replace, type IconName } from '../ui/dom';
import { themeButton } from '../ui/theme';
import { messageOf, toast } from '../ui/toast';
import type { Room } from '../wire';
import { createEditor, type Editor } from './editor';
import { languageLabel } from '../languages';
import { peopleView } from './participants';
import { RoomSession, type Ending } from './room-session';
import { roomSettings } from './room-settings';
import { shortcutsDialog } from './shortcuts';
import { splitter } from './splitter';
import { statusIndicators } from './status-indicators';

type Pane = 'code' | 'output' | 'chat' | 'people';

const PANES: [Pane, string, IconName][] = [['code', 'Code', 'code'], ['output', 'Output', 'terminal'], ['chat', 'Chat', 'chat'], ['people', 'People', 'people']];
/** Below this width one pane is shown at a time; the style sheet has the same number. */
const narrow = matchMedia('(max-width: 760px)');

export interface RoomPage extends Page {
  text(): string;
  /** Edits that only exist here: leaving the page is worth a question. */
  unsaved(): boolean;
}

export function roomPage(options: {
  room: Room;
  password: string | undefined;
  api: Api;
  session: SessionStore;
  toRooms: () => void;
}): RoomPage {
  const { api, session } = options;
  const room = new RoomSession(options.room, session, options.password);
  const me = () => session.user ?? { id: '', name: '' };
  const owned = () => room.room.created_by === me().id;
  /** Owner or moderator: may delete messages, edit test cases and restore versions. */
  const moderates = () => owned() || room.role === 'moderator';
  const nameOf = (id: string) => (id === me().id ? me().name : (room.participants.find((one) => one.user_id === id)?.user_name ?? ''));
  let editor: Editor | null = null;
  let pane: Pane = 'code';
  let destroyed = false;
  const sections = new Map<Pane, HTMLElement>();

  const name = h('h1', { testid: 'room-title' });
  const language = h('span', { class: 'badge', testid: 'language' });
  const lock = h('span', { class: 'badge', title: 'Private room' }, icon('lock'), h('span', { class: 'visually-hidden' }, 'Private room'));
  const status = statusIndicators();
  const people = peopleView({
    roomId: room.room.id, api, openProfile: (id) => void showProfile(id),
    onLocate: (userId, who) => {
      const position = room.presence.positionOf(userId);
      if (position === null || !editor) return toast(`${who} has no cursor in the code right now.`);
      showPane('code');
      editor.reveal(position);
    },
  });
  const runnable = new Runnable(api);
  const source = () => room.text.toString();
  // The panels report while they are being made, before there are tabs.
  let bench: Workbench | undefined;
  const showBench = (tab: string) => {
    bench?.show(tab);
    showPane('output');
  };
  const run = runPanel({
    roomId: room.room.id, api, connection: room.connection, runnable, source, nameOf, me: () => me().id, onRun: () => showBench('output'),
  });
  const cases = casesPanel({
    roomId: room.room.id, api, connection: room.connection, runnable, source, nameOf,
    onAvailable: (available) => bench?.setAvailable('tests', available),
    onProgress: (text, tone) => bench?.mark('tests', text, tone),
    onRun: () => showBench('tests'),
  });
  const terminal = terminalPanel({
    connection: room.connection, runnable, source, nameOf, isMe: (id) => id === me().id,
    onAvailable: (available) => bench?.setAvailable('terminal', available),
    onRunning: (count) => bench?.mark('terminal', count > 0 ? String(count) : '', 'running'),
    onShow: () => showBench('terminal'),
  });
  const chat = chatPanel({
    roomId: room.room.id, api, connection: room.connection, me,
    visible: () => !document.hidden && (!narrow.matches || pane === 'chat'),
    onUnread: (count) => {
      unreadMark.textContent = count > 0 ? String(Math.min(count, 99)) : '';
      unreadMark.hidden = count === 0;
      unread = count;
      title();
    },
  });
  bench = workbench([
    { id: 'output', label: 'Output', element: run.element },
    { id: 'tests', label: 'Tests', element: cases.element },
    { id: 'terminal', label: 'Terminal', element: terminal.element, onShown: () => terminal.shown() },
  ]);
  let unread = 0;
  const unreadMark = h('span', { class: 'unread', hidden: true, testid: 'chat-unread' });

  const settings = iconButton('settings', 'Room settings', () => roomSettings({
    api, room: room.room,
    onChanged: (changed) => { Object.assign(room.room, changed); showRoom(room.room); },
    onDeleted: () => leave(),
  }), 'settings');
  const leaveButton = h('button', { type: 'button', class: 'button ghost', testid: 'leave', on: { click: () => void leaveForGood() } }, icon('leave'), h('span', { class: 'wide-only' }, 'Leave'));
  const linkButton = h('button', {
    type: 'button', class: 'button', testid: 'room-link', title: 'Copy the link to this room', attrs: { 'data-link': roomLink(room.room.id) },
    on: { click: () => void copyLink() },
  }, icon('link'), h('span', { class: 'wide-only' }, 'Copy link'));

  const historyButton = iconButton('history', 'History and replay', () => void showHistory(), 'history');

  const banner = h('div', { class: 'banner', hidden: true, testid: 'banner', attrs: { role: 'alert' } });
  const editorHost = h('div', { class: 'editor', testid: 'editor' }, h('p', { class: 'empty' }, 'Opening the room…'));
  const codePane = h('section', { class: 'panel code', attrs: { 'aria-label': 'Code editor' } }, editorHost,
    h('p', { class: 'visually-hidden', id: 'editor-help' }, 'Tab indents. To leave the editor press Escape, then Tab.'));
  sections.set('code', codePane).set('output', bench.element).set('chat', chat.element).set('people', people.element);

  const tabs = h('div', { class: 'tabs', attrs: { role: 'tablist', 'aria-label': 'Parts of the room' } },
    ...PANES.map(([id, label, image]) => h('button', {
      type: 'button', testid: `tab-${id}`, attrs: { role: 'tab', 'aria-selected': id === pane, 'data-pane': id },
      on: { click: () => showPane(id) },
    }, icon(image), h('span', {}, label), id === 'chat' && unreadMark)));

  const split = splitter();
  const element = h('div', { class: 'room', attrs: { 'data-pane': pane } },
    h('header', { class: 'topbar' },
      h('a', { class: 'button ghost icon-only', href: '/', title: 'All rooms', attrs: { 'aria-label': 'All rooms' }, on: { click: (event) => { event.preventDefault(); void goBack(); } } }, icon('back')),
      h('div', { class: 'room-title' }, name, lock, language),
      status.element,
      h('span', { class: 'grow' }),
      people.row, linkButton, historyButton, settings, leaveButton, h('span', { class: 'wide-only' }, iconButton('help', 'Keyboard shortcuts', shortcutsDialog), themeButton()),
      run.button),
    banner,
    h('main', { class: 'panes', id: 'main' },
      h('div', { class: 'work' }, codePane, split, bench.element),
      h('aside', { class: 'side' }, people.element, chat.element)),
    tabs);

  function showPane(to: Pane): void {
    pane = to;
    element.dataset.pane = to;
    for (const tab of tabs.querySelectorAll('[role=tab]')) tab.setAttribute('aria-selected', String(tab.getAttribute('data-pane') === to));
    if (to === 'chat') chat.shown();
  }

  function showRoom(current: Room): void {
    name.textContent = current.name;
    name.title = current.description ?? '';
    language.textContent = languageLabel(current.language);
    lock.hidden = !current.is_private;
    settings.hidden = !owned();
    leaveButton.hidden = owned();
    editor?.setLanguage(current.language);
    run.setLanguage(current.language);
    cases.setLanguage(current.language);
    cases.setEditor(moderates());
    chat.setModerates(moderates());
    terminal.setLanguage(current.language);
    people.show(room.participants, me().id, current.created_by, current.max_participants);
    title();
  }

  function title(): void {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${room.room.name} – CodeChill`;
  }

  function showState(): void {
    status.show(room.saveState, room.link);
    element.dataset.live = String(room.connection.online);
    run.setOnline(room.connection.online);
    cases.setOnline(room.connection.online);
    terminal.setOnline(room.connection.online);
    chat.setOnline(room.connection.online);
  }

  function openEditor(): void {
    if (editor || destroyed) return;
    editorHost.replaceChildren();
    editor = createEditor({
      parent: editorHost, text: room.text, awareness: room.presence.awareness, language: room.room.language,
      onRun: () => run.run(),
      onTooLong: () => toast('The text would become too long for a room.', 'error'),
    });
    if (!narrow.matches && (document.activeElement === document.body || document.activeElement === null)) editor.view.focus();
  }

  function ended(ending: Ending): void {
    showState();
    const keep = room.sync.status.unsaved || room.text.length > 0;
    if (ending.kind === 'session') {
      replace(banner, icon('warning'), h('span', {}, ending.message, room.sync.status.unsaved ? ' Your unsaved edits are kept here.' : ''),
        h('button', { type: 'button', class: 'button small', testid: 'sign-in-again', on: { click: signInAgain } }, 'Sign in'));
    } else {
      editor?.setReadOnly(true);
      if (ending.kind === 'deleted') void room.forgetCopy();
      replace(banner, icon('warning'), h('span', {}, ending.message),
        keep && h('button', { type: 'button', class: 'button small', on: { click: () => void copyText(room.text.toString(), 'The code was copied.') } }, 'Copy the code'),
        h('button', { type: 'button', class: 'button small', on: { click: options.toRooms } }, 'All rooms'));
    }
    banner.hidden = false;
  }

  /** Beside the room, not instead of it. */
  async function showProfile(userId: string): Promise<void> {
    try {
      const { profileDialog } = await import('../profile/profile-view');
      if (!destroyed) profileDialog(api, userId);
    } catch (error) {
      console.error(error);
      toast('The profile could not be loaded. Check your connection and try again.', 'error');
    }
  }

  async function showHistory(): Promise<void> {
    try {
      const { openHistory } = await import('../history/history-dialog');
      if (!destroyed) openHistory({ room: room.room, api, current: source, mayRestore: moderates() && room.ending === null });
    } catch (error) {
      console.error(error);
      toast('The history could not be loaded. Check your connection and try again.', 'error');
    }
  }

  function signInAgain(): void {
    const box = dialog('Sign in', 'sign-in-dialog', signIn({
      api, session,
      onDone: () => {
        box.close();
        banner.hidden = true;
        room.resume();
        showRoom(room.room);
      },
    }));
  }

  async function leaveOk(): Promise<boolean> {
    if (!room.sync.status.unsaved) return true;
    return confirm('Leave with unsaved edits?', 'Some edits have not reached the server. They are kept in this browser and sent when you open the room again here.', 'Leave');
  }

  async function goBack(): Promise<void> {
    if (await leaveOk()) leave();
  }

  async function leaveForGood(): Promise<void> {
    if (!(await leaveOk())) return;
    try {
      await api.leaveRoom(room.room.id);
    } catch (error) {
      // Being out already is what was wanted.
      if (!/not in this room/i.test(messageOf(error))) return toast(messageOf(error), 'error');
    }
    leave();
  }

  function leave(): void {
    options.toRooms();
  }

  async function copyLink(): Promise<void> {
    await copyText(roomLink(room.room.id), room.room.is_private ? 'Link copied. Others also need the password.' : 'Link copied.');
  }

  const second = setInterval(() => {
    // The age of what is unsaved grows without any event.
    if (room.sync.status.unsaved) showState();
  }, 500);
  const onVisible = (): void => {
    if (document.hidden) room.sync.flush();
    else if (unread > 0 && (!narrow.matches || pane === 'chat')) chat.shown();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'F6') {
      event.preventDefault();
      moveFocus(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
      event.preventDefault();
      run.run();
    }
  };
  function moveFocus(step: number): void {
    const order: Pane[] = ['code', 'output', 'people', 'chat'];
    const at = order.findIndex((id) => sections.get(id)!.contains(document.activeElement));
    const next = order[(at + step + order.length) % order.length]!;
    showPane(next);
    if (next === 'code') editor?.view.focus();
    else sections.get(next)!.querySelector<HTMLElement>(next === 'chat' ? 'textarea' : 'button, [tabindex]')?.focus();
  }
  document.addEventListener('visibilitychange', onVisible);
  document.addEventListener('keydown', onKey);
  addEventListener('pagehide', onVisible);

  room.on('room', showRoom);
  room.on('participants', () => showRoom(room.room));
  room.on('state', showState);
  room.on('text', openEditor);
  room.on('joined', () => {
    chat.refresh();
    run.refresh();
    cases.refresh();
    void runnable.refresh();
  });
  room.on('running', ({ executions, sessions }) => {
    if (executions) run.going(executions);
    if (sessions) terminal.going(sessions);
  });
  room.connection.on('lost', () => cases.lost());
  room.on('ended', ended);
  room.on('problem', (message) => toast(message, 'error'));

  bench.setAvailable('terminal', false);
  showRoom(room.room);
  showState();
  room.open().catch((error: unknown) => toast(messageOf(error), 'error'));

  return {
    element,
    text: () => room.text.toString(),
    unsaved: () => room.sync.status.unsaved,
    destroy: () => {
      destroyed = true;
      clearInterval(second);
      document.removeEventListener('visibilitychange', onVisible);
      document.removeEventListener('keydown', onKey);
      removeEventListener('pagehide', onVisible);
      editor?.destroy();
      run.destroy();
      cases.destroy();
      terminal.destroy();
      chat.destroy();
      status.destroy();
      room.destroy();
    },
  };
}

function roomLink(id: string): string {
  return `${location.origin}/room/${encodeURIComponent(id)}`;
}

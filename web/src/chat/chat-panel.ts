// The conversation. Reading is a log that is announced politely; own messages can be edited and deleted.

import type { Api } from '../api';
import { colorOf } from '../colors';
import type { Connection } from '../connection';
import { confirm, dialog, field, form } from '../ui/dialog';
import { h, icon, iconButton, replace } from '../ui/dom';
import { avatar } from '../ui/person';
import { clock } from '../ui/time';
import { messageOf, toast } from '../ui/toast';
import { MAX_MESSAGE_LENGTH, type Message, type User } from '../wire';
import { continues, MessageList } from './messages';

/** Messages in the page at most; older ones are a click away. */
const MAX_SHOWN = 400;
const NEAR_BOTTOM_PX = 60;

export interface ChatPanel {
  element: HTMLElement;
  /** Fetches what may have been missed. */
  refresh(): void;
  setOnline(online: boolean): void;
  /** Whether others' messages may be deleted here; it changes when a role does. */
  setModerates(moderates: boolean): void;
  /** The panel came into view. */
  shown(): void;
  destroy(): void;
}

export function chatPanel(options: {
  roomId: string;
  api: Api;
  connection: Connection;
  me: () => User;
  visible: () => boolean;
  onUnread: (count: number) => void;
}): ChatPanel {
  const { roomId, api, connection } = options;
  const list = new MessageList();
  let oldestPage = 0;
  let hasOlder = false;
  let unread = 0;
  let online = false;

  const earlier = h('button', { type: 'button', class: 'button small earlier', hidden: true, on: { click: () => void loadOlder() } }, 'Earlier messages');
  const log = h('div', {
    class: 'chat-log', testid: 'chat-messages', tabIndex: 0,
    attrs: { role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', 'aria-label': 'Chat messages' },
    on: { scroll: () => nearBottom() && seen() },
  });
  const empty = h('p', { class: 'empty' }, 'No messages yet. Say hello!');
  const newer = h('button', { type: 'button', class: 'button small newer', hidden: true, on: { click: () => scrollDown() } }, 'New messages ↓');
  const input = h('textarea', {
    rows: 1, placeholder: 'Message everyone here', testid: 'chat-input', maxLength: MAX_MESSAGE_LENGTH,
    attrs: { 'aria-label': 'Chat message', enterkeyhint: 'send' },
    on: {
      keydown: (event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        void send();
      },
      input: () => resize(),
    },
  });
  const sendButton = h('button', { type: 'submit', class: 'button primary icon-only', title: 'Send', testid: 'chat-send', attrs: { 'aria-label': 'Send' } }, icon('send'));
  const error = h('p', { class: 'form-error', hidden: true, attrs: { role: 'alert' } });
  const composer = h('form', {
    class: 'composer',
    on: { submit: (event: Event) => { event.preventDefault(); void send(); } },
  }, input, sendButton);
  const element = h('section', { class: 'panel chat', attrs: { 'aria-label': 'Chat' } },
    h('header', { class: 'panel-head' }, h('h2', {}, 'Chat')),
    h('div', { class: 'chat-scroll' }, log, newer), error, composer);

  const off = [
    connection.server.on('new_message', (message) => {
      if (message.room_id && message.room_id !== roomId) return;
      const follow = nearBottom() || message.user_id === options.me().id;
      if (!list.put(message)) return;
      if (list.trim(MAX_SHOWN)) hasOlder = true;
      render();
      if (follow) scrollDown();
      if (message.user_id !== options.me().id && message.message_type !== 'system' && !(options.visible() && follow)) {
        unread++;
        if (options.visible()) newer.hidden = false;
        options.onUnread(unread);
      }
    }),
    connection.server.on('message_updated', (message) => {
      if (list.has(message.id)) update(message);
    }),
    connection.server.on('message_deleted', (message) => {
      if (list.markDeleted(message.id ?? message.message_id ?? '')) render();
    }),
  ];

  function nearBottom(): boolean {
    return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_BOTTOM_PX;
  }

  function scrollDown(): void {
    log.scrollTop = log.scrollHeight;
    seen();
  }

  function seen(): void {
    if (!options.visible()) return;
    newer.hidden = true;
    if (unread === 0) return;
    unread = 0;
    options.onUnread(0);
  }

  function resize(): void {
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, 120)}px`;
  }

  // The nodes of messages that haven't changed are kept: rebuilding them would have the whole log read out again.
  const nodes = new Map<Message, HTMLElement>();

  function render(): void {
    const messages = list.all;
    const wanted = new Set<Message>(messages);
    for (const [message, node] of nodes) {
      if (wanted.has(message)) continue;
      node.remove();
      nodes.delete(message);
    }
    earlier.hidden = !hasOlder;
    if (messages.length === 0) return replace(log, empty);
    empty.remove();
    let place: ChildNode | null = log.firstChild;
    if (place !== earlier) log.insertBefore(earlier, place);
    place = earlier.nextSibling;
    messages.forEach((message, index) => {
      const grouped = continues(messages[index - 1], message);
      let node = nodes.get(message);
      if (!node) nodes.set(message, (node = messageNode(message)));
      node.classList.toggle('grouped', grouped);
      if (node === place) place = place.nextSibling;
      else log.insertBefore(node, place);
    });
  }

  function update(message: Message): void {
    list.put({ ...list.get(message.id), ...message });
    render();
  }

  function messageNode(message: Message): HTMLElement {
    if (message.message_type === 'system') return h('p', { class: 'message system' }, message.content);
    const mine = message.user_id === options.me().id;
    const name = h('strong', {}, message.user_name || 'Someone');
    name.style.setProperty('--person', colorOf(message.user_id));
    const body = message.message_type === 'code'
      ? h('pre', { class: 'message-code' }, message.content)
      : h('p', { class: 'message-text' }, message.content);
    return h('article', { class: `message${mine ? ' mine' : ''}`, attrs: { 'data-id': message.id } },
      avatar({ id: message.user_id, name: message.user_name }),
      h('div', { class: 'message-main' },
        h('div', { class: 'message-head' }, name, h('time', { dateTime: message.created_at }, clock(message.created_at)),
          message.is_edited && h('span', { class: 'edited' }, 'edited')),
        body),
      h('div', { class: `message-actions${mine ? '' : ' for-moderators'}` },
        mine && iconButton('edit', 'Edit message', () => edit(message)),
        iconButton('trash', 'Delete message', () => void remove(message))));
  }

  async function send(): Promise<void> {
    const content = input.value.trim();
    if (!content || !online) return;
    error.hidden = true;
    input.value = '';
    resize();
    try {
      await connection.request('send_message', { content, type: 'text' }, 8_000);
    } catch (failure) {
      // What was written must not be lost; something new may have been begun meanwhile.
      input.value = input.value ? `${content}\n${input.value}` : content;
      resize();
      error.textContent = connection.online ? `Not sent: ${messageOf(failure)}` : 'Not sent: the connection was lost.';
      error.hidden = false;
    }
  }

  function edit(message: Message): void {
    const control = h('textarea', { rows: 4, value: message.content, maxLength: MAX_MESSAGE_LENGTH, required: true });
    const submit = h('button', { type: 'submit', class: 'button primary' }, 'Save');
    const box = dialog('Edit message', 'edit-message', form({
      submit,
      action: async () => {
        const content = control.value.trim();
        if (!content) throw new Error('A message can’t be empty. You can delete it instead.');
        await api.editMessage(message.id, content);
        update({ ...message, content, is_edited: true });
        box.close();
      },
      children: [field({ label: 'Message', control }), h('div', { class: 'actions' }, submit)],
    }));
    control.focus();
  }

  async function remove(message: Message): Promise<void> {
    if (!(await confirm('Delete message?', 'Everyone in the room will see that a message was deleted.', 'Delete'))) return;
    try {
      await api.deleteMessage(message.id);
      if (list.markDeleted(message.id)) render();
    } catch (failure) {
      toast(messageOf(failure), 'error');
    }
  }

  async function loadNewest(): Promise<void> {
    try {
      const page = await api.messages(roomId, 1);
      const follow = nearBottom() || list.size === 0;
      list.putAll(page.messages);
      if (oldestPage === 0) {
        oldestPage = 1;
        hasOlder = page.pagination.pages > 1;
      }
      render();
      if (follow) scrollDown();
    } catch (failure) {
      if (list.size === 0) empty.textContent = `Messages could not be loaded: ${messageOf(failure)}`;
      render();
    }
  }

  async function loadOlder(): Promise<void> {
    earlier.disabled = true;
    try {
      // Counted anew: live messages have moved the page borders, and the list may have been trimmed.
      const before = list.size;
      let next = Math.max(1, Math.ceil(before / 50));
      for (let tries = 0; tries < 3 && list.size === before; tries++, next++) {
        const page = await api.messages(roomId, next);
        list.putAll(page.messages);
        hasOlder = page.pagination.has_next ?? next < page.pagination.pages;
        if (!hasOlder) break;
      }
      const height = log.scrollHeight - log.scrollTop;
      render();
      log.scrollTop = log.scrollHeight - height;
    } catch (failure) {
      toast(messageOf(failure), 'error');
    } finally {
      earlier.disabled = false;
    }
  }

  render();

  return {
    element,
    refresh: () => void loadNewest(),
    setOnline: (now) => {
      online = now;
      sendButton.disabled = !now;
      input.placeholder = now ? 'Message everyone here' : 'Waiting for the connection';
    },
    setModerates: (now) => void element.classList.toggle('moderated', now),
    shown: () => scrollDown(),
    destroy: () => off.forEach((stop) => stop()),
  };
}

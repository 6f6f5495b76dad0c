// Before a room is on the screen: get in, with a password where one is needed, or say why not.

import { ApiError, type Api } from '../api';
import type { Page } from '../rooms/rooms-page';
import { field, form } from '../ui/dialog';
import { h, icon, replace } from '../ui/dom';
import { messageOf } from '../ui/toast';
import type { Room } from '../wire';

export function enterRoom(options: {
  id: string;
  api: Api;
  onEntered: (room: Room, password: string | undefined) => void;
  toRooms: () => void;
}): Page {
  const { api, id } = options;
  const element = h('main', { class: 'door', id: 'main' });
  let gone = false;

  async function enter(password: string | undefined): Promise<void> {
    const room = await api.joinRoom(id, password);
    if (!gone) options.onEntered(room, password);
  }

  async function first(): Promise<void> {
    replace(element, h('p', { class: 'empty', attrs: { role: 'status' } }, 'Opening the room…'));
    try {
      await enter(undefined);
    } catch (error) {
      if (gone) return;
      if (needsPassword(error)) askPassword();
      else refuse(error);
    }
  }

  function askPassword(): void {
    const control = h('input', { type: 'password', required: true, autocomplete: 'current-password', testid: 'join-password' });
    const submit = h('button', { type: 'submit', class: 'button primary wide', testid: 'join-submit' }, 'Enter');
    replace(element, h('div', { class: 'box' },
      h('h1', {}, icon('lock'), 'Private room'),
      h('p', { class: 'muted' }, 'Enter the password that came with the link.'),
      form({
        submit,
        action: async () => {
          try {
            await enter(control.value);
          } catch (error) {
            control.select();
            if (needsPassword(error)) throw new Error('That password is not right.');
            throw error;
          }
        },
        children: [field({ label: 'Password', control }), submit],
      }),
      back()));
    control.focus();
  }

  function refuse(error: unknown): void {
    const status = error instanceof ApiError ? error.status : 0;
    const missing = status === 404;
    const full = /full/i.test(messageOf(error));
    const heading = missing ? 'This room does not exist' : full ? 'This room is full' : 'This room can’t be opened';
    const text = missing
      ? 'It may have been deleted, or the link is not complete.'
      : full ? 'Try again when somebody has left.' : messageOf(error);
    replace(element, h('div', { class: 'box', testid: 'room-refused', attrs: { role: 'alert' } },
      h('h1', {}, heading), h('p', { class: 'muted' }, text),
      !missing && h('button', { type: 'button', class: 'button primary wide', on: { click: () => void first() } }, 'Try again'),
      back()));
  }

  function back(): HTMLElement {
    return h('button', { type: 'button', class: 'button ghost wide', on: { click: options.toRooms } }, 'All rooms');
  }

  void first();
  return {
    element,
    destroy: () => {
      gone = true;
    },
  };
}

function needsPassword(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403 || /password/i.test(`${error.code ?? ''} ${error.message}`));
}

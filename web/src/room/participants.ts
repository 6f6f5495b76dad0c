// Who is here. A press on somebody shows where they are in the code; a second button opens what else can be done: their
// profile, for the owner making them a moderator, for both putting them out.

import { ApiError, type Api } from '../api';
import { colorOf } from '../colors';
import { confirm, dialog } from '../ui/dialog';
import { h, icon, iconButton, replace } from '../ui/dom';
import { avatar } from '../ui/person';
import { messageOf, toast } from '../ui/toast';
import type { Participant } from '../wire';

const MAX_AVATARS = 5;

export interface PeopleView {
  element: HTMLElement;
  /** The small row of avatars for the top bar. */
  row: HTMLElement;
  show(participants: Participant[], me: string, owner: string, capacity: number): void;
}

export function peopleView(options: {
  roomId: string;
  api: Pick<Api, 'setRole' | 'removeParticipant'>;
  onLocate: (userId: string, name: string) => void;
  openProfile: (userId: string) => void;
}): PeopleView {
  const { api, roomId } = options;
  const title = h('h2', {}, 'People');
  const list = h('ul', { class: 'people', testid: 'participants' });
  const element = h('section', { class: 'panel people-panel', attrs: { 'aria-label': 'People' } }, h('header', { class: 'panel-head' }, title), list);
  const row = h('div', { class: 'avatars', attrs: { 'aria-hidden': true } });
  /** False once the server has said that it doesn't know how. */
  let canModerate = true;
  let last: Parameters<PeopleView['show']> | null = null;

  function show(participants: Participant[], me: string, owner: string, capacity: number): void {
    last = [participants, me, owner, capacity];
    const people = [...participants].sort((a, b) => rank(a, me, owner) - rank(b, me, owner) || a.user_name.localeCompare(b.user_name));
    title.textContent = `People ${people.length}/${capacity}`;
    // Somebody coming or going must not take the keyboard's place away.
    const focused = document.activeElement?.closest?.('.people [data-user]')?.getAttribute('data-user');
    const control = focused && (document.activeElement as HTMLElement).classList.contains('person') ? '.person' : '.icon-only';
    replace(list, ...people.map((person) => {
      const mine = person.user_id === me;
      const role = person.user_id === owner ? 'owner' : person.role === 'moderator' ? 'moderator' : '';
      const who = person.user_name || 'Someone';
      const name = h('span', { class: 'person-name' }, who);
      name.style.setProperty('--person', colorOf(person.user_id));
      const content = [
        avatar({ id: person.user_id, name: person.user_name || '?' }), name,
        h('span', { class: 'muted' }, [mine ? 'you' : '', role].filter(Boolean).join(', ')),
      ];
      return h('li', { attrs: { 'data-user': person.user_id, 'data-role': person.user_id === owner ? 'owner' : person.role } }, mine
        ? h('div', { class: 'person' }, ...content)
        : h('button', {
          type: 'button', class: 'person', title: `Show where ${who} is`,
          on: { click: () => options.onLocate(person.user_id, person.user_name) },
        }, ...content),
      iconButton('more', `More about ${who}`, () => menu(person, me, owner), 'person-menu'));
    }));
    if (focused) list.querySelector<HTMLElement>(`[data-user="${CSS.escape(focused)}"] ${control}`)?.focus();
    replace(row,
      ...people.slice(0, MAX_AVATARS).map((person) => avatar({ id: person.user_id, name: person.user_name || '?' })),
      people.length > MAX_AVATARS && h('span', { class: 'avatar more' }, `+${people.length - MAX_AVATARS}`));
  }

  function menu(person: Participant, me: string, owner: string): void {
    const who = person.user_name || 'Someone';
    const manages = canModerate && me === owner && person.user_id !== me;
    const moderator = person.role === 'moderator';
    const mine = last?.[0].find((one) => one.user_id === me)?.role;
    // Moderators put out participants, not each other and not the owner.
    const removes = manages || (canModerate && mine === 'moderator' && !moderator && person.user_id !== owner && person.user_id !== me);
    const error = h('p', { class: 'form-error', hidden: true, attrs: { role: 'alert' } });
    const act = async (action: () => Promise<unknown>, done: string): Promise<void> => {
      error.hidden = true;
      try {
        await action();
        box.close();
        toast(done);
      } catch (failure) {
        if (failure instanceof ApiError && failure.missing) {
          // An older server.
          canModerate = false;
          box.close();
          if (last) show(...last);
          return toast('This server can’t do that.', 'error');
        }
        error.textContent = messageOf(failure);
        error.hidden = false;
      }
    };
    const setRole = (role: 'moderator' | 'participant'): void => void act(async () => {
      await api.setRole(roomId, person.user_id, role);
      person.role = role;
      if (last) show(last[0].map((one) => (one.user_id === person.user_id ? { ...one, role } : one)), last[1], last[2], last[3]);
    }, role === 'moderator' ? `${who} is a moderator now.` : `${who} is no moderator any more.`);
    const remove = async (): Promise<void> => {
      if (!(await confirm(`Remove ${who}?`, 'They are put out of the room at once. With the link (and the password of a private room) they can come in again.', 'Remove'))) return;
      void act(() => api.removeParticipant(roomId, person.user_id), `${who} was removed.`);
    };
    const box = dialog(who, 'person', h('div', { class: 'menu' },
      h('button', { type: 'button', class: 'button wide', testid: 'person-profile', on: { click: () => { box.close(); options.openProfile(person.user_id); } } }, icon('person'), 'Profile'),
      manages && h('button', {
        type: 'button', class: 'button wide', testid: 'person-role', on: { click: () => setRole(moderator ? 'participant' : 'moderator') },
      }, icon('crown'), moderator ? 'Take the moderator role away' : 'Make moderator'),
      manages && !moderator && h('p', { class: 'hint' }, 'Moderators delete messages, edit test cases, restore older versions and put people out.'),
      removes && h('button', { type: 'button', class: 'button danger wide', testid: 'person-remove', on: { click: () => void remove() } }, icon('leave'), 'Remove from the room…'),
      error));
  }

  return { element, row, show };
}

function rank(person: Participant, me: string, owner: string): number {
  return person.user_id === me ? 0 : person.user_id === owner ? 1 : 2;
}

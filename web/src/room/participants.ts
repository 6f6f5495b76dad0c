// Who is here. A press on somebody shows where they are in the code.

import { colorOf } from '../colors';
import { h, replace } from '../ui/dom';
import { avatar } from '../ui/person';
import type { Participant } from '../wire';

const MAX_AVATARS = 5;

export interface PeopleView {
  element: HTMLElement;
  /** The small row of avatars for the top bar. */
  row: HTMLElement;
  show(participants: Participant[], me: string, owner: string, capacity: number): void;
}

export function peopleView(onLocate: (userId: string, name: string) => void): PeopleView {
  const title = h('h2', {}, 'People');
  const list = h('ul', { class: 'people', testid: 'participants' });
  const element = h('section', { class: 'panel people-panel', attrs: { 'aria-label': 'People' } }, h('header', { class: 'panel-head' }, title), list);
  const row = h('div', { class: 'avatars', attrs: { 'aria-hidden': true } });

  return {
    element,
    row,
    show(participants, me, owner, capacity) {
      const people = [...participants].sort((a, b) => rank(a, me, owner) - rank(b, me, owner) || a.user_name.localeCompare(b.user_name));
      title.textContent = `People ${people.length}/${capacity}`;
      replace(list, ...people.map((person) => {
        const mine = person.user_id === me;
        const role = person.user_id === owner ? 'owner' : person.role === 'moderator' ? 'moderator' : '';
        const name = h('span', { class: 'person-name' }, person.user_name || 'Someone');
        name.style.setProperty('--person', colorOf(person.user_id));
        const content = [
          avatar({ id: person.user_id, name: person.user_name || '?' }), name,
          h('span', { class: 'muted' }, [mine ? 'you' : '', role].filter(Boolean).join(', ')),
        ];
        return h('li', { attrs: { 'data-user': person.user_id } }, mine
          ? h('div', { class: 'person' }, ...content)
          : h('button', {
            type: 'button', class: 'person', title: `Show where ${person.user_name} is`,
            on: { click: () => onLocate(person.user_id, person.user_name) },
          }, ...content));
      }));
      replace(row,
        ...people.slice(0, MAX_AVATARS).map((person) => avatar({ id: person.user_id, name: person.user_name || '?' })),
        people.length > MAX_AVATARS && h('span', { class: 'avatar more' }, `+${people.length - MAX_AVATARS}`));
    },
  };
}

function rank(person: Participant, me: string, owner: string): number {
  return person.user_id === me ? 0 : person.user_id === owner ? 1 : 2;
}

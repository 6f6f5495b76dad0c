// A room in a list.

import { languageLabel } from '../languages';
import { h, icon } from '../ui/dom';
import { ago } from '../ui/time';
import type { Room } from '../wire';

export function roomCard(room: Room, options: { userId: string; open: (room: Room) => void; unsaved?: boolean }): HTMLElement {
  const people = `${room.current_participants ?? 0}/${room.max_participants}`;
  const owner = room.created_by === options.userId ? 'yours' : room.owner_name ? `by ${room.owner_name}` : '';
  return h('a', {
    class: 'card', href: `/room/${encodeURIComponent(room.id)}`, testid: 'room-card', attrs: { 'data-room': room.id },
    on: {
      click: (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        options.open(room);
      },
    },
  },
    h('div', { class: 'card-title' }, h('h3', {}, room.name), room.is_private && h('span', { class: 'badge', title: 'Private' }, icon('lock'), h('span', { class: 'visually-hidden' }, 'Private'))),
    h('p', { class: 'card-text' }, room.description || '\u00a0'),
    options.unsaved && h('p', { class: 'card-unsaved' }, icon('warning'), 'Has edits on this device that were not saved yet'),
    h('div', { class: 'card-facts' },
      h('span', { class: 'badge' }, languageLabel(room.language)),
      h('span', { title: 'People' }, icon('people'), people),
      owner && h('span', { class: 'card-owner' }, owner),
      h('span', { title: 'Last activity' }, ago(room.last_activity ?? room.created_at))));
}

// The page with all rooms: mine, and the public ones with search, filter and pages.

import type { Api } from '../api';
import { unsavedRooms } from '../copy-notes';
import { h, icon, replace } from '../ui/dom';
import { failure, showPages } from '../ui/found';
import type { Room, User } from '../wire';
import { createRoomDialog, languageSelect } from './create-room';
import { roomCard } from './room-card';

const PER_PAGE = 12;
const SEARCH_DELAY_MS = 250;

export interface Page {
  element: HTMLElement;
  destroy(): void;
}

export function roomsPage(options: { api: Api; user: User; open: (room: Room) => void }): Page {
  const { api, open } = options;
  let page = 1;
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const create = h('button', {
    type: 'button', class: 'button primary', testid: 'create-room',
    on: { click: () => createRoomDialog(api, open) },
  }, icon('plus'), 'New room');
  const search = h('input', {
    type: 'search', placeholder: 'Search rooms', testid: 'room-search', attrs: { 'aria-label': 'Search public rooms' },
    on: {
      input: () => {
        clearTimeout(timer);
        timer = setTimeout(() => go(1), SEARCH_DELAY_MS);
      },
    },
  });
  const language = languageSelect('language-filter', 'All languages');
  language.setAttribute('aria-label', 'Language');
  language.addEventListener('change', () => go(1));

  const mine = h('div', { class: 'cards', testid: 'my-rooms' });
  const mineSection = h('section', { attrs: { 'aria-labelledby': 'my-rooms-title' } }, h('h2', { id: 'my-rooms-title' }, 'Your rooms'), mine);
  const found = h('div', { class: 'cards', testid: 'public-rooms' });
  const pages = h('nav', { class: 'pages', attrs: { 'aria-label': 'Pages' } });
  const status = h('p', { class: 'visually-hidden', attrs: { role: 'status' } });

  const element = h('main', { class: 'rooms-page', id: 'main' },
    h('div', { class: 'page-head' },
      h('div', {}, h('h1', {}, `Hi, ${options.user.name}`), h('p', { class: 'muted' }, 'Open a room, share its link, and write code together.')),
      create),
    mineSection,
    h('section', { attrs: { 'aria-labelledby': 'public-rooms-title' } },
      h('div', { class: 'section-head' }, h('h2', { id: 'public-rooms-title' }, 'Public rooms'),
        h('div', { class: 'filters' }, h('div', { class: 'search' }, icon('search'), search), language)),
      found, pages, status));

  const unsaved = unsavedRooms(options.user.id);

  async function loadMine(): Promise<void> {
    replace(mine, ...skeletons(2));
    try {
      const rooms = await api.myRooms();
      if (rooms.length === 0) replace(mine, h('p', { class: 'empty' }, 'You have no rooms yet. Create one, or open a link that somebody sent you.'));
      else replace(mine, ...rooms.map(card));
    } catch (error) {
      replace(mine, failure(error, () => void loadMine()));
    }
  }

  async function loadPublic(): Promise<void> {
    const request = ++asked;
    found.setAttribute('aria-busy', 'true');
    if (!found.firstChild) replace(found, ...skeletons(3));
    try {
      const answer = await api.rooms({ page, search: search.value.trim(), language: language.value, perPage: PER_PAGE });
      if (request !== asked) return;
      const filtered = search.value.trim() !== '' || language.value !== '';
      if (answer.rooms.length === 0) {
        replace(found, h('p', { class: 'empty' }, filtered ? 'No room matches. Try another word or language.' : 'No public rooms yet. Create the first!'));
      } else replace(found, ...answer.rooms.map(card));
      status.textContent = `${answer.pagination.total} rooms found`;
      showPages(pages, answer.pagination, go);
    } catch (error) {
      if (request === asked) replace(found, failure(error, () => void loadPublic()));
    } finally {
      if (request === asked) found.removeAttribute('aria-busy');
    }
  }

  function go(to: number): void {
    page = to;
    void loadPublic();
  }

  function card(room: Room): HTMLElement {
    return roomCard(room, { userId: options.user.id, open, unsaved: unsaved.has(room.id) });
  }

  void loadMine();
  void loadPublic();
  return {
    element,
    destroy: () => {
      clearTimeout(timer);
      asked++;
    },
  };
}

function skeletons(count: number): HTMLElement[] {
  return Array.from({ length: count }, () => h('div', { class: 'card skeleton', attrs: { 'aria-hidden': true } }));
}

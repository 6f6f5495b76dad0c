// Finding people, and a person's public page.

import type { Api } from '../api';
import type { Page } from '../rooms/rooms-page';
import { h, icon, replace } from '../ui/dom';
import { failure, showPages } from '../ui/found';
import { avatar } from '../ui/person';
import type { Profile } from '../wire';
import { publicProfile } from './profile-view';
import { PLATFORMS } from './stats';

const DELAY_MS = 250;
const MIN_QUERY = 2;

export function userPage(options: { api: Api; id: string; back: () => void }): Page {
  const element = h('main', { class: 'rooms-page profile-page', id: 'main' },
    h('div', {}, h('button', { type: 'button', class: 'button small ghost', on: { click: options.back } }, icon('back'), 'Back')),
    publicProfile(options.api, options.id));
  return { element, destroy: () => {} };
}

export function peoplePage(options: { api: Api; open: (userId: string) => void }): Page {
  let asked = 0;
  let page = 1;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const query = new URLSearchParams(location.search).get('q') ?? '';
  const search = h('input', {
    type: 'search', placeholder: 'Name or user name on a platform', value: query, testid: 'people-search', attrs: { 'aria-label': 'Search people' },
    on: {
      input: () => {
        clearTimeout(timer);
        timer = setTimeout(() => go(1), DELAY_MS);
      },
    },
  });
  const found = h('div', { class: 'cards people-cards', testid: 'people-found' });
  const pages = h('nav', { class: 'pages', attrs: { 'aria-label': 'Pages' } });
  const status = h('p', { class: 'visually-hidden', attrs: { role: 'status' } });
  const element = h('main', { class: 'rooms-page', id: 'main' },
    h('div', { class: 'page-head' }, h('div', {}, h('h1', {}, 'People'), h('p', { class: 'muted' }, 'Find somebody and see what they do.'))),
    h('section', { attrs: { 'aria-label': 'Search' } }, h('div', { class: 'search wide' }, icon('search'), search), found, pages, status));

  async function load(): Promise<void> {
    const request = ++asked;
    const words = search.value.trim();
    // So that "back" from a person finds the same list.
    history.replaceState(null, '', words ? `/people?${new URLSearchParams({ q: words })}` : '/people');
    if ([...words].length < MIN_QUERY) {
      replace(pages);
      return replace(found, h('p', { class: 'empty' }, 'Type at least two characters.'));
    }
    found.setAttribute('aria-busy', 'true');
    try {
      const answer = await options.api.searchUsers(words, page);
      if (request !== asked) return;
      replace(found, ...(answer.users.length > 0 ? answer.users.map(card) : [h('p', { class: 'empty' }, 'Nobody found.')]));
      status.textContent = `${answer.pagination.total} people found`;
      showPages(pages, answer.pagination, go);
    } catch (problem) {
      if (request !== asked) return;
      replace(found, failure(problem, () => void load()));
    } finally {
      if (request === asked) found.removeAttribute('aria-busy');
    }
  }

  function go(to: number): void {
    page = to;
    void load();
  }

  function card(user: Profile): HTMLElement {
    const handles = PLATFORMS.filter(({ id }) => user[`${id}_username`]).map(({ id, label }) => `${label}: ${user[`${id}_username`]}`);
    return h('a', {
      class: 'card person-card', href: `/user/${encodeURIComponent(user.id)}`, testid: 'person-card', attrs: { 'data-user': user.id },
      on: {
        click: (event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          options.open(user.id);
        },
      },
    }, avatar(user), h('div', {}, h('h3', {}, user.name), h('p', { class: 'card-text' }, handles.join(' · ') || (user.is_guest ? 'Guest' : ' '))));
  }

  void load();
  return {
    element,
    destroy: () => {
      clearTimeout(timer);
      asked++;
    },
  };
}

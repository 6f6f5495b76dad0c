// What a page with a list of results has below or instead of them.

import type { Pagination } from '../wire';
import { h, replace } from './dom';
import { messageOf } from './toast';

/** What went wrong, and a button that tries again. */
export function failure(error: unknown, retry: () => void): HTMLElement {
  return h('div', { class: 'failure', attrs: { role: 'alert' } }, h('p', {}, messageOf(error)),
    h('button', { type: 'button', class: 'button small', on: { click: retry } }, 'Try again'));
}

/** Shows the way to the pages before and after; nothing when there is only one. */
export function showPages(element: HTMLElement, { page, pages, has_prev, has_next }: Pagination, go: (page: number) => void): void {
  if (pages <= 1) return replace(element);
  replace(element,
    h('button', { type: 'button', class: 'button small', disabled: !has_prev, on: { click: () => go(page - 1) } }, 'Previous'),
    h('span', { class: 'muted' }, `Page ${page} of ${pages}`),
    h('button', { type: 'button', class: 'button small', testid: 'next-page', disabled: !has_next, on: { click: () => go(page + 1) } }, 'Next'));
}

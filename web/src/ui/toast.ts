import { h, iconButton } from './dom';

const SHOWN_MS = 6_000;
const MAX_SHOWN = 3;

let area: HTMLElement | null = null;

/** A message that passes by. Errors are announced at once and stay twice as long. */
export function toast(message: string, kind: 'info' | 'error' = 'info'): void {
  if (!area?.isConnected) document.body.appendChild((area = h('div', { class: 'toasts', testid: 'toasts' })));
  // The same complaint repeated (a burst of refused events) is shown once.
  for (const old of area.children) if (old.firstChild?.textContent === message) old.remove();
  const item = h(
    'div',
    { class: `toast ${kind}`, attrs: { role: kind === 'error' ? 'alert' : 'status' } },
    h('span', {}, message),
    iconButton('close', 'Dismiss', () => item.remove()),
  );
  area.appendChild(item);
  while (area.children.length > MAX_SHOWN) area.firstElementChild!.remove();
  setTimeout(() => item.remove(), kind === 'error' ? 2 * SHOWN_MS : SHOWN_MS);
}

/** What to tell about any failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : 'Something went wrong.';
}

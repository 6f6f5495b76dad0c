// Connection and safety of the text, in words. "Saving…" is shown at once; "Saved" only after a short calm, so that
// typing doesn't make the words flicker. Announced to screen readers are the changes that matter, not every keystroke's.

import type { LinkState } from '../connection';
import type { SaveState } from '../save-state';
import { h } from '../ui/dom';

const CALM_MS = 250;
const LINK_TEXT: Record<LinkState, string> = {
  connecting: 'Connecting…',
  online: 'Connected',
  reconnecting: 'Reconnecting…',
  offline: 'Offline',
  ended: 'Disconnected',
};

export interface StatusIndicators {
  element: HTMLElement;
  show(save: SaveState, link: LinkState): void;
  destroy(): void;
}

export function statusIndicators(): StatusIndicators {
  const save = h('span', { class: 'save-state', testid: 'save-state', attrs: { 'data-kind': 'opening' } }, 'Opening…');
  const link = h('span', { class: 'connection-state', testid: 'connection-state' });
  const announcer = h('span', { class: 'visually-hidden', attrs: { role: 'status' } });
  const element = h('div', { class: 'status' }, save, link, announcer);
  let calm: ReturnType<typeof setTimeout> | undefined;
  let announced = '';

  const draw = (state: SaveState): void => {
    save.textContent = state.text;
    save.title = state.detail;
    save.dataset.kind = state.kind;
    // The age in "Saving… 4 s" changes every second; it's said once.
    const worth = state.kind === 'saving' || state.kind === 'opening' ? announced : state.text.replace(/\d+ (s|min)$/, '');
    if (worth !== announced) announcer.textContent = announced = worth;
  };

  return {
    element,
    show(state, linkState) {
      link.textContent = LINK_TEXT[linkState];
      link.dataset.link = linkState;
      clearTimeout(calm);
      calm = undefined;
      if (state.kind === 'saved' && save.dataset.kind === 'saving') calm = setTimeout(() => draw(state), CALM_MS);
      else draw(state);
    },
    destroy: () => clearTimeout(calm),
  };
}

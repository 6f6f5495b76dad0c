import { h, icon, replace, type IconName } from './dom';

type Theme = 'auto' | 'light' | 'dark';

const KEY = 'codechill.theme';
const NEXT: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
const ICON: Record<Theme, IconName> = { auto: 'auto', light: 'sun', dark: 'moon' };
const LABEL: Record<Theme, string> = { auto: 'Theme: like the system', light: 'Theme: light', dark: 'Theme: dark' };

function current(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : 'auto';
}

function choose(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'auto') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Not remembered, then.
  }
}

export function themeButton(): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'button ghost icon-only', testid: 'theme' });
  const show = (): void => {
    const theme = current();
    button.title = LABEL[theme];
    button.setAttribute('aria-label', LABEL[theme]);
    replace(button, icon(ICON[theme]));
  };
  button.addEventListener('click', () => {
    choose(NEXT[current()]);
    show();
  });
  show();
  return button;
}

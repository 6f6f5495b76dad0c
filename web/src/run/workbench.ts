// The area under the editor: output, tests and terminal as tabs (WAI-ARIA tabs with automatic activation).

import { h } from '../ui/dom';

export interface BenchTab {
  id: string;
  label: string;
  element: HTMLElement;
  /** The tab came into view, by a press or by the program. */
  onShown?: () => void;
}

export interface Workbench {
  element: HTMLElement;
  show(id: string): void;
  /** The tab that is in view. */
  readonly current: string;
  /** Hides a tab that the server has no use for; shows it again. */
  setAvailable(id: string, available: boolean): void;
  /** A small mark beside a tab's label: "3/5", or nothing. */
  mark(id: string, text: string, tone?: 'running' | 'good' | 'bad'): void;
}

export function workbench(tabs: BenchTab[]): Workbench {
  let current = tabs[0]!.id;
  const marks = new Map<string, HTMLElement>();
  const buttons = new Map<string, HTMLButtonElement>();

  for (const { id, label } of tabs) {
    const mark = h('span', { class: 'tab-mark', hidden: true });
    marks.set(id, mark);
    buttons.set(id, h('button', {
      type: 'button', class: 'bench-tab', id: `bench-tab-${id}`, testid: `bench-${id}`,
      attrs: { role: 'tab', 'aria-controls': `bench-${id}` },
      on: {
        click: () => show(id),
        keydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          event.preventDefault();
          const open = tabs.filter((tab) => !buttons.get(tab.id)!.hidden);
          const next = open[(open.findIndex((tab) => tab.id === current) + step + open.length) % open.length]!;
          show(next.id);
          buttons.get(next.id)!.focus();
        },
      },
    }, label, mark));
  }
  for (const { id, element } of tabs) {
    element.id = `bench-${id}`;
    element.setAttribute('role', 'tabpanel');
    element.setAttribute('aria-labelledby', `bench-tab-${id}`);
  }

  const element = h('section', { class: 'panel bench', attrs: { 'aria-label': 'Running' } },
    h('div', { class: 'bench-tabs', attrs: { role: 'tablist', 'aria-label': 'Output, tests and terminal' } }, ...buttons.values()),
    ...tabs.map((tab) => tab.element));

  function show(id: string): void {
    current = id;
    for (const tab of tabs) {
      const selected = tab.id === id;
      const button = buttons.get(tab.id)!;
      button.setAttribute('aria-selected', String(selected));
      button.tabIndex = selected ? 0 : -1;
      tab.element.hidden = !selected;
    }
    tabs.find((tab) => tab.id === id)?.onShown?.();
  }

  show(current);
  return {
    element,
    show,
    get current() {
      return current;
    },
    setAvailable: (id, available) => {
      buttons.get(id)!.hidden = !available;
      if (!available && current === id) show(tabs[0]!.id);
    },
    mark: (id, text, tone) => {
      const mark = marks.get(id)!;
      mark.textContent = text;
      mark.hidden = text === '';
      mark.className = `tab-mark${tone ? ` ${tone}` : ''}`;
    },
  };
}

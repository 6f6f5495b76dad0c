// Building elements. Text is always set as text; there is no way here to set markup.

type Child = Node | string | number | null | undefined | false;

interface Extras {
  class?: string;
  testid?: string;
  attrs?: Record<string, string | number | boolean | null | undefined>;
  on?: { [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };
  innerHTML?: never;
  outerHTML?: never;
}

type Props<K extends keyof HTMLElementTagNameMap> = Partial<HTMLElementTagNameMap[K]> & Extras;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props<K> = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { class: className, testid, attrs, on, ...rest } = props as Extras & Record<string, unknown>;
  if (className) element.className = className;
  if (testid) element.dataset.testid = testid;
  for (const [name, value] of Object.entries(attrs ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [event, listener] of Object.entries(on ?? {})) element.addEventListener(event, listener as EventListener);
  Object.assign(element, rest);
  append(element, children);
  return element;
}

export function append(parent: Node, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

const ICONS = {
  play: 'M7 5v14l11-7z',
  stop: 'M7 7h10v10H7z',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2',
  settings: 'M4 7h9m4 0h3M4 17h3m4 0h9M15 4.5v5M9 14.5v5',
  leave: 'M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l-4 4 4 4M6 12h9',
  back: 'M14 6l-6 6 6 6',
  send: 'M5 12h13M12 6l6 6-6 6',
  plus: 'M12 5v14M5 12h14',
  lock: 'M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .8 3.2 2.6 3.5 5.5',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  auto: 'M4 5h16v11H4zM9 20h6M12 16v4',
  help: 'M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2.2M12 17.5v.01',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  edit: 'M4 20h4L19 9l-4-4L4 16z',
  trash: 'M5 7h14M10 4h4M7 7l1 13h8l1-13',
  close: 'M6 6l12 12M18 6L6 18',
  code: 'M8.5 8L4 12l4.5 4M15.5 8l4.5 4-4.5 4',
  terminal: 'M5 7l5 5-5 5M12 18h7',
  chat: 'M4 5h16v11H9l-5 4z',
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
  history: 'M4 12a8 8 0 1 0 2.6-5.9M4 4v4h4M12 8v4.5l3 2',
  pause: 'M9 6v12M15 6v12',
  refresh: 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6',
  home: 'M4 11l8-7 8 7M6 9.5V20h12V9.5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  star: 'M12 4l2.5 5.2 5.7.8-4.1 4 1 5.6-5.1-2.7-5.1 2.7 1-5.6-4.1-4 5.7-.8z',
  check: 'M5 12.5l4.5 4.5L19 7',
  external: 'M13 5h6v6M19 5l-9 9M17 14v5H5V7h5',
  crown: 'M4 8l4 4 4-6 4 6 4-4-1.5 10h-13z',
  warning: 'M12 4L2.5 20h19zM12 10v4M12 17v.01',
} as const;

export type IconName = keyof typeof ICONS;

const SVG = 'http://www.w3.org/2000/svg';

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.appendChild(path);
  return svg;
}

/** A button that shows only an icon: its name is read out and shown as a tooltip. */
export function iconButton(name: IconName, label: string, onClick: () => void, testid?: string): HTMLButtonElement {
  return h('button', { type: 'button', class: 'button ghost icon-only', title: label, testid, attrs: { 'aria-label': label }, on: { click: onClick } }, icon(name));
}

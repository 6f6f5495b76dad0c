// Charts as plain SVG and HTML: small, in the page's colours, and each with its numbers as text for those who don't see it.

import { h } from '../ui/dom';
import { RANKS, rankOf, type Difficulty, type Share } from './stats';

const SVG = 'http://www.w3.org/2000/svg';

function s(name: string, attributes: Record<string, string | number>, ...children: (Node | string)[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** Hues far apart, readable on both themes. */
const SERIES = ['#5f5bd8', '#1f9e94', '#d98a1e', '#c2456f', '#3f86d6', '#7fa63a', '#9a5bc7', '#8a8a94'];

/** One bar cut into shares, with a list that names them. */
export function shareBar(label: string, shares: Share[], unit: string): HTMLElement {
  const total = shares.reduce((sum, each) => sum + each.value, 0);
  return h('figure', { class: 'chart' },
    h('div', { class: 'share-bar', attrs: { 'aria-hidden': true } }, ...shares.map((each, index) => {
      const part = h('i', { title: `${each.label}: ${each.value} ${unit}` });
      part.style.flexGrow = String(each.value);
      part.style.background = SERIES[index % SERIES.length]!;
      return part;
    })),
    h('ul', { class: 'share-list', attrs: { 'aria-label': label } }, ...shares.map((each, index) => {
      const dot = h('i', {});
      dot.style.background = SERIES[index % SERIES.length]!;
      return h('li', {}, dot, h('span', { class: 'share-name' }, each.label),
        h('span', { class: 'muted' }, `${each.value}`, h('span', { class: 'visually-hidden' }, ` ${unit},`), ` · ${Math.round((each.value / total) * 100)} %`));
    })));
}

const DIFFICULTY_COLORS: Record<string, string> = { Easy: 'var(--good)', Medium: 'var(--warn)', Hard: 'var(--danger)' };

/** Solved problems by difficulty: a ring, the sum in its middle, the parts beside it. */
export function difficultyRing(parts: Difficulty[]): HTMLElement {
  const total = parts.reduce((sum, each) => sum + each.accepted, 0);
  const radius = 42;
  const around = 2 * Math.PI * radius;
  const gap = parts.filter((each) => each.accepted > 0).length > 1 ? 3 : 0;
  let at = 0;
  const ring = s('svg', { viewBox: '0 0 110 110', class: 'ring', 'aria-hidden': 'true' },
    s('circle', { cx: 55, cy: 55, r: radius, class: 'ring-track' }),
    ...parts.filter((each) => each.accepted > 0).map((each) => {
      const length = (each.accepted / total) * around;
      const arc = s('circle', {
        cx: 55, cy: 55, r: radius, class: 'ring-part', 'stroke-dasharray': `${Math.max(length - gap, 1)} ${around}`, 'stroke-dashoffset': -at,
      });
      arc.style.stroke = DIFFICULTY_COLORS[each.name]!;
      at += length;
      return arc;
    }),
    s('text', { x: 55, y: 56, class: 'ring-number' }, total.toLocaleString()),
    s('text', { x: 55, y: 72, class: 'ring-label' }, 'solved'));
  return h('figure', { class: 'chart ring-chart' }, ring,
    h('ul', { class: 'share-list', attrs: { 'aria-label': 'Solved problems by difficulty' } }, ...parts.map((each) => {
      const dot = h('i', {});
      dot.style.background = DIFFICULTY_COLORS[each.name]!;
      return h('li', {}, dot, h('span', { class: 'share-name' }, each.name), h('span', { class: 'muted' }, each.accepted.toLocaleString(),
        each.tried > each.accepted && h('span', { title: 'Submissions' }, ` of ${each.tried.toLocaleString()}`)));
    })));
}

/** Where a rating stands on Codeforces' scale of titles; the best one ever is marked. */
export function ratingScale(rating: number, best: number): HTMLElement {
  const low = 800;
  const high = Math.max(2800, best + 100);
  const x = (value: number): number => ((Math.min(Math.max(value, low), high) - low) / (high - low)) * 300;
  const svg = s('svg', { viewBox: '0 0 300 46', class: 'rating', role: 'img', 'aria-label': `Rating ${rating} (${rankOf(rating).name}), best ${best} (${rankOf(best).name})` });
  RANKS.forEach((rank, index) => {
    const from = x(index === 0 ? low : rank.from);
    const to = x(RANKS[index + 1]?.from ?? high);
    const band = s('rect', { x: from, y: 22, width: Math.max(0, to - from - 1.5), height: 8, rx: 2, fill: rank.color });
    band.append(s('title', {}, `${rank.name}: from ${rank.from}`));
    svg.append(band);
  });
  if (best > rating) svg.append(s('path', { d: `M${x(best)} 33l4 6h-8z`, class: 'rating-best' }, s('title', {}, `Best: ${best}`)));
  svg.append(s('path', { d: `M${x(rating)} 20l5 -8h-10z`, class: 'rating-now' }, s('title', {}, `Now: ${rating}`)));
  return h('figure', { class: 'chart' }, svg as unknown as HTMLElement);
}

/** Rating after each contest, over the bands of the titles. */
export function ratingLine(points: { rating: number; at: string }[]): HTMLElement {
  const width = 300;
  const height = 110;
  const ratings = points.map((each) => each.rating);
  const low = Math.min(...ratings) - 60;
  const high = Math.max(...ratings) + 60;
  const times = points.map((each) => Date.parse(each.at));
  const [first, last] = [times[0]!, times.at(-1)!];
  const x = (time: number): number => (last > first ? ((time - first) / (last - first)) * (width - 8) + 4 : width / 2);
  const y = (rating: number): number => height - ((rating - low) / (high - low)) * height;
  const best = Math.max(...ratings);
  const svg = s('svg', {
    viewBox: `0 0 ${width} ${height}`, class: 'rating-line', role: 'img',
    'aria-label': `Rating over ${points.length} contests: from ${ratings[0]} to ${ratings.at(-1)}, best ${best}`,
  });
  RANKS.forEach((rank, index) => {
    const top = Math.max(0, y(RANKS[index + 1]?.from ?? Infinity));
    const bottom = Math.min(height, y(index === 0 ? -Infinity : rank.from));
    if (bottom > top) svg.append(s('rect', { x: 0, y: top, width, height: bottom - top, fill: rank.color, opacity: 0.16 }));
  });
  svg.append(s('polyline', { points: points.map((each, index) => `${x(times[index]!).toFixed(1)},${y(each.rating).toFixed(1)}`).join(' '), class: 'rating-path' }));
  const at = ratings.lastIndexOf(best);
  svg.append(s('circle', { cx: x(times[at]!), cy: y(best), r: 3.5, class: 'rating-dot' }, s('title', {}, `Best: ${best}`)));
  return h('figure', { class: 'chart' }, svg as unknown as HTMLElement);
}

import { h } from '../ui/dom';

const SPLIT_KEY = 'codechill.output-height';

/** The border between editor and output: dragged, or moved with the arrow keys. */
export function splitter(): HTMLElement {
  const set = (percent: number): void => {
    const height = Math.min(75, Math.max(12, Math.round(percent)));
    document.documentElement.style.setProperty('--output-height', `${height}%`);
    bar.setAttribute('aria-valuenow', String(height));
    try {
      localStorage.setItem(SPLIT_KEY, String(height));
    } catch {
      // Not remembered, then.
    }
  };
  const bar = h('div', {
    class: 'splitter', tabIndex: 0,
    attrs: { role: 'separator', 'aria-orientation': 'horizontal', 'aria-label': 'Height of the output', 'aria-valuemin': 12, 'aria-valuemax': 75, 'aria-valuenow': 32 },
    on: {
      pointerdown: (event) => bar.setPointerCapture(event.pointerId),
      pointermove: (event) => {
        if (!bar.hasPointerCapture(event.pointerId)) return;
        const box = bar.parentElement!.getBoundingClientRect();
        set(((box.bottom - event.clientY) / box.height) * 100);
      },
      keydown: (event) => {
        const step = event.key === 'ArrowUp' ? 4 : event.key === 'ArrowDown' ? -4 : 0;
        if (step === 0) return;
        event.preventDefault();
        set(Number(bar.getAttribute('aria-valuenow')) + step);
      },
    },
  });
  const stored = Number(localStorage.getItem(SPLIT_KEY));
  if (stored) set(stored);
  return bar;
}

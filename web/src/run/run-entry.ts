// One run on the screen: its head (how it stands, whose, how long) and what it printed. Output comes in bursts; only what
// is new is drawn.

import { languageLabel } from '../languages';
import { h, icon, replace } from '../ui/dom';
import { RunOutput, type Piece } from './run-output';

export type Tone = 'running' | 'good' | 'bad';

export class RunEntry {
  readonly output = new RunOutput();
  readonly #head = h('header', { class: 'run-head' });
  readonly #body = h('pre', { class: 'run-body' });
  readonly element: HTMLElement;
  readonly #drawn = new Map<Piece, { node: HTMLElement; length: number }>();
  #stopButton: HTMLButtonElement | null = null;
  who = '';
  language = '';
  started = false;
  finished = false;
  stopping = false;
  /** The program may be typed into: true, false, or not known. */
  takesInput: boolean | null = null;

  constructor(readonly id: string, private readonly onStop: (entry: RunEntry) => void) {
    this.element = h('article', { class: 'run-entry', attrs: { 'data-run': id } }, this.#head, this.#body);
  }

  status(tone: Tone, text: string, facts: string[] = []): void {
    this.element.dataset.tone = tone;
    this.#stopButton = this.finished ? null : h('button', {
      type: 'button', class: 'button small', disabled: this.stopping, testid: 'run-stop', on: { click: () => this.onStop(this) },
    }, icon('stop'), this.started ? 'Stop' : 'Cancel');
    replace(this.#head,
      h('span', { class: `chip ${tone}`, testid: 'run-status' }, text),
      h('span', { class: 'run-who' }, [this.who, languageLabel(this.language)].filter(Boolean).join(' · ')),
      h('span', { class: 'run-facts' }, facts.join(' · ')),
      this.#stopButton);
  }

  setStopping(stopping: boolean): void {
    this.stopping = stopping;
    if (this.#stopButton) this.#stopButton.disabled = stopping;
  }

  draw(): void {
    const { pieces, dropped } = this.output;
    const kept = new Set(pieces);
    for (const [piece, { node }] of this.#drawn) {
      if (kept.has(piece)) continue;
      node.remove();
      this.#drawn.delete(piece);
    }
    for (const piece of pieces) {
      const drawn = this.#drawn.get(piece);
      if (!drawn) {
        const node = h('span', { class: piece.stream, attrs: { 'data-stream': piece.stream } }, piece.text);
        this.#drawn.set(piece, { node, length: piece.text.length });
        this.#body.appendChild(node);
      } else if (drawn.length < piece.text.length) {
        drawn.node.append(piece.text.slice(drawn.length));
        drawn.length = piece.text.length;
      }
    }
    let note = this.element.querySelector('.run-dropped');
    if (dropped > 0) {
      if (!note) this.#body.before((note = h('p', { class: 'run-dropped' })));
      note.textContent = `… ${dropped.toLocaleString()} earlier characters are not shown`;
    } else note?.remove();
    if (this.finished && pieces.length === 0 && !this.#body.firstChild) {
      this.#body.appendChild(h('span', { class: 'nothing' }, '(no output)'));
    }
  }
}

// Text that is only looked at: a version with its authors' colours, the difference to now, or a recording as it plays.

import { unifiedMergeView } from '@codemirror/merge';
import { Compartment, EditorState, StateEffect, StateField, type Extension, type Range, type Text } from '@codemirror/state';
import { Decoration, EditorView, lineNumbers, WidgetType, type DecorationSet } from '@codemirror/view';
import { colorOf } from '../colors';
import { colors } from '../room/editor';
import { languageMode } from '../room/language-modes';
import { changesOf, textOf } from './recording';
import type { AuthorRun } from './versions';

export interface CodeView {
  element: HTMLElement;
  setLanguage(name: string): void;
  /** A whole text, with who typed what if that is known. */
  show(content: string | Text, runs?: AuthorRun[], names?: Map<string, string>): void;
  /** What was changed from `before` to `after`. */
  compare(before: string, after: string): void;
  /** Edits of a recording, with the place of the one who made them. */
  apply(edits: [number, number, string][], who: { id: string; name: string }): void;
  destroy(): void;
}

export function codeView(label: string): CodeView {
  const element = document.createElement('div');
  element.className = 'code-view';
  const mode = new Compartment();
  const extra = new Compartment();
  let language = '';

  const view = new EditorView({
    parent: element,
    state: EditorState.create({
      extensions: [
        lineNumbers(), EditorState.readOnly.of(true), EditorView.editable.of(false), EditorState.lineSeparator.of('\n'),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', role: 'textbox', 'aria-multiline': 'true', 'aria-readonly': 'true' }),
        mode.of([]), extra.of([]), authors, pens, colors,
      ],
    }),
  });

  const replaceAll = (text: Text, more: Extension): void => {
    view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: text },
      effects: [extra.reconfigure(more), clearPens.of(null), setAuthors.of(Decoration.none)],
    });
  };

  return {
    element,
    setLanguage: (name) => {
      if (name === language) return;
      language = name;
      languageMode(name).then((found) => {
        if (name === language) view.dispatch({ effects: mode.reconfigure(found) });
      }, (error: unknown) => console.warn('No editor mode', error));
    },
    show: (content, runs, names) => {
      replaceAll(typeof content === 'string' ? textOf(content) : content, []);
      if (runs) view.dispatch({ effects: setAuthors.of(authorMarks(runs, names ?? new Map())) });
    },
    compare: (before, after) => {
      replaceAll(textOf(after), unifiedMergeView({
        original: textOf(before), mergeControls: false, gutter: true, highlightChanges: true, syntaxHighlightDeletions: true,
        collapseUnchanged: { margin: 3, minSize: 6 }, diffConfig: { scanLimit: 2_000, timeout: 500 },
      }));
    },
    apply: (edits, who) => {
      const last = edits.at(-1);
      if (!last) return;
      const shift = edits.slice(0, -1).reduce((sum, [, deleted, inserted]) => sum + inserted.length - deleted, 0);
      view.dispatch({
        changes: changesOf(edits),
        effects: [setPen.of({ ...who, at: last[0] + shift + last[2].length }), EditorView.scrollIntoView(last[0] + shift, { y: 'nearest', yMargin: 60 })],
      });
    },
    destroy: () => view.destroy(),
  };
}

const setAuthors = StateEffect.define<DecorationSet>();
const authors = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => transaction.effects.reduce((now, effect) => (effect.is(setAuthors) ? effect.value : now), marks.map(transaction.changes)),
  provide: (field) => EditorView.decorations.from(field),
});

function authorMarks(runs: AuthorRun[], names: Map<string, string>): DecorationSet {
  const marks: Range<Decoration>[] = [];
  for (const { from, to, userId } of runs) {
    if (userId === null) continue;
    marks.push(Decoration.mark({
      class: 'author', attributes: { style: `--person: ${colorOf(userId)}`, title: names.get(userId) ?? 'Someone', 'data-author': userId },
    }).range(from, to));
  }
  return Decoration.set(marks);
}

interface Pen {
  id: string;
  name: string;
  at: number;
}

const setPen = StateEffect.define<Pen>();
const clearPens = StateEffect.define<null>();

/** Where each person of a recording typed last. */
const pens = StateField.define<Map<string, Pen>>({
  create: () => new Map(),
  update: (now, transaction) => {
    let next = now;
    if (transaction.docChanged && now.size > 0) {
      next = new Map([...now].map(([id, pen]) => [id, { ...pen, at: transaction.changes.mapPos(Math.min(pen.at, transaction.startState.doc.length), 1) }]));
    }
    for (const effect of transaction.effects) {
      if (effect.is(clearPens)) next = new Map();
      if (effect.is(setPen)) next = new Map(next).set(effect.value.id, effect.value);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field, (all) => Decoration.set(
    [...all.values()].map((pen) => Decoration.widget({ widget: new PenWidget(pen.id, pen.name), side: 1 }).range(pen.at)), true)),
});

class PenWidget extends WidgetType {
  constructor(private readonly id: string, private readonly name: string) {
    super();
  }

  override eq(other: PenWidget): boolean {
    return other.id === this.id && other.name === this.name;
  }

  toDOM(): HTMLElement {
    const pen = document.createElement('span');
    pen.className = 'pen';
    pen.style.setProperty('--person', colorOf(this.id));
    const label = pen.appendChild(document.createElement('span'));
    label.className = 'pen-name';
    label.textContent = [...this.name].slice(0, 30).join('');
    return pen;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

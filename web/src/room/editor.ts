// The code editor: CodeMirror bound to the shared text. Undo is Yjs' own, which takes back what was typed here and never
// what somebody else typed. Tab indents; Escape followed by Tab leaves the editor (CodeMirror's way out of the trap).

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import {
  bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting,
} from '@codemirror/language';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state';
import {
  crosshairCursor, drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars,
  keymap, lineNumbers, placeholder, rectangularSelection,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { MAX_DOCUMENT_LENGTH } from '../wire';
import { languageMode } from './language-modes';

export interface Editor {
  view: EditorView;
  setLanguage(name: string): void;
  setReadOnly(readOnly: boolean): void;
  reveal(position: number): void;
  destroy(): void;
}

export interface EditorOptions {
  parent: HTMLElement;
  text: Y.Text;
  awareness: Awareness;
  language: string;
  onRun: () => void;
  onTooLong: () => void;
}

export function createEditor(options: EditorOptions): Editor {
  const language = new Compartment();
  const readOnly = new Compartment();
  const undoManager = new Y.UndoManager(options.text);

  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text.toString(),
      extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => (options.onRun(), true) }])),
        basics(),
        language.of([]),
        readOnly.of([]),
        lengthLimit(options.onTooLong),
        yCollab(options.text, options.awareness, { undoManager }),
        placeholder('Type here – everyone in the room sees it.'),
        EditorView.contentAttributes.of({ 'aria-label': 'Code', 'aria-describedby': 'editor-help', spellcheck: 'false' }),
        colors,
        // The shared text counts \r as a character, so the editor must too; what is pasted here has plain line ends.
        EditorState.lineSeparator.of('\n'),
        EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, '\n')),
      ],
    }),
  });

  let wanted = '';
  const setLanguage = (name: string): void => {
    if (name === wanted) return;
    wanted = name;
    languageMode(name).then(
      (mode) => {
        if (wanted === name) view.dispatch({ effects: language.reconfigure([mode, indentUnit.of(unitOf(name))]) });
      },
      (error: unknown) => console.warn('No editor mode', error),
    );
  };
  setLanguage(options.language);

  return {
    view,
    setLanguage,
    setReadOnly: (on) =>
      view.dispatch({ effects: readOnly.reconfigure(on ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : []) }),
    reveal: (position) =>
      view.dispatch({ effects: EditorView.scrollIntoView(Math.min(position, view.state.doc.length), { y: 'center' }) }),
    destroy: () => {
      view.destroy();
      undoManager.destroy();
    },
  };
}

function basics(): Extension {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    foldGutter(),
    drawSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    rectangularSelection(),
    crosshairCursor(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    keymap.of([
      ...closeBracketsKeymap, ...yUndoManagerKeymap, ...defaultKeymap, ...searchKeymap, ...foldKeymap, ...completionKeymap, indentWithTab,
    ]),
  ];
}

/** The server refuses longer documents; better not to take the paste than to keep it unsaved for ever. */
function lengthLimit(onTooLong: () => void): Extension {
  return EditorState.changeFilter.of((transaction) => {
    const grows = transaction.newDoc.length > transaction.startState.doc.length;
    if (!grows || transaction.newDoc.length <= MAX_DOCUMENT_LENGTH || !transaction.isUserEvent('input')) return true;
    onTooLong();
    return false;
  });
}

function unitOf(language: string): string {
  if (language === 'go') return '\t';
  return language === 'javascript' || language === 'typescript' || language === 'ruby' ? '  ' : '    ';
}

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.character, tags.regexp], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.comment], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName], color: 'var(--code-function)' },
  { tag: [tags.typeName, tags.className, tags.namespace, tags.tagName], color: 'var(--code-type)' },
  { tag: [tags.propertyName, tags.attributeName], color: 'var(--code-property)' },
  { tag: [tags.meta, tags.processingInstruction, tags.annotation], color: 'var(--code-meta)' },
  { tag: tags.invalid, color: 'var(--danger)' },
]);

export const colors: Extension = [
  syntaxHighlighting(highlight),
  EditorView.theme({
    '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--editor)', fontSize: '14px' },
    '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
    '.cm-content': { caretColor: 'var(--text)', paddingBlock: '14px' },
    '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
    '&.cm-focused': { outline: 'none' },
    '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection': {
      backgroundColor: 'var(--selection)',
    },
    '.cm-gutters': { backgroundColor: 'var(--editor)', color: 'var(--faint)', border: 'none' },
    '.cm-activeLine': { backgroundColor: 'var(--active-line)' },
    '.cm-activeLineGutter': { backgroundColor: 'var(--active-line)', color: 'var(--muted)' },
    '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--selection)', outline: '1px solid var(--border-strong)' },
    '.cm-placeholder': { color: 'var(--faint)' },
    '.cm-panels': { backgroundColor: 'var(--surface)', color: 'var(--text)', borderColor: 'var(--border)' },
    '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--text)', border: '1px solid var(--border)', borderRadius: '6px' },
    '.cm-foldPlaceholder': { backgroundColor: 'var(--raised)', border: 'none', color: 'var(--muted)' },
    '.cm-ySelectionInfo': {
      opacity: '1', fontFamily: 'var(--sans)', fontSize: '11px', fontWeight: '600', padding: '1px 5px', borderRadius: '4px 4px 4px 0',
      top: '-1.45em', maxWidth: '14em', overflow: 'hidden', textOverflow: 'ellipsis', pointerEvents: 'none',
    },
    '.cm-line:first-child .cm-ySelectionInfo': { top: '1.35em', borderRadius: '0 4px 4px 4px' },
    '.cm-ySelectionCaretDot': { display: 'none' },
  }),
];

import { dialog } from '../ui/dialog';
import { h } from '../ui/dom';

const mac = /Mac|iP/.test(navigator.platform);
const MOD = mac ? '⌘' : 'Ctrl';

const SHORTCUTS: [string, string][] = [
  [`${MOD} Enter`, 'Run the code'],
  [`${MOD} Z`, 'Undo what you typed (never what others typed)'],
  [mac ? '⌘ ⇧ Z' : 'Ctrl Y', 'Redo'],
  [`${MOD} F`, 'Find and replace'],
  [`${MOD} /`, 'Comment or uncomment lines'],
  ['Tab, Shift Tab', 'Indent, unindent'],
  ['Esc, then Tab', 'Leave the editor with the keyboard'],
  ['F6, Shift F6', 'Next or previous part of the room'],
];

export function shortcutsDialog(): void {
  dialog('Keyboard', 'shortcuts', h('dl', { class: 'shortcuts' }, ...SHORTCUTS.flatMap(([keys, what]) => [
    h('dt', {}, ...keys.split(', ').flatMap((part, index) => [index > 0 ? ', ' : '', h('kbd', {}, part)])),
    h('dd', {}, what),
  ])));
}

// A test case as its editors see it: what goes in, what has to come out, limits, and who may look.

import { confirm, dialog, field, form } from '../ui/dialog';
import { h } from '../ui/dom';
import { MAX_CASE_TEXT, type CaseDraft, type TestCase } from '../wire';

const MAX_NAME = 100;

export function editCase(options: {
  known: TestCase | null;
  /** What the case is called when nothing else is chosen. */
  fallbackName: string;
  save: (draft: CaseDraft) => Promise<void>;
}): void {
  const { known } = options;
  const name = h('input', { type: 'text', maxLength: MAX_NAME, value: known?.name ?? '', placeholder: options.fallbackName, testid: 'case-name' });
  const input = h('textarea', { rows: 5, value: known?.input ?? '', maxLength: MAX_CASE_TEXT, spellcheck: false, class: 'mono', testid: 'case-input' });
  const expected = h('textarea', { rows: 5, value: known?.expected_output ?? '', maxLength: MAX_CASE_TEXT, spellcheck: false, class: 'mono', testid: 'case-expected' });
  const time = h('input', { type: 'number', min: '0.1', max: '10', step: '0.1', value: known?.time_limit ? String(known.time_limit) : '', placeholder: 'default', testid: 'case-time' });
  const memory = h('input', { type: 'number', min: '16', max: '512', step: '1', value: known?.memory_limit ? String(Math.round(known.memory_limit / 1024)) : '', placeholder: 'default', testid: 'case-memory' });
  const hidden = h('input', { type: 'checkbox', id: 'case-hidden', checked: known?.is_hidden ?? false, testid: 'case-hidden' });
  const submit = h('button', { type: 'submit', class: 'button primary', testid: 'case-submit' }, known ? 'Save' : 'Add case');
  let saved = false;

  const draft = (): CaseDraft => ({
    name: name.value.trim() || options.fallbackName,
    input: input.value,
    expected_output: expected.value,
    is_hidden: hidden.checked,
    time_limit: time.value ? Number(time.value) : null,
    memory_limit: memory.value ? Math.round(Number(memory.value) * 1024) : null,
  });
  const before = JSON.stringify(draft());

  const box = dialog(known ? 'Edit test case' : 'New test case', 'case-editor', form({
    submit,
    action: async () => {
      await options.save(draft());
      saved = true;
      box.close();
    },
    children: [
      field({ label: 'Name', control: name }),
      field({ label: 'Input', control: input, hint: 'What the program reads from standard input.' }),
      field({ label: 'Expected output', control: expected, hint: 'Spaces at the ends of lines and empty lines at the end don’t count.' }),
      h('div', { class: 'field-row' },
        field({ label: 'Time limit (seconds)', control: time, hint: '0.1 to 10' }), field({ label: 'Memory limit (MB)', control: memory, hint: '16 to 512' })),
      h('div', { class: 'check' }, hidden, h('label', { htmlFor: 'case-hidden' }, 'Hidden: only the owner and moderators see input and output')),
      h('div', { class: 'actions' }, submit),
    ],
  }));
  box.classList.add('wide');
  // Escape must not throw away a long input without asking.
  box.addEventListener('cancel', (event) => {
    if (saved || JSON.stringify(draft()) === before) return;
    event.preventDefault();
    void confirm('Throw away the changes?', 'The test case was changed and is not saved.', 'Throw away').then((yes) => {
      if (yes) box.close();
    });
  });
  name.focus();
}

import type { Api } from '../api';
import { LANGUAGES } from '../languages';
import { dialog, field, form } from '../ui/dialog';
import { h } from '../ui/dom';
import type { Room } from '../wire';

const LAST_LANGUAGE = 'codechill.language';

export function languageSelect(testid: string, any?: string): HTMLSelectElement {
  return h('select', { testid },
    any !== undefined && h('option', { value: '' }, any),
    ...Object.entries(LANGUAGES).map(([value, label]) => h('option', { value }, label)));
}

export function createRoomDialog(api: Api, onCreated: (room: Room) => void): void {
  const name = h('input', { type: 'text', required: true, minLength: 3, maxLength: 100, testid: 'room-name', placeholder: 'Interview practice' });
  const description = h('input', { type: 'text', maxLength: 500, testid: 'room-description', placeholder: 'Optional' });
  const language = languageSelect('room-language');
  const capacity = h('input', { type: 'number', min: '1', max: '50', value: '10', required: true, testid: 'room-capacity' });
  const isPrivate = h('input', { type: 'checkbox', testid: 'room-private', id: 'room-private' });
  const password = h('input', { type: 'password', minLength: 4, maxLength: 100, autocomplete: 'new-password', testid: 'room-password' });
  const passwordField = field({ label: 'Password', control: password, hint: 'At least 4 characters. Share it with those you invite.' });
  passwordField.hidden = true;
  isPrivate.addEventListener('change', () => {
    passwordField.hidden = !isPrivate.checked;
    password.required = isPrivate.checked;
    if (isPrivate.checked) password.focus();
  });
  try {
    const last = localStorage.getItem(LAST_LANGUAGE);
    if (last && LANGUAGES[last]) language.value = last;
  } catch {
    // Nothing remembered.
  }
  const submit = h('button', { type: 'submit', class: 'button primary', testid: 'room-submit' }, 'Create room');
  const box = dialog('New room', 'create-room-dialog', form({
    submit,
    action: async () => {
      const secret = isPrivate.checked ? password.value : '';
      const room = await api.createRoom({
        name: name.value.trim(),
        description: description.value.trim(),
        language: language.value,
        is_private: isPrivate.checked,
        ...(secret ? { password: secret } : {}),
        max_participants: Number(capacity.value),
      });
      try {
        localStorage.setItem(LAST_LANGUAGE, language.value);
      } catch {
        // Not remembered, then.
      }
      box.close();
      onCreated(room);
    },
    children: [
      field({ label: 'Name', control: name }),
      field({ label: 'Description', control: description }),
      h('div', { class: 'field-row' }, field({ label: 'Language', control: language }), field({ label: 'Maximum people', control: capacity })),
      h('div', { class: 'check' }, isPrivate, h('label', { htmlFor: 'room-private' }, 'Private: only people with the link and the password come in')),
      passwordField,
      h('div', { class: 'actions' }, submit),
    ],
  }));
  name.focus();
}

import type { Api } from '../api';
import { languageSelect } from '../rooms/create-room';
import { confirm, dialog, field, form } from '../ui/dialog';
import { h } from '../ui/dom';
import { messageOf, toast } from '../ui/toast';
import type { Room } from '../wire';

/** What the owner may change. */
export function roomSettings(options: { api: Api; room: Room; onChanged: (room: Room) => void; onDeleted: () => void }): void {
  const { api, room } = options;
  const name = h('input', { type: 'text', required: true, minLength: 3, maxLength: 100, value: room.name, testid: 'settings-name' });
  const description = h('input', { type: 'text', maxLength: 500, value: room.description ?? '', testid: 'settings-description' });
  const language = languageSelect('settings-language');
  language.value = room.language;
  const capacity = h('input', { type: 'number', min: '1', max: '50', required: true, value: String(room.max_participants), testid: 'settings-capacity' });
  const submit = h('button', { type: 'submit', class: 'button primary', testid: 'settings-submit' }, 'Save');

  const remove = async (): Promise<void> => {
    const sure = await confirm('Delete this room?', `“${room.name}” will be closed for everyone, and nobody can open it again.`, 'Delete room');
    if (!sure) return;
    try {
      await api.deleteRoom(room.id);
      box.close();
      options.onDeleted();
    } catch (error) {
      toast(messageOf(error), 'error');
    }
  };

  const box = dialog('Room settings', 'room-settings', form({
    submit,
    action: async () => {
      const changed = await api.updateRoom(room.id, {
        name: name.value.trim(),
        description: description.value.trim(),
        language: language.value,
        max_participants: Number(capacity.value),
      });
      options.onChanged(changed);
      box.close();
    },
    children: [
      field({ label: 'Name', control: name }),
      field({ label: 'Description', control: description }),
      h('div', { class: 'field-row' }, field({ label: 'Language', control: language }), field({ label: 'Maximum people', control: capacity })),
      h('div', { class: 'actions' },
        h('button', { type: 'button', class: 'button danger', testid: 'room-delete', on: { click: () => void remove() } }, 'Delete room…'),
        h('span', { class: 'grow' }), submit),
    ],
  }));
}

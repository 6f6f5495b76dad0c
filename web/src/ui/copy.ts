import { dialog } from './dialog';
import { h } from './dom';
import { toast } from './toast';

export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    // No clipboard without https or permission: show it to be copied by hand.
    const box = h('textarea', { value: text, readOnly: true, rows: 4, attrs: { 'aria-label': 'Text to copy' } });
    dialog('Copy by hand', 'copy', box);
    box.select();
  }
}

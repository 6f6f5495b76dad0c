// What the page says about the safety of the text. The one rule: "Saved" is said only when every edit made here has been
// acknowledged as durable. Everything else is about saying it in time and without alarm.

import type { LinkState } from './connection';
import type { SyncStatus } from './document-sync';

export interface SaveState {
  kind: 'opening' | 'saved' | 'saving' | 'unsaved' | 'reconnecting';
  text: string;
  detail: string;
}

/** After this long without an acknowledgement the page says how old the unsaved edits are. */
export const SLOW_SAVE_MS = 3_000;

export function saveState(sync: SyncStatus, link: LinkState, now: number): SaveState {
  const kept = sync.edits > 0 ? `${count(sync.edits)} kept here` : 'edits kept here';
  if (sync.unsaved && link !== 'online') {
    const where = link === 'ended' ? 'disconnected' : 'offline';
    return {
      kind: 'unsaved',
      text: `Not saved – ${where}, ${kept}`,
      detail: 'They are stored in this browser and are sent as soon as the server can be reached.',
    };
  }
  if (sync.unsaved && sync.refusal) {
    return { kind: 'unsaved', text: `Not saved – ${sync.refusal}`, detail: `${kept}; trying again.` };
  }
  if (sync.unsaved) {
    const age = now - (sync.since ?? now);
    if (age < SLOW_SAVE_MS) return { kind: 'saving', text: 'Saving…', detail: 'Waiting for the server to confirm.' };
    return {
      kind: 'unsaved',
      text: `Saving… ${duration(age)}`,
      detail: `The server has not confirmed ${sync.edits > 0 ? count(sync.edits) : 'your edits'} yet. They are kept in this browser.`,
    };
  }
  if (link === 'ended') return { kind: 'reconnecting', text: 'Disconnected', detail: 'Everything typed here was saved.' };
  if (!sync.opened) return { kind: 'opening', text: 'Opening…', detail: 'Fetching the text.' };
  if (link !== 'online' || sync.phase !== 'live') {
    return { kind: 'reconnecting', text: 'Reconnecting…', detail: 'Everything typed so far was saved.' };
  }
  const at = sync.savedAt === null ? '' : ` (${new Date(sync.savedAt).toLocaleTimeString()})`;
  return { kind: 'saved', text: 'Saved', detail: `Every edit is stored on the server${at}.` };
}

function count(edits: number): string {
  return edits === 1 ? '1 edit' : `${edits} edits`;
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

import { describe, expect, it } from 'vitest';
import type { LinkState } from '../src/connection';
import type { SyncPhase, SyncStatus } from '../src/document-sync';
import { saveState } from '../src/save-state';

const NOW = 1_000_000;
const calm: SyncStatus = { phase: 'live', edits: 0, unsaved: false, since: null, opened: true, refusal: null, savedAt: NOW };
const typed: SyncStatus = { ...calm, edits: 3, unsaved: true, since: NOW - 500 };
const LINKS: LinkState[] = ['connecting', 'online', 'reconnecting', 'offline', 'ended'];
const PHASES: SyncPhase[] = ['detached', 'syncing', 'live', 'refused'];

describe('saveState', () => {
  it('never says "Saved" while anything is unacknowledged, in any combination', () => {
    for (const link of LINKS) {
      for (const phase of PHASES) {
        for (const edits of [0, 1, 50]) {
          for (const opened of [true, false]) {
            for (const refusal of [null, 'no space']) {
              const state = saveState({ ...typed, edits, phase, opened, refusal }, link, NOW);
              expect(state.text).not.toMatch(/^Saved/);
              expect(state.kind).not.toBe('saved');
            }
          }
        }
      }
    }
  });

  it('says "Saved" only in the live room', () => {
    for (const link of LINKS) {
      for (const phase of PHASES) {
        expect(saveState({ ...calm, phase }, link, NOW).kind === 'saved').toBe(link === 'online' && phase === 'live');
      }
    }
    expect(saveState({ ...calm, opened: false }, 'online', NOW).text).toBe('Opening…');
  });

  it('shows the age of unsaved edits within three seconds', () => {
    expect(saveState({ ...typed, since: NOW - 2_999 }, 'online', NOW).text).toBe('Saving…');
    expect(saveState({ ...typed, since: NOW - 3_000 }, 'online', NOW)).toMatchObject({ kind: 'unsaved', text: 'Saving… 3 s' });
    expect(saveState({ ...typed, since: NOW - 300_000 }, 'online', NOW).text).toBe('Saving… 5 min');
  });

  it('counts the edits that are kept while offline', () => {
    expect(saveState(typed, 'reconnecting', NOW).text).toBe('Not saved – offline, 3 edits kept here');
    expect(saveState({ ...typed, edits: 1 }, 'offline', NOW).text).toBe('Not saved – offline, 1 edit kept here');
    expect(saveState({ ...typed, edits: 0 }, 'connecting', NOW).text).toBe('Not saved – offline, edits kept here');
  });

  it('tells a refusal and a plain reconnect apart', () => {
    expect(saveState({ ...typed, phase: 'refused', refusal: 'the disk is full' }, 'online', NOW).text).toBe('Not saved – the disk is full');
    expect(saveState(calm, 'reconnecting', NOW).text).toBe('Reconnecting…');
    expect(saveState(calm, 'ended', NOW).text).toBe('Disconnected');
  });
});

// Cursors and names of others (y-protocols awareness). Peers write their own state, so nothing in it is trusted: the
// editor binding puts the colour into a style attribute, and a name can be of any length.

import * as Y from 'yjs';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, modifyAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import { colorOf, isColor } from './colors';

export interface PresenceUser {
  id: string;
  name: string;
  color: string;
  colorLight: string;
}

interface PresenceState {
  user: PresenceUser;
  cursor: { anchor: unknown; head: unknown } | null;
}

const MAX_NAME = 40;
/** Cursors are sent at most this often. */
const SEND_EVERY_MS = 50;

export class Presence {
  readonly awareness: Awareness;
  readonly #send: (update: Uint8Array) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dirty = false;

  constructor(doc: Y.Doc, send: (update: Uint8Array) => void) {
    this.awareness = new Awareness(doc);
    this.#send = send;
    this.awareness.on('update', this.#onUpdate);
  }

  introduce(user: { id: string; name: string }): void {
    const color = colorOf(user.id);
    this.awareness.setLocalStateField('user', { id: user.id, name: user.name, color, colorLight: `${color}33` } satisfies PresenceUser);
  }

  receive(update: Uint8Array): void {
    applyAwarenessUpdate(this.awareness, modifyAwarenessUpdate(update, cleanState), 'remote');
  }

  /** (Re)connected: say who and where we are. A new clock is needed, since the server may have announced our leaving. */
  announce(): void {
    const state = this.awareness.getLocalState();
    if (state) this.awareness.setLocalState(state);
    this.#flush();
  }

  /** Connection lost: others' cursors may be stale, and come again with the next connection. */
  forgetOthers(): void {
    this.#forget(() => true);
  }

  /** Somebody left, perhaps too suddenly to take the cursor along. */
  forgetUser(userId: string): void {
    this.#forget((state) => state.user?.id === userId);
  }

  /** Where a user's cursor is in the text, or null. */
  positionOf(userId: string): number | null {
    for (const [client, state] of this.awareness.getStates() as Map<number, Partial<PresenceState>>) {
      if (client === this.awareness.clientID || state.user?.id !== userId || !state.cursor) continue;
      const head = Y.createAbsolutePositionFromRelativePosition(
        Y.createRelativePositionFromJSON(state.cursor.head),
        this.awareness.doc,
      );
      if (head) return head.index;
    }
    return null;
  }

  destroy(): void {
    clearTimeout(this.#timer);
    removeAwarenessStates(this.awareness, [this.awareness.clientID], 'local');
    this.#flush();
    this.awareness.off('update', this.#onUpdate);
    this.awareness.destroy();
  }

  #forget(which: (state: Partial<PresenceState>) => boolean): void {
    const states = this.awareness.getStates() as Map<number, Partial<PresenceState>>;
    const others = [...states].filter(([id, state]) => id !== this.awareness.clientID && which(state)).map(([id]) => id);
    removeAwarenessStates(this.awareness, others, 'remote');
    // Without their clocks, so that the same state is accepted again.
    for (const id of others) this.awareness.meta.delete(id);
  }

  readonly #onUpdate = (change: { added: number[]; updated: number[]; removed: number[] }, origin: unknown): void => {
    if (origin === 'remote') return;
    if (![...change.added, ...change.updated, ...change.removed].includes(this.awareness.clientID)) return;
    if (this.#timer === undefined) this.#flush();
    else this.#dirty = true;
  };

  #flush(): void {
    clearTimeout(this.#timer);
    this.#dirty = false;
    this.#send(encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#dirty) this.#flush();
    }, SEND_EVERY_MS);
  }
}

/** Keeps what this page understands, in the shape it expects. */
export function cleanState(state: unknown): PresenceState | null {
  if (state === null || typeof state !== 'object') return null;
  const { user, cursor } = state as { user?: Record<string, unknown>; cursor?: Record<string, unknown> | null };
  const id = typeof user?.id === 'string' ? user.id.slice(0, 64) : '';
  const name = typeof user?.name === 'string' && user.name.trim() ? [...user.name].slice(0, MAX_NAME).join('') : 'Someone';
  const color = isColor(user?.color) ? user.color : colorOf(id || name);
  const anchor = cleanPosition(cursor?.anchor);
  const head = cleanPosition(cursor?.head);
  return {
    user: { id, name, color, colorLight: `${color.slice(0, 7)}33` },
    cursor: anchor && head ? { anchor, head } : null,
  };
}

interface Id {
  client: number;
  clock: number;
}

/** A position as the binding takes it: it reads the fields unchecked, and if it throws, the editor drops all cursors for good. */
interface Position {
  type: Id | null;
  tname: 'content' | null;
  item: Id | null;
  assoc: number;
}

function cleanPosition(value: unknown): Position | null {
  if (value === null || typeof value !== 'object') return null;
  const { type, tname, item, assoc } = value as Record<string, unknown>;
  const position: Position = { type: cleanId(type), tname: tname === 'content' ? 'content' : null, item: cleanId(item), assoc: assoc === -1 ? -1 : 0 };
  // It has to refer to something.
  return position.type || position.tname || position.item ? position : null;
}

function cleanId(value: unknown): Id | null {
  if (value === null || typeof value !== 'object') return null;
  const { client, clock } = value as Record<string, unknown>;
  return isNatural(client) && isNatural(clock) ? { client, clock } : null;
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

// What this browser knows about its copies of documents (see room/local-copy.ts), in local storage: which room and user
// each belongs to, and whether it holds anything that was not acknowledged. Clean copies are only a faster start and may
// go; dirty ones stay until the server has their edits.

export interface CopyNote {
  room: string;
  user: string;
  dirty: boolean;
  at: number;
}

export const COPY_PREFIX = 'codechill.copy.';
const CLEAN_FOR_MS = 14 * 24 * 3600_000;

/** Rooms whose copy holds edits the server hasn't acknowledged. */
export function unsavedRooms(user: string): Set<string> {
  return new Set(notes().filter(([, note]) => note.user === user && note.dirty).map(([, note]) => note.room));
}

/** Throws away copies that hold nothing the server doesn't: old ones, or all of a user who signs out. */
export function dropCleanCopies(signedOut?: string): void {
  const old = Date.now() - CLEAN_FOR_MS;
  for (const [name, note] of notes()) {
    if (!note.dirty && (note.user === signedOut || note.at < old)) dropCopy(name);
  }
}

export function dropCopy(name: string): void {
  try {
    localStorage.removeItem(name);
    indexedDB.deleteDatabase(name);
  } catch {
    // Nothing to throw away.
  }
}

export function readNote(name: string): CopyNote | null {
  try {
    const note = JSON.parse(localStorage.getItem(name) ?? 'null') as CopyNote | null;
    return note && typeof note.room === 'string' && typeof note.user === 'string' ? note : null;
  } catch {
    return null;
  }
}

export function writeNote(name: string, note: CopyNote): void {
  try {
    localStorage.setItem(name, JSON.stringify(note));
  } catch {
    // Storage full or blocked: the copy itself is unaffected.
  }
}

function notes(): [string, CopyNote][] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(COPY_PREFIX))
      .map((key) => [key, readNote(key)] as const)
      .filter((entry): entry is [string, CopyNote] => entry[1] !== null);
  } catch {
    return [];
  }
}

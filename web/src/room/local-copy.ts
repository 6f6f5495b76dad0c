// A copy of a room's document in this browser's IndexedDB, so that edits survive a closed tab while the server is away.
// Kept per room and user.

import * as Y from 'yjs';
import { IndexeddbPersistence } from 'y-indexeddb';
import { COPY_PREFIX, dropCopy, readNote, writeNote, type CopyNote } from '../copy-notes';

/** How long opening a room waits for the local copy before it goes on without. */
const LOAD_TIMEOUT_MS = 2_000;
/** How often a note that says the same is written again, to show that the copy is in use. */
const RENEW_MS = 60_000;

export class LocalCopy {
  readonly #note: CopyNote;
  readonly #name: string;
  #written = false;
  #persistence: IndexeddbPersistence | null = null;
  /** Whether edits are really kept here; false where the browser refuses (private windows). */
  kept = false;

  private constructor(room: string, user: string) {
    this.#name = `${COPY_PREFIX}${room}.${user}`;
    this.#note = { room, user, dirty: readNote(this.#name)?.dirty ?? false, at: Date.now() };
  }

  /** Binds the document to its copy; resolves once the copy's text is in the document (or there is none to be had). */
  static async open(room: string, user: string, doc: Y.Doc): Promise<LocalCopy> {
    const copy = new LocalCopy(room, user);
    if (typeof indexedDB === 'undefined') return copy;
    try {
      const persistence = new IndexeddbPersistence(copy.#name, doc);
      copy.#persistence = persistence;
      // The library has no event for a database that can't be opened.
      const opening = (persistence as unknown as { _db: Promise<unknown> })._db;
      const failed = new Promise<false>((resolve) => opening.catch(() => resolve(false)));
      const loaded = persistence.whenSynced.then(() => true);
      const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), LOAD_TIMEOUT_MS));
      copy.kept = await Promise.race([failed, loaded, late]);
      void loaded.then(() => (copy.kept = true));
    } catch {
      copy.kept = false;
    }
    return copy;
  }

  /** Notes whether the copy holds edits that the server has not acknowledged. */
  mark(dirty: boolean): void {
    if (this.#written && dirty === this.#note.dirty && Date.now() - this.#note.at < RENEW_MS) return;
    this.#note.dirty = dirty;
    this.#note.at = Date.now();
    this.#written = true;
    writeNote(this.#name, this.#note);
  }

  close(): void {
    void this.#persistence?.destroy();
  }

  async remove(): Promise<void> {
    await this.#persistence?.destroy();
    dropCopy(this.#name);
  }
}

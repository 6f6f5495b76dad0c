// Theory of operation
//
// One Y.Doc is kept equal with the server's. The document itself is the outbox: whatever was typed is in it, so nothing
// needs to be queued across a cut. What is tracked is only *how much of it is not yet known to be durable*:
//
//   batch     edits of the last ~30 ms, not sent yet
//   in flight updates sent, whose acknowledgement (sent by the server after the commit) has not come
//   carried   edits made, or sent without an answer, while there was no live connection
//
// attach() runs the handshake: send our state vector, apply what we lack, send what the server lacks. The server's state
// vector may count edits it holds in memory only, so edits that were never acknowledged are sent again even when the
// vector covers them: only an acknowledgement makes them saved. State vectors don't show deletions; those are compared
// with the delete set that comes with the server's update.
//
// detach() (connection lost) moves everything unacknowledged to `carried`. A refused update does the same and tries
// again later; the edit stays in the document and is never shown as saved.

import * as Y from 'yjs';
import { MAX_UPDATE_BYTES } from './wire';

export interface SyncReply {
  update: Uint8Array;
  stateVector: Uint8Array;
}

/** The two requests of the protocol. Both reject with a Refusal when the server says no, with anything else when it doesn't answer. */
export interface SyncChannel {
  sync(stateVector: Uint8Array): Promise<SyncReply>;
  push(update: Uint8Array): Promise<void>;
}

export class Refusal extends Error {
  constructor(
    message: string,
    readonly code?: string,
    /** Seconds after which the same may be asked again. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

export type SyncPhase = 'detached' | 'syncing' | 'live' | 'refused';

export interface SyncStatus {
  phase: SyncPhase;
  /** Edits typed here and not acknowledged as durable. */
  edits: number;
  /** Whether anything in this document is not acknowledged; true with 0 edits for text restored from an earlier visit. */
  unsaved: boolean;
  /** When the oldest unacknowledged edit was made. */
  since: number | null;
  /** Whether the server's text has been seen since the page was opened. */
  opened: boolean;
  refusal: string | null;
  savedAt: number | null;
}

interface Unacked {
  edits: number;
  since: number;
}

export const BATCH_MS = 30;
/** Updates that may be unanswered at once; beyond it edits collect in the batch. */
export const MAX_IN_FLIGHT = 8;
/** An answer that takes longer is asked for again by a new handshake on the same connection. */
export const ANSWER_TIMEOUT_MS = 30_000;
const GAP_MS = 1_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

export class DocumentSync {
  readonly doc: Y.Doc;
  onChange: () => void = () => {};

  #channel: SyncChannel | null = null;
  #phase: SyncPhase = 'detached';
  /** Answers that belong to an earlier connection or handshake are recognised by this number and ignored. */
  #generation = 0;
  #batch: Uint8Array[] = [];
  #batched: Unacked | null = null;
  #batchTimer: ReturnType<typeof setTimeout> | undefined;
  #inFlight = new Set<Unacked>();
  #carried: Unacked | null = null;
  #gapTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #retryDelay = RETRY_MIN_MS;
  #opened = false;
  #refusal: string | null = null;
  #savedAt: number | null = null;

  constructor(doc: Y.Doc) {
    this.doc = doc;
    doc.on('update', this.#onUpdate);
  }

  get status(): SyncStatus {
    const parts = [...this.#inFlight, this.#batched, this.#carried].filter((part) => part !== null);
    return {
      phase: this.#phase,
      edits: parts.reduce((sum, part) => sum + part.edits, 0),
      unsaved: parts.length > 0,
      since: parts.length > 0 ? Math.min(...parts.map((part) => part.since)) : null,
      opened: this.#opened,
      refusal: this.#refusal,
      savedAt: this.#savedAt,
    };
  }

  /** The connection is in the room: run the handshake over it. */
  attach(channel: SyncChannel): Promise<void> {
    this.detach();
    this.#channel = channel;
    return this.#handshake();
  }

  /** The connection is gone. Everything unanswered waits for the next one. */
  detach(): void {
    this.#generation++;
    this.#channel = null;
    this.#phase = 'detached';
    this.#carryOver();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#gapTimer);
    this.#gapTimer = undefined;
    this.onChange();
  }

  /** An update of somebody else's, relayed by the server. */
  receive(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, this);
    // Updates reach us in order, so a gap means that one was lost on the way: fetch what is missing.
    if (this.doc.store.pendingStructs && this.#phase === 'live' && this.#gapTimer === undefined) {
      this.#gapTimer = setTimeout(() => {
        this.#gapTimer = undefined;
        if (this.doc.store.pendingStructs && this.#phase === 'live') void this.#handshake();
      }, GAP_MS);
    }
  }

  /** Sends the batch now instead of when its time is up. */
  flush(): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    if (this.#phase !== 'live' || !this.#batched || this.#inFlight.size >= MAX_IN_FLIGHT) return;
    const part = this.#batched;
    const updates = this.#batch;
    this.#batch = [];
    this.#batched = null;
    this.#push(updates.length === 1 ? updates[0]! : Y.mergeUpdates(updates), part);
  }

  destroy(): void {
    this.flush();
    this.detach();
    clearTimeout(this.#batchTimer);
    this.doc.off('update', this.#onUpdate);
    this.onChange = () => {};
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction): void => {
    if (origin === this) return;
    // Text restored from this device is not an edit of now, but the server may lack it all the same. Before the
    // handshake that is found out by comparison.
    const edits = transaction.local ? 1 : 0;
    if (this.#phase === 'live') {
      this.#batch.push(update);
      this.#batched = join(this.#batched, { edits, since: Date.now() });
      this.#batchTimer ??= setTimeout(() => this.flush(), BATCH_MS);
    } else if (edits > 0) {
      this.#carried = join(this.#carried, { edits, since: Date.now() });
    }
    this.onChange();
  };

  async #handshake(): Promise<void> {
    const channel = this.#channel;
    if (!channel) return;
    const generation = ++this.#generation;
    this.#carryOver();
    this.#phase = 'syncing';
    this.onChange();
    try {
      const reply = await withTimeout(channel.sync(Y.encodeStateVector(this.doc)));
      if (generation !== this.#generation) return;
      const missing = this.#missingOnServer(reply);
      Y.applyUpdate(this.doc, reply.update, this);
      this.#phase = 'live';
      this.#opened = true;
      this.#refusal = null;
      if (missing || this.#carried) {
        const part = this.#carried ?? { edits: 0, since: Date.now() };
        this.#carried = null;
        this.#push(Y.encodeStateAsUpdate(this.doc, reply.stateVector), part);
      } else {
        this.#savedAt ??= Date.now();
        this.#retryDelay = RETRY_MIN_MS;
      }
      this.onChange();
    } catch (error) {
      if (generation === this.#generation) this.#refused(error);
    }
  }

  #missingOnServer(reply: SyncReply): boolean {
    const server = Y.decodeStateVector(reply.stateVector);
    for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(this.doc))) {
      if (clock > (server.get(client) ?? 0)) return true;
    }
    const deletedThere = Y.decodeUpdate(reply.update).ds;
    const deletedHere = Y.createDeleteSetFromStructStore(this.doc.store);
    return !covers(deletedThere, deletedHere);
  }

  #push(update: Uint8Array, part: Unacked): void {
    const channel = this.#channel;
    if (!channel) return;
    this.#inFlight.add(part);
    if (update.byteLength > MAX_UPDATE_BYTES) {
      this.#refused(new Refusal('the change is too large to send; undo the large paste', 'update.too_large'));
      return;
    }
    this.onChange();
    const generation = this.#generation;
    withTimeout(channel.push(update)).then(
      () => {
        if (generation !== this.#generation) return;
        this.#inFlight.delete(part);
        this.#retryDelay = RETRY_MIN_MS;
        if (!this.status.unsaved) this.#savedAt = Date.now();
        // With the window full, the batch waited for this answer.
        if (this.#batchTimer === undefined) this.flush();
        this.onChange();
      },
      (error: unknown) => {
        if (generation === this.#generation) this.#refused(error);
      },
    );
  }

  /** No, or no answer. A lost connection is told by detach(); here the connection lives, so ask again later. */
  #refused(error: unknown): void {
    this.#generation++;
    this.#carryOver();
    this.#phase = 'refused';
    this.#refusal = error instanceof Refusal ? error.message : null;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#handshake(), this.#retryDelay);
    this.#retryDelay = Math.min(this.#retryDelay * 2, RETRY_MAX_MS);
    this.onChange();
  }

  #carryOver(): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    for (const part of [...this.#inFlight, this.#batched]) if (part) this.#carried = join(this.#carried, part);
    this.#inFlight.clear();
    this.#batched = null;
    this.#batch = [];
  }
}

function join(a: Unacked | null, b: Unacked): Unacked {
  return a ? { edits: a.edits + b.edits, since: Math.min(a.since, b.since) } : { ...b };
}

function withTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), ANSWER_TIMEOUT_MS);
  });
  return Promise.race([promise, expired]).finally(() => clearTimeout(timer));
}

type DeleteSet = ReturnType<typeof Y.createDeleteSetFromStructStore>;

/** Whether every deletion in `inner` is in `outer`. Ranges of both may be split differently. */
export function covers(outer: DeleteSet, inner: DeleteSet): boolean {
  for (const [client, ranges] of inner.clients) {
    const known = [...(outer.clients.get(client) ?? [])].sort((a, b) => a.clock - b.clock);
    for (const range of ranges) {
      let next = range.clock;
      const end = range.clock + range.len;
      for (const { clock, len } of known) {
        if (clock <= next && clock + len > next) next = clock + len;
      }
      if (next < end) return false;
    }
  }
  return true;
}

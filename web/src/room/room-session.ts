// Theory of operation
//
// Everything about an open room that isn't on the screen: the document and its copy in this browser, presence, the
// connection, and joining again after every (re)connect. The page subscribes to the events below.
//
//   connect -> join_room -> get_room_state + doc handshake -> live
//   cut     -> document detaches, others' cursors go; typing continues
//
// A refusal that can't change by waiting (room deleted, put out, no access) ends the session of the room; the document
// and its local copy stay, so nothing typed is lost even then. Any other refusal is tried again.

import * as Y from 'yjs';
import { Connection, type LinkState } from '../connection';
import { DocumentSync, Refusal, type SyncChannel } from '../document-sync';
import { Emitter } from '../emitter';
import { Presence } from '../presence';
import { saveState, type SaveState } from '../save-state';
import type { SessionStore } from '../session';
import { LocalCopy } from './local-copy';
import { bytes, type DocSyncReply, type JoinReply, type Participant, type Room, type WhatRuns } from '../wire';

export interface Ending {
  kind: 'deleted' | 'removed' | 'full' | 'password' | 'session';
  message: string;
}

interface RoomEvents {
  room: Room;
  participants: Participant[];
  /** Joined or joined again: whatever was missed should be fetched. */
  joined: void;
  /** What runs in the room now, with its output so far. */
  running: WhatRuns;
  /** The text is here (from this browser's copy or from the server): the editor may open. */
  text: void;
  state: void;
  ended: Ending;
  problem: string;
}

const REJOIN_MIN_MS = 1_000;
const REJOIN_MAX_MS = 15_000;

export class RoomSession extends Emitter<RoomEvents> {
  readonly doc = new Y.Doc();
  readonly text = this.doc.getText('content');
  readonly connection: Connection;
  readonly presence: Presence;
  readonly sync: DocumentSync;
  room: Room;
  participants: Participant[] = [];
  ending: Ending | null = null;
  #copy: LocalCopy | null = null;
  #rejoinTimer: ReturnType<typeof setTimeout> | undefined;
  #rejoinDelay = REJOIN_MIN_MS;
  #joins = 0;
  #live = false;
  #others: Uint8Array | ArrayBuffer | null = null;
  readonly #offSession: () => void;
  #textReady = false;
  #destroyed = false;

  constructor(
    room: Room,
    private readonly session: SessionStore,
    private password: string | undefined,
  ) {
    super();
    this.room = room;
    this.connection = new Connection(session);
    this.sync = new DocumentSync(this.doc);
    this.presence = new Presence(this.doc, (update) => this.connection.tell('awareness_update', { room_id: room.id, update }));
    this.sync.onChange = () => {
      const { phase, unsaved } = this.sync.status;
      this.#copy?.mark(unsaved);
      if (phase === 'live' && !this.#live) this.#becameLive();
      this.#live = phase === 'live';
      this.emit('state', undefined);
    };
    this.#offSession = session.on('ended', (message) => this.#end({ kind: 'session', message }));
    this.#listen();
  }

  get link(): LinkState {
    return this.connection.link;
  }

  get textReady(): boolean {
    return this.#textReady;
  }

  /** What this user is in the room. */
  get role(): string {
    const id = this.session.user?.id;
    return this.participants.find((one) => one.user_id === id)?.role ?? this.room.user_role ?? 'participant';
  }

  get saveState(): SaveState {
    return saveState(this.sync.status, this.link, Date.now());
  }

  async open(): Promise<void> {
    const user = this.session.user;
    if (!user) throw new Error('Sign in to go on.');
    this.presence.introduce(user);
    const copy = await LocalCopy.open(this.room.id, user.id, this.doc);
    if (this.#destroyed) return copy.close();
    this.#copy = copy;
    if (this.text.length > 0) this.#showText();
    this.connection.open();
  }

  /** Signed in again while the room was open: go on with the same document. */
  resume(): void {
    this.ending = null;
    const user = this.session.user;
    if (user) this.presence.introduce(user);
    this.connection.open();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#offSession();
    clearTimeout(this.#rejoinTimer);
    this.presence.destroy();
    this.connection.tell('leave_room', { room_id: this.room.id });
    this.sync.destroy();
    this.connection.destroy();
    this.#copy?.close();
    this.clear();
    this.doc.destroy();
  }

  /** The room is gone for good, and so is the reason to keep a copy - unless it holds something nobody else has. */
  async forgetCopy(): Promise<void> {
    if (!this.sync.status.unsaved) await this.#copy?.remove();
  }

  #listen(): void {
    const { connection } = this;
    connection.on('open', () => void this.#join());
    connection.on('lost', () => {
      this.#joins++;
      clearTimeout(this.#rejoinTimer);
      this.sync.detach();
      this.presence.forgetOthers();
    });
    connection.on('link', () => this.emit('state', undefined));

    const server = connection.server;
    server.on('doc_update', ({ update }) => this.sync.receive(bytes(update)));
    server.on('awareness_update', ({ update }) => this.#receivePresence(update));
    server.on('room_state', ({ room, participants, executions, sessions }) => {
      this.#setRoom(room);
      this.#setParticipants(participants ?? []);
      this.emit('running', { executions, sessions });
    });
    server.on('participant_updated', ({ user_id, role }) => {
      this.#setParticipants(this.participants.map((one) => (one.user_id === user_id ? { ...one, role } : one)));
    });
    server.on('participant_removed', ({ user_id }) => {
      this.#setParticipants(this.participants.filter((one) => one.user_id !== user_id));
      this.presence.forgetUser(user_id);
    });
    server.on('user_joined', (who) => {
      const others = this.participants.filter((other) => other.user_id !== who.user_id);
      const known = this.participants.find((other) => other.user_id === who.user_id);
      this.#setParticipants([
        ...others,
        { role: this.room.created_by === who.user_id ? 'owner' : 'participant', ...known, ...who, is_active: true },
      ]);
    });
    server.on('user_left', ({ user_id }) => {
      this.#setParticipants(this.participants.filter((other) => other.user_id !== user_id));
      this.presence.forgetUser(user_id);
    });
    server.on('room_updated', (change) => this.#setRoom({ ...this.room, ...(change.room ?? change) }));
    const gone = 'The owner has deleted this room.';
    server.on('room_deleted', ({ message }) => this.#end({ kind: 'deleted', message: message ?? gone }));
    server.on('room_closed', ({ message }) => this.#end({ kind: 'deleted', message: message ?? gone }));
    server.on('kicked', ({ message }) => this.#end({ kind: 'removed', message: message ?? 'You were removed from this room.' }));
    // Not asked for here: left in another tab, or put out.
    server.on('room_left', ({ room_id }) => {
      if (room_id === this.room.id) this.#end({ kind: 'removed', message: 'You are not in this room any more.' });
    });
    server.on('error', ({ message, code }) => {
      // The end of a session closes the connection next; what to do about it is found out then.
      if (code !== 'auth.session_ended') this.emit('problem', message);
    });
  }

  async #join(): Promise<void> {
    const attempt = ++this.#joins;
    clearTimeout(this.#rejoinTimer);
    try {
      const reply = await this.connection.request<JoinReply>('join_room', {
        room_id: this.room.id,
        ...(this.password ? { password: this.password } : {}),
      });
      if (attempt !== this.#joins) return;
      this.#rejoinDelay = REJOIN_MIN_MS;
      if (reply.room_data) this.#setRoom(reply.room_data);
      this.emit('joined', undefined);
      if (reply.room_data) this.emit('running', { executions: reply.room_data.executions, sessions: reply.room_data.sessions });
      this.connection.request('get_room_state', { room_id: this.room.id }).catch(() => {});
      void this.sync.attach(this.#channel());
    } catch (error) {
      if (attempt !== this.#joins || !this.connection.online) return;
      const ending = error instanceof Refusal ? endingOf(error) : null;
      if (ending) return this.#end(ending);
      if (error instanceof Refusal) this.emit('problem', error.message);
      this.#rejoinTimer = setTimeout(() => {
        if (this.connection.online) void this.#join();
      }, this.#rejoinDelay);
      this.#rejoinDelay = Math.min(this.#rejoinDelay * 2, REJOIN_MAX_MS);
    }
  }

  #channel(): SyncChannel {
    const room_id = this.room.id;
    // DocumentSync has its own deadline; this one only bounds what the client library remembers.
    const forget = 60_000;
    return {
      sync: async (state_vector) => {
        const reply = await this.connection.request<DocSyncReply>('doc_sync', { room_id, state_vector }, forget);
        this.#others = reply.awareness ?? null;
        return { update: bytes(reply.update), stateVector: bytes(reply.state_vector) };
      },
      push: async (update) => {
        await this.connection.request('doc_update', { room_id, update }, forget);
      },
    };
  }

  /** The handshake is through: the text is here, so cursors have something to refer to. */
  #becameLive(): void {
    this.#showText();
    if (this.#others) this.#receivePresence(this.#others);
    this.#others = null;
    this.presence.announce();
  }

  #showText(): void {
    if (this.#textReady) return;
    this.#textReady = true;
    this.emit('text', undefined);
  }

  #receivePresence(update: Uint8Array | ArrayBuffer): void {
    try {
      this.presence.receive(bytes(update));
    } catch {
      // Somebody's client sent nonsense; cursors are not worth more than ignoring it.
    }
  }

  #setRoom(room: Room): void {
    const roleKept = { user_role: room.user_role ?? this.room.user_role, created_by: room.created_by ?? this.room.created_by };
    this.room = { ...this.room, ...room, ...roleKept };
    this.emit('room', this.room);
  }

  #setParticipants(participants: Participant[]): void {
    this.participants = participants.filter((one) => one.is_active !== false);
    this.emit('participants', this.participants);
  }

  #end(ending: Ending): void {
    if (this.ending) return;
    this.ending = ending;
    this.#joins++;
    this.sync.detach();
    this.presence.forgetOthers();
    this.connection.end();
    this.emit('ended', ending);
  }
}

/** What a refused join means, or null when waiting may help. */
export function endingOf(refusal: Refusal): Ending | null {
  const message = refusal.message;
  const text = `${refusal.code ?? ''} ${message}`.toLowerCase();
  if (/not[ _.]?found|deleted|room\.gone/.test(text)) return { kind: 'deleted', message: 'This room does not exist any more.' };
  if (/full|capacity/.test(text)) return { kind: 'full', message: 'The room is full.' };
  if (/password/.test(text)) return { kind: 'password', message };
  if (/denied|forbidden|removed|banned|not a participant/.test(text)) return { kind: 'removed', message: 'You have no access to this room any more.' };
  return null;
}

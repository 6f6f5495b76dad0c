// Theory of operation
//
// One Socket.IO connection while a room is open. socket.io-client reconnects by itself after a lost transport, but not
// after the server closed the socket or refused the CONNECT; both are handled here. Every CONNECT takes a fresh token.
// Nothing is ever put into socket.io's own send buffer: requests are refused while not connected, because what must
// survive a cut (edits) is brought back by DocumentSync, and what isn't an edit must not arrive minutes late.

import { io, type Socket } from 'socket.io-client';
import { Emitter } from './emitter';
import { Refusal } from './document-sync';
import { SessionEnded, type SessionStore } from './session';
import type { Ack, ServerEvents } from './wire';

export type LinkState = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'ended';

interface LinkEvents {
  link: LinkState;
  /** Connected (again): the caller joins its room. */
  open: void;
  /** The transport is gone; acknowledgements under way will not come. */
  lost: string;
}

const RECONNECT_MIN_MS = 300;
const RECONNECT_MAX_MS = 3_000;
const AUTH_ERRORS = /token|unauthori[sz]ed|not authenticated|authentication|session/i;

export class Connection extends Emitter<LinkEvents> {
  /** What the server sends, by event name. */
  readonly server = new Emitter<ServerEvents>();
  readonly #socket: Socket;
  readonly #session: SessionStore;
  #link: LinkState = 'connecting';
  #wasOnline = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #retries = 0;
  #usedToken = '';
  /** Set when the server refused a token; the next refusal of a fresh one ends the session. */
  #refusedToken: string | null = null;

  constructor(session: SessionStore) {
    super();
    this.#session = session;
    this.#socket = io({
      autoConnect: false,
      // WebSocket first: it works nearly everywhere and saves the upgrade; polling is the way out where it doesn't.
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: RECONNECT_MIN_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS,
      timeout: 10_000,
      auth: (send) => {
        session.token().then(
          (token) => {
            this.#usedToken = token;
            send({ token });
          },
          (error: unknown) => {
            if (error instanceof SessionEnded) this.#endSession(error.message);
            else this.#drop();
          },
        );
      },
    });
    this.#socket.on('connect', this.#onConnect);
    this.#socket.on('disconnect', this.#onDisconnect);
    this.#socket.on('connect_error', this.#onConnectError);
    this.#socket.onAny((event: string, payload: unknown) => this.server.emit(event as keyof ServerEvents, payload as never));
    addEventListener('online', this.#onOnline);
    addEventListener('offline', this.#onOffline);
  }

  get link(): LinkState {
    return this.#link;
  }

  get online(): boolean {
    return this.#link === 'online' && this.#socket.connected;
  }

  open(): void {
    this.#setLink(navigator.onLine === false ? 'offline' : this.#wasOnline ? 'reconnecting' : 'connecting');
    this.#socket.connect();
  }

  /** Stops for good (until open()). */
  end(): void {
    clearTimeout(this.#retryTimer);
    this.#setLink('ended');
    this.#socket.disconnect();
  }

  destroy(): void {
    removeEventListener('online', this.#onOnline);
    removeEventListener('offline', this.#onOffline);
    this.end();
    this.#socket.removeAllListeners();
    this.#socket.offAny();
    this.server.clear();
    this.clear();
  }

  /** Sends an event and waits for its acknowledgement. Rejects with a Refusal on `ok: false`. */
  async request<T>(event: string, payload: object, timeoutMs = 10_000): Promise<T> {
    if (!this.online) throw new Error('Not connected.');
    const answer = (await this.#socket.timeout(timeoutMs).emitWithAck(event, payload)) as Ack<T> | undefined;
    if (answer && answer.ok === false) throw new Refusal(answer.error, answer.code, answer.retry_after);
    return (answer ?? {}) as T;
  }

  /**
   * Sends an event without asking for an answer; while not connected it's dropped. Not `volatile`: that also drops what
   * comes while an earlier packet is being written, and the last position of a cursor matters.
   */
  tell(event: string, payload: object): void {
    if (this.online) this.#socket.emit(event, payload);
  }

  readonly #onConnect = (): void => {
    this.#refusedToken = null;
    this.#retries = 0;
    this.#wasOnline = true;
    this.#setLink('online');
    this.emit('open', undefined);
  };

  readonly #onDisconnect = (reason: string): void => {
    if (this.#link === 'ended') return;
    this.#setLink(navigator.onLine === false ? 'offline' : 'reconnecting');
    this.emit('lost', reason);
    // After a close by the server (shutdown, ended session) the client library stays down; the next CONNECT finds out.
    if (!this.#socket.active) this.#retry();
  };

  readonly #onConnectError = (error: Error): void => {
    if (this.#link === 'ended') return;
    this.#setLink(navigator.onLine === false ? 'offline' : this.#wasOnline ? 'reconnecting' : 'connecting');
    if (this.#socket.active) return;
    // The server answered and refused.
    if (AUTH_ERRORS.test(error.message)) void this.#renew(error.message);
    else this.#retry();
  };

  async #renew(reason: string): Promise<void> {
    const used = this.#usedToken;
    if (this.#refusedToken !== null && this.#refusedToken !== used) {
      this.#endSession('Your session has ended. Sign in again to go on.');
      return;
    }
    this.#refusedToken = used;
    try {
      await this.#session.refresh(used);
      if (this.#link !== 'ended') this.#socket.connect();
    } catch (error) {
      if (error instanceof SessionEnded) this.#endSession(error.message);
      else this.#retry();
      console.warn(reason);
    }
  }

  #endSession(message: string): void {
    this.#refusedToken = null;
    this.end();
    this.emit('lost', message);
    this.#session.end(message);
  }

  /** No token could be had now (server unreachable): give this attempt up and try again. */
  #drop(): void {
    this.#socket.disconnect();
    this.#setLink(navigator.onLine === false ? 'offline' : this.#wasOnline ? 'reconnecting' : 'connecting');
    this.#retry();
  }

  #retry(): void {
    clearTimeout(this.#retryTimer);
    const delay = Math.min(RECONNECT_MIN_MS * 2 ** this.#retries++, RECONNECT_MAX_MS) * (0.75 + Math.random() / 2);
    this.#retryTimer = setTimeout(() => {
      if (this.#link !== 'ended' && !this.#socket.connected) this.#socket.connect();
    }, delay);
  }

  readonly #onOnline = (): void => {
    if (this.#link === 'ended' || this.#socket.connected) return;
    this.#setLink(this.#wasOnline ? 'reconnecting' : 'connecting');
    // Don't sit out the rest of a back-off.
    this.#socket.disconnect().connect();
  };

  readonly #onOffline = (): void => {
    // The transport may take long to notice (or be alive, with a wrong hint from the system): engine.io closes it, we say so.
    if (this.#link !== 'ended') this.#setLink('offline');
  };

  #setLink(link: LinkState): void {
    if (this.#link === link) return;
    this.#link = link;
    this.emit('link', link);
  }
}

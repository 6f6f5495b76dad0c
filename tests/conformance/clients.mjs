// The clients that meet in a room, as people use them: REST calls, an official Socket.IO client with a record of what arrived, a client that
// sends its whole text, and a Yjs client.
import { EventEmitter } from 'node:events';
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { io } from 'socket.io-client';
import * as Y from 'yjs';

export { Y };
export const LIMIT_MS = Number(process.env.CODECHILL_TEST_LIMIT_MS ?? 15_000);
export const transports = {
  'polling only': { transports: ['polling'] },
  'websocket only': { transports: ['websocket'] },
  'polling, then upgrade': { transports: ['polling', 'websocket'] },
};

/** Waits for a promise, and says what was waited for when it takes too long. */
export async function within(promise, what, ms = LIMIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${typeof what === 'function' ? what() : what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A repeatable source of chance. The seed comes from CODECHILL_SEED or is drawn, and every test that uses one prints it. */
export function chance(t, name = 'seed') {
  const seed = Number(process.env.CODECHILL_SEED ?? randomBytes(4).readUInt32LE(0)) >>> 0;
  t?.diagnostic?.(`${name} ${seed} (repeat with CODECHILL_SEED=${seed})`);
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { seed, next, below, pick: (list) => list[below(list.length)], bytes: (n) => Uint8Array.from({ length: n }, () => below(256)) };
}

export class Api {
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  /** One request. A body that is not a string or bytes is sent as JSON; `token: null` sends none. */
  async call(method, path, body, { token = this.token, headers = {} } = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || raw ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const text = await response.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      // Not JSON: the caller looks at the text.
    }
    return { status: response.status, body: json, text, headers: response.headers, what: `${method} ${path} -> ${response.status} ${text.slice(0, 300)}` };
  }

  get(path, options) { return this.call('GET', path, undefined, options); }
  post(path, body, options) { return this.call('POST', path, body, options); }
  put(path, body, options) { return this.call('PUT', path, body, options); }
  delete(path, options) { return this.call('DELETE', path, undefined, options); }
}

/** Somebody with an account. */
export class Person extends Api {
  constructor(url, login) {
    super(url, login.access_token);
    this.refresh = login.refresh_token;
    this.user = login.user;
    this.id = login.user.id;
    this.name = login.user.name;
  }

  connect(options) { return Peer.connect(this, options); }

  /** Creates a room and returns the room object. */
  async room(fields = {}) {
    const reply = await this.post('/api/rooms', { name: 'Test room', ...fields });
    if (reply.status !== 201) throw new Error(reply.what);
    return reply.body.room;
  }

  /** Connects and joins a room, after joining its membership over REST when it needs a password. */
  async enter(roomId, { password, ...options } = {}) {
    const peer = await this.connect(options);
    peer.joined = await peer.join(roomId, password);
    return peer;
  }
}

let people = 0;
export async function guest(server, name = `Guest ${++people}`) {
  const reply = await new Api(server.url).post('/api/auth/guest', { name });
  if (reply.status !== 200 && reply.status !== 201) throw new Error(`No guest: ${reply.what}`);
  return new Person(server.url, reply.body);
}

export const guests = (server, ...names) => Promise.all(names.map((name) => guest(server, name)));

// A test that fails half-way leaves its sockets open, and an open socket keeps the test's process alive.
const open = new Set();
after(() => open.forEach((peer) => peer.close()));

/** A connected socket and the record of what arrived on it. */
export class Peer {
  #arrived = [];
  #waiting = new Set();

  constructor(socket, person) {
    this.socket = socket;
    this.person = person;
    this.changed = new EventEmitter().setMaxListeners(0);
    open.add(this);
    socket.onAny((event, ...args) => this.#record(event, args));
    this.closed = new Promise((resolve) => socket.on('disconnect', (reason) => {
      this.#record('disconnect', [reason]);
      open.delete(this);
      resolve(reason);
    }));
  }

  static async connect(person, { transports = ['websocket'], token = person.token, ...options } = {}) {
    const socket = io(person.url, { auth: { token }, transports, forceNew: true, reconnection: false, autoConnect: false, ...options });
    const peer = new Peer(socket, person);
    const connected = new Promise((resolve, reject) => {
      socket.on('connect', resolve);
      socket.on('connect_error', reject);
    });
    socket.connect();
    try {
      await within(connected, 'connect');
    } catch (failure) {
      socket.disconnect();
      throw failure;
    }
    return peer;
  }

  #record(event, args) {
    const entry = { event, args };
    this.changed.emit('event', event, ...args);
    for (const waiter of this.#waiting) {
      if (waiter.matches(entry)) {
        this.#waiting.delete(waiter);
        waiter.resolve(entry);
        return;
      }
    }
    this.#arrived.push(entry);
  }

  /** The next event that matches and that nobody has taken yet: one that has arrived, or the one that will. */
  #take(what, matches, ms) {
    const index = this.#arrived.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#arrived.splice(index, 1)[0]);
    const waiter = { matches };
    const promise = new Promise((resolve) => { waiter.resolve = resolve; });
    this.#waiting.add(waiter);
    return within(promise, () => {
      this.#waiting.delete(waiter);
      return `${this.person.name} waits for ${what} (not taken: ${JSON.stringify(this.#arrived).slice(0, 1500)})`;
    }, ms);
  }

  async next(event, matches = () => true, ms) {
    return (await this.#take(event, (entry) => entry.event === event && matches(...entry.args), ms)).args[0];
  }

  /** The next of several events: `{event, args}`. */
  nextOf(events, matches = () => true, ms) {
    return this.#take(events.join(' or '), (entry) => events.includes(entry.event) && matches(...entry.args), ms);
  }

  /** The payloads of this event that arrived and were not taken. */
  left(event) { return this.#arrived.filter((entry) => entry.event === event).map((entry) => entry.args[0]); }
  forget() { this.#arrived.length = 0; }
  send(event, ...args) { this.socket.emit(event, ...args); }

  /** Sends with an acknowledgement callback. */
  ask(event, payload, ms) {
    return within(new Promise((resolve) => this.socket.emit(event, payload, resolve)), `${this.person.name} asks ${event}`, ms);
  }

  /** After this, everything the server had sent to this socket before has arrived. */
  async barrier() { await this.ask('get_room_state', {}); }

  async join(roomId, password) {
    this.send('join_room', { room_id: roomId, ...(password === undefined ? {} : { password }) });
    const { event, args: [answer] } = await this.nextOf(['room_joined', 'error']);
    if (event === 'error') throw new Error(`join_room: ${answer.message}`);
    return answer;
  }

  /** What `asked` comes to, or the reason for which the connection ended instead. */
  orClosed(asked) { return this.socket.connected ? Promise.race([asked(), this.closed]) : this.closed; }

  close() { this.socket.disconnect(); }
}

/**
 * A whole-text client as they are in the field: it holds a text and the version of the last text it was given or had accepted, sends the whole
 * text with every keystroke without waiting for answers, and replaces its text with whatever newer text the server sends.
 */
export class TextClient {
  constructor(peer, { current_content, content_version }, { callback = false } = {}) {
    this.peer = peer;
    this.text = current_content;
    this.version = content_version;
    this.callback = callback;
    this.unanswered = [];
    this.echoes = 0;
    this.conflicts = 0;
    this.changed = new EventEmitter().setMaxListeners(0);
    const on = (event, handler) => peer.socket.on(event, (payload) => {
      handler(payload);
      this.changed.emit('changed');
    });
    on('code_updated', ({ content, version, user_id }) => {
      if (user_id === peer.person.id) this.echoes++;
      if (version > this.version) [this.text, this.version] = [content, version];
    });
    on('code_conflict', ({ current_content, current_version }) => {
      this.conflicts++;
      [this.text, this.version] = [current_content, current_version];
      if (!this.callback) this.unanswered.shift()?.resolve({ ok: false, conflict: true });
    });
    on('code_change_ack', ({ version }) => {
      if (!this.callback) this.#answered(this.unanswered.shift(), { ok: true, version });
    });
  }

  static async enter(person, roomId, options) {
    const peer = await person.connect(options);
    // The listeners must be there before the join is answered: what follows the answer may come in the same packet.
    const client = new TextClient(peer, { current_content: '', content_version: -1 }, options);
    const joined = await peer.join(roomId, options?.password);
    if (joined.content_version >= client.version) [client.text, client.version] = [joined.current_content, joined.content_version];
    return client;
  }

  #answered(change, answer) {
    if (answer.ok && answer.version > this.version) this.version = answer.version;
    change?.resolve(answer);
    this.changed.emit('changed');
  }

  /** Replaces `removed` characters at `index` and sends the result. The promise is the acknowledgement. */
  edit(index, removed, inserted, extra = {}) {
    return this.send(this.text.slice(0, index) + inserted + this.text.slice(index + removed), this.version, extra);
  }

  append(inserted, extra) { return this.edit(this.text.length, 0, inserted, extra); }

  send(content, version, extra = {}) {
    // A client holds the text of the version it names, with what it typed since.
    [this.text, this.version] = [content, version];
    const change = { content, version, ...extra };
    change.done = new Promise((resolve) => { change.resolve = resolve; });
    this.unanswered.push(change);
    const { done, resolve, ...payload } = change;
    if (this.callback) {
      this.peer.socket.emit('code_change', payload, (answer) => {
        this.unanswered.splice(this.unanswered.indexOf(change), 1);
        this.#answered(change, answer);
      });
    } else {
      this.peer.send('code_change', payload);
    }
    return within(change.done, () => `${this.peer.person.name} waits for the acknowledgement of a code_change (version ${version})`);
  }

  get idle() { return this.unanswered.length === 0; }
  close() { this.peer.close(); }
}

/** A Yjs client: a replica that sends its own updates and integrates the others'. */
export class YjsClient {
  constructor(peer, roomId, doc = new Y.Doc()) {
    this.peer = peer;
    this.roomId = roomId;
    this.doc = doc;
    this.content = doc.getText('content');
    this.unanswered = 0;
    this.refused = [];
    this.received = [];
    this.codeUpdated = 0;
    this.version = -1;
    this.changed = new EventEmitter().setMaxListeners(0);
    this.onUpdate = (update, origin) => {
      if (origin !== 'server') this.push(update);
    };
    doc.on('update', this.onUpdate);
    peer.socket.on('doc_update', ({ update, version }) => {
      this.received.push(update);
      Y.applyUpdate(this.doc, new Uint8Array(update), 'server');
      this.version = Math.max(this.version, version);
      this.changed.emit('changed');
    });
    peer.socket.on('code_updated', () => { this.codeUpdated++; });
  }

  static async enter(person, roomId, { doc, ...options } = {}) {
    const peer = await person.enter(roomId, options);
    const client = new YjsClient(peer, roomId, doc);
    await client.sync();
    return client;
  }

  /** Both halves: what the server has and we lack, then what we have and the server lacks. */
  async sync() {
    const answer = await this.peer.ask('doc_sync', { room_id: this.roomId, state_vector: Y.encodeStateVector(this.doc) });
    if (!answer.ok) throw new Error(`doc_sync: ${answer.error}`);
    this.codeUpdated = 0;
    Y.applyUpdate(this.doc, new Uint8Array(answer.update), 'server');
    this.version = Math.max(this.version, answer.version);
    const missing = Y.encodeStateAsUpdate(this.doc, new Uint8Array(answer.state_vector));
    // Two bytes: no structs, no deletes.
    if (missing.length > 2) await this.push(missing);
    this.changed.emit('changed');
    return answer;
  }

  push(update) {
    this.unanswered++;
    this.last = within(new Promise((resolve) => this.peer.socket.emit('doc_update', { room_id: this.roomId, update }, resolve)),
      () => `${this.peer.person.name} waits for the acknowledgement of a doc_update`)
      .then((answer) => {
        if (!answer.ok) this.refused.push(answer);
        return answer;
      })
      .finally(() => {
        this.unanswered--;
        this.changed.emit('changed');
      });
    this.last.catch(() => {}); // whoever cares awaits it; a killed server must not end the test process
    return this.last;
  }

  /** One transaction; the promise is the acknowledgement of its update. */
  edit(index, removed, inserted) {
    this.doc.transact(() => {
      if (removed > 0) this.content.delete(index, removed);
      if (inserted) this.content.insert(index, inserted);
    });
    return this.last;
  }

  append(inserted) { return this.edit(this.content.length, 0, inserted); }
  get text() { return this.content.toString(); }
  get idle() { return this.unanswered === 0; }

  close() {
    this.doc.off('update', this.onUpdate);
    this.peer.close();
  }
}

/** Waits until nothing is in flight and all hold the same text (and `holds` is true of it); returns the text. */
export async function converge(clients, holds = () => true, ms = LIMIT_MS) {
  const done = () => clients.every((client) => client.idle && client.text === clients[0].text) && holds(clients[0].text);
  let wake;
  const onChange = () => wake?.();
  for (const client of clients) client.changed.on('changed', onChange);
  try {
    await within((async () => {
      while (!done()) await new Promise((resolve) => { wake = resolve; });
    })(), () => `converge: ${clients.map((c) => `${c.constructor.name} v${c.version} in flight ${c.idle ? 'none' : 'some'} ${JSON.stringify(c.text.slice(0, 200))}`).join('\n  ')}\n `, ms);
  } finally {
    for (const client of clients) client.changed.off('changed', onChange);
  }
  return clients[0].text;
}

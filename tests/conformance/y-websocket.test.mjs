// The plain y-websocket protocol: the unmodified npm provider in a room with Socket.IO clients, by the same rules.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import * as encoding from 'lib0/encoding';
import * as decoding from 'lib0/decoding';
import WebSocket from 'ws';
import * as awarenessProtocol from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import { chance, converge, guests, LIMIT_MS, TextClient, within, Y, YjsClient } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { EventEmitter } from 'node:events';

let server;
// A test that fails half-way leaves its connections open, and they would keep the process alive.
const providers = new Set();
const raws = new Set();
before(async () => { server = await sharedServer(); });
after(() => {
  // The document takes its awareness with it, whose timer would keep the process alive too.
  providers.forEach((provider) => { provider.destroy(); provider.doc.destroy(); });
  raws.forEach((raw) => raw.socket.terminate());
  return server?.dispose();
});

const wsUrl = (path = '/yjs') => server.url.replace('http', 'ws') + path;

/** A provider with the face of the other clients. */
class ProviderClient {
  constructor(person, roomId, doc = new Y.Doc()) {
    this.person = person;
    this.doc = doc;
    this.content = doc.getText('content');
    this.provider = new WebsocketProvider(wsUrl(), roomId, doc, { params: { token: person.token }, WebSocketPolyfill: WebSocket, disableBc: true, maxBackoffTime: 200 });
    this.awareness = this.provider.awareness;
    this.changed = new EventEmitter().setMaxListeners(0);
    this.idle = true;
    doc.on('update', () => this.changed.emit('changed'));
    providers.add(this.provider);
  }

  static async enter(person, roomId, doc) {
    const client = new ProviderClient(person, roomId, doc);
    await client.synced();
    return client;
  }

  async synced() {
    if (!this.provider.synced) await within(new Promise((resolve) => this.provider.once('sync', resolve)), `${this.person.name} synced`);
    return this;
  }

  /** The provider takes these refusals as final; what it gets when it tries all the same. */
  again() {
    assert.equal(this.provider.shouldConnect, false, 'it would go on trying');
    const closed = this.closed();
    this.provider.connect();
    return closed;
  }

  /** The next close: `{code, reason}`. */
  closed() {
    return within(new Promise((resolve) => this.provider.once('connection-close', (event) => resolve(event))), `${this.person.name}'s connection closes`);
  }

  edit(index, removed, inserted) {
    this.doc.transact(() => {
      if (removed > 0) this.content.delete(index, removed);
      if (inserted) this.content.insert(index, inserted);
    });
  }

  append(inserted) { this.edit(this.content.length, 0, inserted); }
  get text() { return this.content.toString(); }
  get version() { return 0; }

  /** Waits until the awareness shows what is asked of it. */
  async sees(what, holds) {
    let check;
    await within(new Promise((resolve) => {
      check = () => holds(this.awareness.getStates()) && resolve();
      this.awareness.on('change', check);
      check();
    }), () => `${this.person.name} sees ${what} (${JSON.stringify([...this.awareness.getStates()])})`).finally(() => this.awareness.off('change', check));
  }

  close() {
    providers.delete(this.provider);
    this.provider.destroy();
    this.doc.destroy();
  }
}

/** A bare WebSocket of the protocol, for what the provider would not do. */
class Raw {
  constructor(path, options) {
    this.socket = new WebSocket(wsUrl(path), options);
    raws.add(this);
    this.socket.binaryType = 'arraybuffer';
    this.messages = [];
    this.socket.on('message', (data) => this.messages.push(new Uint8Array(data)));
    this.socket.on('error', () => {});
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  }

  static async open(path, options) {
    const raw = new Raw(path, options);
    await within(once(raw.socket, 'open'), `open ${path}`);
    return raw;
  }

  send(...parts) {
    const encoder = encoding.createEncoder();
    for (const part of parts) part instanceof Uint8Array ? encoding.writeVarUint8Array(encoder, part) : encoding.writeVarUint(encoder, part);
    this.socket.send(encoding.toUint8Array(encoder));
  }

  /** The first message of a type that has arrived or will: its decoder behind the type. */
  async next(...types) {
    const matches = (message) => types.every((type, i) => message[i] === type);
    for (;;) {
      const index = this.messages.findIndex(matches);
      if (index >= 0) {
        const decoder = decoding.createDecoder(this.messages.splice(index, 1)[0]);
        types.forEach(() => decoding.readVarUint(decoder));
        return decoder;
      }
      await within(once(this.socket, 'message'), `a message ${types}`);
    }
  }
}

async function world(fields = {}) {
  const [ada, bob, eve] = await guests(server, 'Ada', 'Bob', 'Eve');
  const { id } = await ada.room(fields);
  return { ada, bob, eve, id };
}

describe('in a room', () => {
  test('providers, Yjs sockets and whole-text sockets type together', async (t) => {
    const { ada, bob, eve, id } = await world();
    const dice = chance(t);
    const provider = await ProviderClient.enter(ada, id);
    const other = await ProviderClient.enter(bob, id);
    const yjs = await YjsClient.enter(eve, id);
    const whole = await TextClient.enter(bob, id);
    assert.equal(provider.text, whole.text, 'the template');
    const everybody = [provider, other, yjs, whole];
    const typed = [];
    for (let i = 0; i < 120; i++) {
      const client = dice.pick(everybody);
      const word = `<${i}>`;
      typed.push(word);
      const length = client.text.length;
      // Not awaited: several are under way at once.
      const done = client.edit(dice.below(length + 1), 0, word);
      done?.catch?.(() => {});
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    const count = (text) => [...text].filter((c) => c === '<').length;
    const text = await converge(everybody, (text) => count(text) >= typed.length);
    // Words may be typed into each other; their characters are all there, once.
    const template = everybody[3] && count(text) - typed.length;
    assert.ok(template >= 0, 'nothing is missing');
    const { update } = await yjs.sync();
    Y.applyUpdate(yjs.doc, new Uint8Array(update));
    assert.equal(yjs.text, text);
    everybody.forEach((client) => client.close());
  });

  test('an edit of a provider is stored: it is there after everybody has left', async () => {
    const { ada, bob, id } = await world();
    const provider = await ProviderClient.enter(ada, id);
    const watcher = await TextClient.enter(bob, id);
    provider.append('kept');
    await converge([provider, watcher], (text) => text.endsWith('kept'));
    [provider, watcher].forEach((client) => client.close());
    const back = await ProviderClient.enter(bob, id);
    assert.ok(back.text.endsWith('kept'));
    back.close();
  });

  test('what was typed while the connection was away comes with the next one', async () => {
    const { ada, bob, id } = await world();
    const provider = await ProviderClient.enter(ada, id);
    const watcher = await YjsClient.enter(bob, id);
    provider.provider.disconnect();
    provider.append('offline ');
    await watcher.append('meanwhile ');
    provider.provider.connect();
    await converge([provider, watcher], (text) => text.includes('offline') && text.includes('meanwhile'));
    [provider, watcher].forEach((client) => client.close());
  });

  test('the person is in the room: presence and participants', async () => {
    const { ada, bob, id } = await world();
    const watcher = await ada.enter(id);
    const provider = await ProviderClient.enter(bob, id);
    assert.equal((await watcher.next('user_joined')).user_id, bob.id);
    const state = await watcher.ask('get_room_state', {});
    assert.deepEqual(state.participants.filter((p) => p.is_online).map((p) => p.user_id).sort(), [ada.id, bob.id].sort());
    // A second tab is not a second person.
    const tab = await ProviderClient.enter(bob, id);
    tab.close();
    provider.close();
    assert.equal((await watcher.next('user_left')).user_id, bob.id);
    assert.deepEqual(watcher.left('user_joined'), []);
    watcher.close();
  });

  test('awareness goes both ways, is told to newcomers, and goes with the connection', async () => {
    const { ada, bob, eve, id } = await world();
    const provider = await ProviderClient.enter(ada, id);
    provider.awareness.setLocalStateField('user', { name: 'Ada' });
    const socket = await YjsClient.enter(bob, id);
    const local = new awarenessProtocol.Awareness(socket.doc);
    socket.peer.socket.on('awareness_update', ({ update }) => awarenessProtocol.applyAwarenessUpdate(local, new Uint8Array(update), 'server'));
    local.setLocalStateField('user', { name: 'Bob' });
    assert.equal((await socket.peer.ask('awareness_update', { room_id: id, update: awarenessProtocol.encodeAwarenessUpdate(local, [local.clientID]) })).ok, true);
    await provider.sees('Bob', (states) => states.get(local.clientID)?.user?.name === 'Bob');

    const late = await ProviderClient.enter(eve, id);
    await late.sees('both', (states) => states.get(local.clientID)?.user?.name === 'Bob' && states.get(provider.doc.clientID)?.user?.name === 'Ada');
    provider.awareness.setLocalStateField('user', { name: 'Ada moved' });
    await late.sees('the move', (states) => states.get(provider.doc.clientID)?.user?.name === 'Ada moved');
    await within((async () => {
      while (local.getStates().get(provider.doc.clientID)?.user?.name !== 'Ada moved') await once(socket.peer.changed, 'event');
    })(), 'the socket hears of it');

    provider.close();
    await late.sees('Ada gone', (states) => !states.has(provider.doc.clientID));
    socket.close();
    await late.sees('Bob gone', (states) => !states.has(local.clientID));
    late.close();
    local.destroy();
  });

  test('an update reaches others byte for byte as it was sent', async () => {
    const { ada, bob, id } = await world();
    const a = await Raw.open(`/yjs/${id}?token=${ada.token}`);
    const b = await Raw.open(`/yjs/${id}?token=${bob.token}`);
    b.send(0, 0, Uint8Array.of(0));
    await b.next(0, 1);
    const doc = new Y.Doc();
    doc.getText('content').insert(0, 'bytes');
    const update = Y.encodeStateAsUpdate(doc);
    a.send(0, 2, update);
    assert.deepEqual(decoding.readVarUint8Array(await b.next(0, 2)), update);
    a.socket.close();
    b.socket.close();
  });

  test('sync step 1 comes from the server, is answered with step 2; awareness can be asked for', async () => {
    const { ada, bob, id } = await world();
    const provider = await ProviderClient.enter(bob, id);
    provider.awareness.setLocalStateField('user', { name: 'Bob' });
    const raw = await Raw.open(`/yjs/${id}?token=${ada.token}`);
    raw.send(0, 0, Uint8Array.of(0));
    const stateVector = decoding.readVarUint8Array(await raw.next(0, 0));
    assert.ok(Y.decodeStateVector(stateVector).size > 0);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, decoding.readVarUint8Array(await raw.next(0, 1)));
    assert.equal(doc.getText('content').toString(), provider.text);
    raw.messages.length = 0;
    raw.send(3);
    const states = decoding.readVarUint8Array(await raw.next(1));
    assert.match(Buffer.from(states).toString('latin1'), /Bob/);
    raw.socket.close();
    provider.close();
  });
});

describe('who may come in', () => {
  const refusal = async (path, code, reason) => {
    const raw = await Raw.open(path);
    const decoder = await raw.next(2, 0);
    assert.match(decoding.readVarString(decoder), reason);
    assert.equal((await within(raw.closed, 'the close')).code, code);
    assert.ok(raw.messages.every((message) => message[0] === 2), 'nothing of the room was told');
  };

  test('no token, a bad one, a refresh token', async () => {
    const { ada, id } = await world();
    await refusal(`/yjs/${id}`, 4401, /token required/i);
    await refusal(`/yjs/${id}?token=nonsense`, 4401, /invalid token/i);
    await refusal(`/yjs/${id}?token=${ada.refresh}`, 4401, /invalid token/i);
    await refusal(`/yjs/${id}?token=${ada.token}&token=${ada.token}`, 4401, /token required/i);
  });

  test('no such room', async () => {
    const { ada } = await world();
    await refusal(`/yjs/6d0e0a52-0000-4000-8000-000000000000?token=${ada.token}`, 4404, /room not found/i);
    await refusal(`/yjs/what?token=${ada.token}`, 4404, /room not found/i);
  });

  test('a private room needs membership, a public one makes a member', async () => {
    const { ada, bob, eve, id } = await world({ is_private: true, password: 'sesame' });
    await refusal(`/yjs/${id}?token=${eve.token}`, 4403, /access denied/i);
    await bob.post(`/api/rooms/${id}/join`, { password: 'sesame' });
    (await ProviderClient.enter(bob, id)).close();
    const open = await ada.room();
    (await ProviderClient.enter(eve, open.id)).close();
    assert.ok((await eve.get('/api/rooms/my-rooms')).body.rooms.some((room) => room.id === open.id));
  });

  test('a full room lets nobody else in', async () => {
    const { bob, eve, id } = await world({ max_participants: 2 });
    const inside = await ProviderClient.enter(bob, id);
    await refusal(`/yjs/${id}?token=${eve.token}`, 1013, /full/i);
    inside.close();
  });

  test('a page of another site is refused at the handshake', async () => {
    const { ada, id } = await world();
    const status = (origin) => new Promise((resolve) => {
      const socket = new WebSocket(wsUrl(`/yjs/${id}?token=${ada.token}`), { origin });
      socket.on('open', () => { resolve('open'); socket.terminate(); });
      socket.on('unexpected-response', (_, response) => { resolve(response.statusCode); response.destroy(); });
      socket.on('error', () => {});
    });
    assert.equal(await within(status('https://evil.example'), 'foreign origin'), 403);
    assert.equal(await within(status(server.url), 'own origin'), 'open');
    const plain = await fetch(`${server.url}/yjs/${id}?token=${ada.token}`);
    assert.equal(plain.status, 426);
  });

  test('no token is ever written to the log', async () => {
    const { ada, id } = await world();
    (await ProviderClient.enter(ada, id)).close();
    assert.ok(!server.logs.includes(ada.token));
  });
});

describe('who has to go', () => {
  test('the session ends: closed, and not let in again', async () => {
    const { bob, id } = await world();
    const provider = await ProviderClient.enter(bob, id);
    const closed = provider.closed();
    assert.equal((await bob.post('/api/auth/logout')).status, 200);
    assert.equal((await closed).code, 4401);
    assert.equal((await provider.again()).code, 4401, 'the next try');
    provider.close();
  });

  test('leaving over REST: closed, and a provider that comes back by itself does not undo it', async () => {
    const { ada, bob, id } = await world();
    const watcher = await TextClient.enter(ada, id);
    const provider = await ProviderClient.enter(bob, id);
    const closed = provider.closed();
    assert.equal((await bob.post(`/api/rooms/${id}/leave`)).status, 200);
    assert.equal((await closed).code, 4403);
    assert.equal((await provider.again()).code, 4403);
    await watcher.append('behind closed doors');
    assert.equal((await ada.get(`/api/rooms/${id}/participants`)).body.participants.length, 1);
    assert.ok(!provider.text.includes('behind'));
    // Asking to be let in again is another matter.
    await bob.post(`/api/rooms/${id}/join`);
    provider.provider.connect();
    await provider.synced();
    [watcher, provider].forEach((client) => client.close());
  });

  test('the room is deleted', async () => {
    const { ada, bob, id } = await world();
    const provider = await ProviderClient.enter(bob, id);
    const closed = provider.closed();
    assert.equal((await ada.delete(`/api/rooms/${id}`)).status, 200);
    assert.equal((await closed).code, 4404);
    assert.equal((await provider.again()).code, 4404);
    provider.close();
  });

  test('the account is deleted', async () => {
    const { bob, id } = await world();
    const provider = await ProviderClient.enter(bob, id);
    const closed = provider.closed();
    assert.equal((await bob.delete('/api/auth/delete-account')).status, 200);
    assert.ok([4401, 4403].includes((await closed).code));
    provider.close();
  });
});

describe('what a client may send', () => {
  const breaks = (name, code, send) => test(name, async () => {
    const { ada, bob, id } = await world();
    const bystander = await ProviderClient.enter(bob, id);
    const raw = await Raw.open(`/yjs/${id}?token=${ada.token}`);
    await send(raw);
    // While a client is still sending, a reset may overtake the close frame.
    assert.ok([code, ...(/message over/.test(name) ? [1006] : [])].includes((await within(raw.closed, 'the close')).code));
    const watcher = await TextClient.enter(ada, id);
    bystander.append('unharmed');
    await converge([bystander, watcher], (text) => text.endsWith('unharmed'));
    [bystander, watcher].forEach((client) => client.close());
  });
  breaks('an update that is none', 4400, (raw) => raw.send(0, 2, Uint8Array.of(9, 9, 9, 9)));
  breaks('a state vector that is none', 4400, (raw) => raw.send(0, 0, Uint8Array.of(200, 200)));
  breaks('an awareness update that is none', 4400, (raw) => raw.send(1, Uint8Array.of(7)));
  breaks('a cut message', 4400, (raw) => raw.socket.send(Uint8Array.of(0, 2, 100, 1)));
  breaks('an empty message', 4400, (raw) => raw.socket.send(Uint8Array.of()));
  breaks('an unknown sync step', 4400, (raw) => raw.socket.send(Uint8Array.of(0, 9, 0)));
  breaks('text', 4400, (raw) => raw.socket.send('hello'));
  breaks('an update over the limit', 4413, (raw) => raw.send(0, 2, new Uint8Array(900_001)));
  breaks('a message over the limit', 4413, (raw) => raw.socket.send(new Uint8Array(1_000_000)));
  breaks('a message over the limit, in fragments', 4413, (raw) => {
    for (let i = 0; i < 20; i++) raw.socket.send(new Uint8Array(60_000), { fin: false });
  });

  test('a message type of a later protocol is passed over', async () => {
    const { ada, id } = await world();
    const raw = await Raw.open(`/yjs/${id}?token=${ada.token}`);
    raw.socket.send(Uint8Array.of(120, 1, 0));
    raw.send(0, 0, Uint8Array.of(0));
    await raw.next(0, 1);
    raw.socket.close();
  });

  test('a text at the limit of one update goes through', async () => {
    const { ada, bob, id } = await world();
    const [a, b] = [await ProviderClient.enter(ada, id), await ProviderClient.enter(bob, id)];
    a.append('x'.repeat(890_000));
    await converge([a, b], (text) => text.length > 890_000);
    [a, b].forEach((client) => client.close());
  });

  test('a client that waits for the server to speak first hears it', async () => {
    const { ada, id } = await world();
    const raw = await Raw.open(`/yjs/${id}?token=${ada.token}`);
    assert.ok(decoding.readVarUint8Array(await raw.next(0, 0)).length > 1);
    raw.socket.close();
  });

  test('a reader who does not read is dropped, the others go on, and it comes back to the whole text', async () => {
    const { ada, bob, id } = await world();
    const writer = await YjsClient.enter(ada, id);
    const stuck = await Raw.open(`/yjs/${id}?token=${bob.token}`);
    stuck.send(0, 0, Uint8Array.of(0));
    await stuck.next(0, 1);
    stuck.socket._socket.pause();
    let length = 0;
    for (let i = 0; i < 60; i++) {
      // The document stays small; what was sent doesn't.
      await writer.edit(0, Math.min(length, writer.content.length), String.fromCharCode(97 + (i % 26)).repeat(200_000));
      length = 200_000;
    }
    const members = async () => (await writer.peer.ask('get_room_state', {})).participants.filter((p) => p.is_online).map((p) => p.user_id);
    await within((async () => {
      while ((await members()).includes(bob.id)) await writer.append('.');
    })(), 'the stuck reader is out of the room');
    const back = await ProviderClient.enter(bob, id);
    await converge([writer, back]);
    [writer, back].forEach((client) => client.close());
    stuck.socket.terminate();
  });
});

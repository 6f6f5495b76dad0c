// Events, updates and requests of the wrong shape, from somebody who is inside the room: refused or harmless, and the two who work in the same
// server notice nothing. Write access lets a peer change the text; it must never let it break the document or another client.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chance, guest, guests, TextClient, within, Y, YjsClient } from '../../conformance/clients.mjs';
import { ServerProcess } from '../../conformance/server.mjs';
import { Bystanders } from '../bystanders.mjs';

const server = new ServerProcess();
let bystanders;
before(async () => {
  await server.start();
  bystanders = await Bystanders.start(server);
});
after(() => server.dispose());

const deep = (depth) => {
  let value = {};
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
};
const bytes = (...list) => Uint8Array.of(...list);

/** Values that no field expects. */
const odd = [
  undefined, null, true, 0, -1, 1.5, 1e308, 2 ** 53, '', 'x', '\ud800', '\u0000', 'x'.repeat(50_000), [], [[]], [1, 2, 3], {}, { toString: 1, __proto__: null },
  { length: 1e9 }, deep(30), deep(500), bytes(), bytes(255, 255, 255, 255), { _placeholder: true, num: 0 }, '00000000-0000-0000-0000-000000000000',
];
const events = {
  join_room: ['room_id', 'password'],
  leave_room: ['room_id'],
  code_change: ['content', 'version', 'cursor_position', 'operation_id'],
  cursor_update: ['cursor_position'],
  send_message: ['content', 'type', 'reply_to'],
  execute_code: ['source_code', 'language', 'input'],
  get_room_state: ['room_id'],
  doc_sync: ['room_id', 'state_vector'],
  doc_update: ['room_id', 'update'],
  awareness_update: ['room_id', 'update'],
};
const valid = (id) => ({
  join_room: { room_id: id }, leave_room: { room_id: id }, code_change: { content: 'text', version: 1 }, cursor_update: { cursor_position: { line: 1 } },
  send_message: { content: 'x' }, execute_code: { source_code: '1', language: 'klingon' }, get_room_state: { room_id: id },
  doc_sync: { room_id: id, state_vector: bytes(0) }, doc_update: { room_id: id, update: bytes(0, 0) }, awareness_update: { room_id: id, update: bytes(0) },
});

describe('events of the wrong shape', { concurrency: 4 }, () => {
  for (const [event, fields] of Object.entries(events)) {
    test(`${event}: ${odd.length} odd payloads and ${fields.length * odd.length} odd fields, each answered`, async () => {
      const mallory = await guest(server, 'Mallory');
      const { id } = await mallory.room();
      let peer = await mallory.enter(id);
      const attempt = async (payload) => {
        if (!peer.socket.connected) peer = await mallory.enter(id);
        // Answered, or the connection ended: never silence.
        const fate = await within(Promise.race([new Promise((resolve) => peer.socket.emit(event, payload, (answer) => resolve(answer ?? 'empty'))), peer.closed]),
          () => `${event} ${JSON.stringify(payload)?.slice(0, 200)}`, 5_000);
        if (typeof fate === 'object') assert.equal(typeof fate.ok, 'boolean', JSON.stringify(fate));
        if (event === 'leave_room' || event === 'join_room') await peer.orClosed(() => peer.ask('join_room', { room_id: id }));
      };
      for (const payload of odd) await attempt(payload);
      for (const field of fields) for (const value of odd) await attempt({ ...valid(id)[event], [field]: value });
      peer.send(event);
      peer.send(event, null, undefined, 7);
      const fate = await peer.orClosed(() => peer.ask('join_room', { room_id: id }));
      assert.ok(typeof fate === 'string' || typeof fate.ok === 'boolean', JSON.stringify(fate));
      peer.close();
    });
  }

  test('a cursor with anything in it is passed on as it is, or refused, but nobody is thrown out', async () => {
    const [mallory, bob] = await guests(server, 'Mallory', 'Bob');
    const { id } = await mallory.room();
    let peer = await mallory.enter(id);
    const watcher = await bob.enter(id);
    for (const cursor_position of odd) {
      if (!peer.socket.connected) peer = await mallory.enter(id);
      await peer.orClosed(() => peer.ask('cursor_update', { cursor_position }));
    }
    await watcher.barrier();
    assert.equal(watcher.socket.connected, true);
    watcher.close();
  });
});

describe('Yjs updates', { concurrency: 2 }, () => {
  /** A room with an attacker's socket, a whole-text reader and a replica that gets what the server passes on. */
  async function arena() {
    const [mallory, bob, cid] = await guests(server, 'Mallory', 'Bob', 'Cid');
    const { id } = await mallory.room();
    const starter = await TextClient.enter(mallory, id);
    await starter.send('function add(a, b) { return a + b; }\n', starter.version);
    starter.close();
    return { mallory, cid, id, peer: await mallory.enter(id), reader: await TextClient.enter(bob, id), replica: await YjsClient.enter(cid, id) };
  }

  /** The server's document as a newcomer gets it, both ways. */
  async function truth(person, id) {
    const doc = new Y.Doc();
    const peer = await person.enter(id);
    const answer = await peer.ask('doc_sync', { room_id: id, state_vector: bytes(0) });
    Y.applyUpdate(doc, new Uint8Array(answer.update));
    peer.close();
    assert.equal(doc.getText('content').toString(), peer.joined.current_content, 'the two dialects disagree about the text');
    return doc.getText('content').toString();
  }

  const huge = [255, 255, 255, 255, 255, 255, 255, 255, 127];
  for (const [name, update] of Object.entries({
    'empty': bytes(),
    'one byte': bytes(0),
    'a varint that never ends': Uint8Array.from({ length: 1000 }, () => 255),
    '2^60 clients': bytes(...huge, 0),
    '2^60 structs': bytes(1, ...huge, 1, 0),
    'client id of 2^63': bytes(1, 1, ...huge, 0, 4, 1, 1, 97, 1, 97, 0),
    'clock of 2^60': bytes(1, 1, 1, ...huge, 4, 1, 1, 97, 1, 97, 0),
    'a string longer than the rest': bytes(1, 1, 1, 0, 4, 1, 7, 99, 111, 110, 116, 101, 110, 116, 255, 255, 127, 97, 0),
    'invalid UTF-8': bytes(1, 1, 1, 0, 4, 1, 7, 99, 111, 110, 116, 101, 110, 116, 2, 0xc3, 0x28, 0),
    'unknown content type': bytes(1, 1, 1, 0, 31, 1, 1, 97, 0),
    'GC of 2^60': bytes(1, 1, 1, 0, 0, ...huge, 0),
    'skip of 2^60': bytes(1, 1, 1, 0, 10, ...huge, 0),
    'deletes: 2^60 clients': bytes(0, ...huge),
    'deletes: 2^60 ranges': bytes(0, 1, 1, ...huge),
    'deletes: a range of 2^60': bytes(0, 1, 1, 1, 0, ...huge),
    'bytes after the end': bytes(0, 0, 1, 2, 3),
    'version 2 of the encoding': (() => { const doc = new Y.Doc(); doc.getText('content').insert(0, 'v2'); return Y.encodeStateAsUpdateV2(doc); })(),
    'a megabyte of nothing': new Uint8Array(900_000),
    'a run-length bomb of the second encoding': bytes(0, 0, 6, 255, 255, 255, 255, 255, 15, 0, 0, 0, 1, 4, 255, 255, 255, 15, 0, 0, 1, 1, 1, 1, 0, 0, 0),
  })) {
    test(`${name}: answered at once, the document is sound`, async () => {
      const { mallory, cid, id, peer, reader, replica } = await arena();
      const before = await truth(mallory, id);
      const asked = performance.now();
      const fate = await Promise.race([peer.ask('doc_update', { room_id: id, update }, 5_000), peer.closed]);
      const took = performance.now() - asked;
      assert.ok(took < 3_000, `${took} ms`);
      if (typeof fate === 'object' && fate.ok === false) {
        assert.equal(typeof fate.error, 'string');
        assert.equal(await truth(mallory, id), before, 'a refused update changed the document');
      }
      // Everybody else types on.
      await reader.append('// on\n');
      const text = await truth(cid, id);
      assert.ok(text.includes('// on'));
      await replica.append('// and on\n');
      assert.deepEqual(replica.refused, []);
      [peer, reader, replica].forEach((client) => client.close());
    });
  }

  for (const what of ['doc_update', 'doc_sync', 'awareness_update']) {
    test(`${what}: 150 mutations of valid bytes`, async (t) => {
      const dice = chance(t);
      const { mallory, id, peer: first, reader, replica } = await arena();
      let peer = first;
      const doc = new Y.Doc();
      Y.applyUpdate(doc, new Uint8Array((await peer.ask('doc_sync', { room_id: id, state_vector: bytes(0) })).update));
      let update;
      doc.on('update', (bytes) => { update = bytes; });
      const fates = { taken: 0, refused: 0, closed: 0 };
      const sent = [];
      for (let i = 0; i < 150; i++) {
        doc.transact(() => {
          const content = doc.getText('content');
          content.insert(dice.below(content.length + 1), dice.pick(['a', 'bc', '👋', 'line\n', 'é']));
          if (dice.next() < 0.4) content.delete(dice.below(content.length - 1), 1);
        });
        const source = what === 'doc_update' ? (dice.next() < 0.3 ? Y.encodeStateAsUpdate(doc) : update) : what === 'doc_sync' ? Y.encodeStateVector(doc) : bytes(1, 5, 1, 7, 123, 34, 97, 34, 58, 49, 125);
        const mutated = [...source];
        for (let n = 1 + dice.below(3); n > 0; n--) {
          const at = dice.below(mutated.length + 1);
          [() => mutated.splice(at, 1), () => mutated.splice(at, 0, dice.pick([0, 1, 127, 128, 255, dice.below(256)])), () => { mutated[at % mutated.length] ^= 1 << dice.below(8); },
            () => { mutated.length = at; }, () => mutated.splice(at, 0, ...mutated.slice(at, at + dice.below(8)))][dice.below(5)]();
        }
        // Syncing is allowed a few dozen times at once: beyond that it would be the limiter that is tested.
        if (what === 'doc_sync' && i % 40 === 39) {
          peer.close();
          const [next] = await guests(server, 'Mallory again');
          peer = await next.enter(id);
        }
        if (!peer.socket.connected) peer = await (peer.person ?? mallory).enter(id);
        const payload = what === 'doc_sync' ? { room_id: id, state_vector: Uint8Array.from(mutated) } : { room_id: id, update: Uint8Array.from(mutated) };
        const fate = await Promise.race([peer.ask(what, payload, 5_000), peer.closed]);
        const ended = typeof fate === 'string' ? 'closed' : fate.ok ? 'taken' : 'refused';
        fates[ended]++;
        sent.push(`${ended} ${Buffer.from(mutated).toString('hex')}`);
      }
      assert.ok(what === 'awareness_update' || fates.refused > 10, `nothing was refused, seed ${dice.seed}: ${JSON.stringify(fates)}`);
      t.diagnostic(`seed ${dice.seed}: ${JSON.stringify(fates)}`);
      // What was taken, the server and Yjs understand alike: both dialects and a replica that got only what was passed on hold one text.
      const text = await truth(mallory, id);
      await replica.sync();
      const record = () => `seed ${dice.seed} (CODECHILL_SEED); what was passed on, in order:\n${replica.received.map((bytes) => Buffer.from(bytes).toString('hex')).join('\n')}\nwhat was sent and how it ended:\n${sent.join('\n')}\n`;
      assert.equal(replica.text, text, replica.text === text ? '' : record());
      await reader.append('// on\n');
      assert.ok((await truth(mallory, id)).includes('// on'));
      [peer, reader, replica].forEach((client) => client.close());
    });
  }

  test('a document is not grown past its limit, by either dialect', async () => {
    const { mallory, id, peer } = await arena();
    const doc = new Y.Doc();
    Y.applyUpdate(doc, new Uint8Array((await peer.ask('doc_sync', { room_id: id, state_vector: bytes(0) })).update));
    let update;
    doc.on('update', (bytes) => { update = bytes; });
    let refusedAt = 0;
    for (let i = 1; i <= 16 && !refusedAt; i++) {
      doc.getText('content').insert(0, 'x'.repeat(200_000));
      const fate = await Promise.race([peer.ask('doc_update', { room_id: id, update }), peer.closed]);
      if (typeof fate === 'string' || !fate.ok) refusedAt = i;
    }
    assert.ok(refusedAt > 0, '3.2 million characters were taken');
    assert.ok((await truth(mallory, id)).length <= 1_100_000);
    peer.close();
  });
});

describe('requests of the wrong shape', { concurrency: 4 }, () => {
  test('every route with odd fields answers 4xx or success, never 5xx', async () => {
    const mallory = await guest(server, 'Mallory');
    const { id } = await mallory.room();
    const said = (await mallory.post(`/api/chat/room/${id}/messages`, { content: 'x' })).body.data.id;
    for (const [method, path, fields] of [
      ['POST', '/api/rooms', ['name', 'description', 'language', 'is_private', 'password', 'max_participants']],
      ['PUT', `/api/rooms/${id}`, ['name', 'description', 'language', 'max_participants']],
      ['POST', `/api/rooms/${id}/join`, ['password']],
      ['POST', `/api/chat/room/${id}/messages`, ['content', 'message_type', 'reply_to']],
      ['PUT', `/api/chat/messages/${said}`, ['content']],
      ['POST', '/api/execution/submit', ['room_id', 'language', 'source_code', 'input_data']],
      ['PUT', '/api/users/profile', ['name', 'github_username', 'leetcode_username', 'codeforces_username']],
      ['POST', '/api/auth/guest', ['name']],
      ['POST', '/api/auth/register', ['email', 'password', 'name']],
      ['POST', '/api/auth/login', ['email', 'password']],
    ]) {
      for (const field of fields) {
        for (const value of odd) {
          const reply = await mallory.call(method, path, { [field]: value instanceof Uint8Array ? [...value] : value });
          assert.ok(reply.status < 500, `${field}=${JSON.stringify(value)?.slice(0, 80)}: ${reply.what}`);
          if (reply.status >= 400) assert.equal(typeof reply.body?.error, 'string', reply.what);
        }
      }
    }
  });

  test('odd paths and queries answer 4xx or success, never 5xx', async () => {
    const mallory = await guest(server, 'Mallory');
    const { id } = await mallory.room();
    const words = ['%00', '%ff', '..%2f..%2fetc', "'%20OR%201=1--", '%F0%9F%91%8B', 'x'.repeat(4000), '[]', '-1', '9'.repeat(40), '%252e', 'null'];
    for (const word of words) {
      for (const path of [`/api/rooms/${word}`, `/api/chat/room/${word}/messages`, `/api/execution/${word}/result`, `/api/users/${word}/profile`, `/api/rooms?search=${word}`,
        `/api/rooms?page=${word}&per_page=${word}`, `/api/rooms?language=${word}`, `/api/users/search?q=${word}`, `/api/chat/room/${id}/search?q=${word}`, `/api/chat/room/${id}/messages?page=${word}`, `/${word}`]) {
        const reply = await mallory.get(path);
        assert.ok(reply.status < 500, reply.what);
      }
    }
  });
});

test('the bystanders noticed nothing', (t) => bystanders.stop(t));

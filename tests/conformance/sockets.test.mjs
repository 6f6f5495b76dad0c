// Every Socket.IO event of the contract, with the official client, on every transport.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import { guest, guests, TextClient, transports, Y, YjsClient } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { anything, bytes, exactly, int, listOf, match, maybe, message, participant, room, string, text, uuid } from './shapes.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

for (const [how, options] of Object.entries(transports)) {
  describe(how, () => {
    /** Ada's room with Ada and Bob in it, on this transport. */
    async function pair(fields) {
      const [ada, bob] = await guests(server, 'Ada', 'Bob');
      const { id } = await ada.room(fields);
      const a = await ada.enter(id, options);
      const b = await bob.enter(id, options);
      await a.next('user_joined', (joined) => joined.user_id === bob.id);
      return { ada, bob, a, b, id, close: () => [a, b].forEach((peer) => peer.close()) };
    }

    test('connected, then room_joined; the others hear user_joined', async () => {
      const [ada, bob] = await guests(server, 'Ada', 'Bob');
      const { id } = await ada.room({ language: 'python' });
      const a = await ada.connect(options);
      match(await a.next('connected'), { message: text });
      if (how.includes('upgrade')) {
        if (a.socket.io.engine.transport.name !== 'websocket') await new Promise((resolve) => a.socket.io.engine.once('upgrade', resolve));
        assert.equal(a.socket.io.engine.transport.name, 'websocket');
      } else {
        assert.equal(a.socket.io.engine.transport.name, options.transports[0]);
      }
      a.send('join_room', { room_id: id });
      const joined = match(await a.next('room_joined'), { room_id: exactly(id), room_data: room, current_content: text, content_version: exactly(1) });
      assert.equal(joined.room_data.id, id);

      const b = await bob.enter(id, options);
      match(await a.next('user_joined'), { user_id: exactly(bob.id), user_name: exactly('Bob'), user_picture: maybe(string), room_id: exactly(id) });
      await b.barrier();
      assert.deepEqual(b.left('user_joined').filter((joined) => joined.user_id === bob.id), [], 'nobody is told of their own arrival');
      [a, b].forEach((peer) => peer.close());
    });

    test('leave_room and disconnect are told to the others', async () => {
      const { bob, a, b, id, close } = await pair();
      b.send('leave_room', { room_id: id });
      match(await b.next('room_left'), { room_id: exactly(id) });
      match(await a.next('user_left'), { user_id: exactly(bob.id), room_id: exactly(id) });
      b.send('send_message', { content: 'from outside' });
      match(await b.next('error'), { message: exactly('Not in a room') });

      await b.join(id);
      await a.next('user_joined');
      b.send('leave_room', {});
      match(await b.next('room_left'), { room_id: exactly(id) });
      await a.next('user_left');

      await b.join(id);
      await a.next('user_joined');
      b.close();
      match(await a.next('user_left'), { user_id: exactly(bob.id), room_id: exactly(id) });
      close();
    });

    test('joining another room leaves the first', async () => {
      const { bob, a, b, id, close } = await pair();
      const other = await bob.room();
      await b.join(other.id);
      match(await a.next('user_left'), { user_id: exactly(bob.id), room_id: exactly(id) });
      a.send('send_message', { content: 'for the first room' });
      await a.next('new_message');
      await b.barrier();
      assert.deepEqual(b.left('new_message'), []);
      close();
    });

    test('code_change is acknowledged to its author and shown to the others', async () => {
      const { ada, a, b, close } = await pair();
      const content = 'console.log("ünï 👋");\n';
      a.send('code_change', { content, version: a.joined.content_version, cursor_position: { line: 1, column: 4, note: [1, { x: null }] } });
      const ack = match(await a.next('code_change_ack'), { version: int, success: exactly(true) });
      assert.ok(ack.version > 1);
      const shown = match(await b.next('code_updated'), { content: exactly(content), version: int, user_id: exactly(ada.id), cursor_position: anything });
      assert.equal(shown.version, ack.version);
      assert.deepEqual(shown.cursor_position, { line: 1, column: 4, note: [1, { x: null }] });
      await a.barrier();
      assert.deepEqual(a.left('code_updated'), [], 'a text that was taken as it is gets no echo');
      close();
    });

    test('cursors are shown to the others as they are', async () => {
      const { ada, a, b, close } = await pair();
      const cursor_position = { line: 3, column: 14, selection: { from: [1, 2], to: null }, colour: '#f00' };
      a.send('cursor_update', { cursor_position });
      assert.deepEqual(match(await b.next('cursor_moved'), { user_id: exactly(ada.id), cursor_position: anything }).cursor_position, cursor_position);
      await a.barrier();
      assert.deepEqual(a.left('cursor_moved'), []);
      close();
    });

    test('a chat message comes to everyone, the author too', async () => {
      const { ada, a, b, id, close } = await pair();
      a.send('send_message', { content: 'Hello 👋 <b>', type: 'code' });
      const [own, others] = await Promise.all([a, b].map((peer) => peer.next('new_message')));
      match(own, message);
      assert.deepEqual(own, others);
      assert.deepEqual([own.content, own.message_type, own.user_id, own.room_id], ['Hello 👋 <b>', 'code', ada.id, id]);
      a.send('send_message', { content: 'plain' });
      assert.equal((await b.next('new_message')).message_type, 'text');
      assert.deepEqual((await ada.get(`/api/chat/room/${id}/messages`)).body.messages.map((m) => m.content), ['Hello 👋 <b>', 'plain']);
      close();
    });

    test('get_room_state tells all', async () => {
      const { ada, bob, a, b, id, close } = await pair();
      // Half each: nobody may say more than a few dozen things at once.
      for (let i = 0; i < 53; i++) assert.equal((await [a, b][i % 2].ask('send_message', { content: `m${i}` })).ok, true);
      a.send('get_room_state', {});
      const state = match(await a.next('room_state'), { room, content: text, version: int, participants: listOf(participant), recent_messages: listOf(message) });
      assert.equal(state.room.id, id);
      assert.deepEqual(state.recent_messages.map((m) => m.content), Array.from({ length: 50 }, (_, i) => `m${i + 3}`));
      assert.deepEqual(state.participants.map((p) => p.user_id).sort(), [ada.id, bob.id].sort());
      a.send('get_room_state', { room_id: id });
      assert.equal((await a.next('room_state')).content, state.content);
      close();
    });

    test('Yjs: doc_sync, doc_update and awareness_update carry bytes both ways', async () => {
      const { ada, bob, a, b, id, close } = await pair();
      const doc = new Y.Doc();
      const synced = match(await a.ask('doc_sync', { room_id: id, state_vector: Y.encodeStateVector(doc) }),
        { ok: exactly(true), update: bytes, state_vector: bytes, version: exactly(1) });
      Y.applyUpdate(doc, new Uint8Array(synced.update));
      assert.equal(doc.getText('content').toString(), a.joined.current_content);

      // Without a callback the answer is an event.
      b.send('doc_sync', { room_id: id, state_vector: Y.encodeStateVector(new Y.Doc()) });
      match(await b.next('doc_sync'), { update: bytes, state_vector: bytes, version: int });

      const updates = [];
      doc.on('update', (update) => updates.push(update));
      doc.getText('content').insert(0, '// typed 👋\n');
      const answer = match(await a.ask('doc_update', { room_id: id, update: updates[0] }), { ok: exactly(true), version: int });
      const shown = match(await b.next('doc_update'), { update: bytes, user_id: exactly(ada.id), version: exactly(answer.version) });
      const replica = new Y.Doc();
      Y.applyUpdate(replica, new Uint8Array(synced.update));
      Y.applyUpdate(replica, new Uint8Array(shown.update));
      assert.equal(replica.getText('content').toString(), doc.getText('content').toString());
      // The room of the socket is meant when none is named.
      doc.getText('content').insert(0, 'x');
      match(await a.ask('doc_update', { update: updates[1] }), { ok: exactly(true), version: int });

      const awareness = new Awareness(new Y.Doc());
      awareness.setLocalState({ user: { name: 'Bob 👋', colour: '#f00' }, cursor: { anchor: null } });
      const state = encodeAwarenessUpdate(awareness, [awareness.clientID]);
      awareness.destroy();
      b.send('awareness_update', { update: state });
      const seen = match(await a.next('awareness_update'), { update: bytes, user_id: exactly(bob.id) });
      assert.deepEqual(new Uint8Array(seen.update), state);
      await a.barrier();
      assert.deepEqual([a.left('doc_update'), a.left('code_updated')], [[], []]);
      close();
    });

    test('every event answers a callback when one is given', async () => {
      const [ada] = await guests(server, 'Ada');
      const { id } = await ada.room();
      const a = await ada.connect(options);
      const good = { ok: exactly(true) };
      const answer = match(await a.ask('join_room', { room_id: id }), good);
      assert.ok(answer);
      match(await a.ask('code_change', { content: 'one', version: 1 }), { ...good, version: int });
      match(await a.next('code_change_ack'), { version: int, success: exactly(true) });
      match(await a.ask('cursor_update', { cursor_position: { line: 1, column: 1 } }), good);
      match(await a.ask('send_message', { content: 'hi' }), good);
      match(await a.ask('get_room_state', {}), good);
      match(await a.ask('awareness_update', { update: Uint8Array.of(0) }), good);
      match(await a.ask('leave_room', { room_id: id }), good);
      match(await a.ask('send_message', { content: 'hi' }), { ok: exactly(false), error: exactly('Not in a room'), code: text });
      a.close();
    });

    test('100,000 characters pass, more do not', async () => {
      const { a, b, close } = await pair();
      const content = 'x'.repeat(99_990) + '"\\\n\u2028é👋z';
      a.send('code_change', { content: content.slice(0, 100_000), version: 1 });
      await a.next('code_change_ack');
      assert.equal((await b.next('code_updated')).content, content.slice(0, 100_000));
      a.send('code_change', { content: 'y'.repeat(100_001), version: 2 });
      match(await a.next('error'), { message: string });
      await b.barrier();
      assert.deepEqual(b.left('code_updated'), []);
      close();
    });
  });
}

describe('anything wrong', () => {
  /** [event, payload, error], sent by a socket that is in no room. */
  const outside = [
    ['join_room', {}, 'Room ID required'],
    ['join_room', undefined, 'Room ID required'],
    ['join_room', { room_id: '' }, 'Room ID required'],
    ['join_room', { room_id: randomUUID() }, 'Room not found'],
    ['join_room', { room_id: 'nonsense' }, 'Room not found'],
    ['leave_room', {}, 'Not in a room'],
    ['code_change', { content: 'x', version: 1 }, 'Not in a room'],
    ['cursor_update', { cursor_position: { line: 1, column: 1 } }, 'Not in a room'],
    ['send_message', { content: 'x' }, 'Not in a room'],
    ['execute_code', { source_code: '1', language: 'javascript' }, 'Not in a room'],
    ['get_room_state', {}, 'Not in a room'],
    ['get_room_state', { room_id: randomUUID() }, 'Room not found'],
    ['doc_update', { update: Uint8Array.of(0, 0) }, 'Not in a room'],
    ['awareness_update', { update: Uint8Array.of(0) }, 'Not in a room'],
  ];
  const inside = [
    ['code_change', {}, 'Invalid code change data'],
    ['code_change', undefined, 'Invalid code change data'],
    ['code_change', { content: 7, version: 1 }, 'Invalid code change data'],
    ['code_change', { content: null, version: 1 }, 'Invalid code change data'],
    ['code_change', { content: 'x', version: 'one' }, 'Invalid code change data'],
    ['code_change', { content: 'x', version: {} }, 'Invalid code change data'],
    ['code_change', 'x', 'Invalid code change data'],
    ['send_message', {}, 'Invalid message content'],
    ['send_message', { content: '' }, 'Invalid message content'],
    ['send_message', { content: '   ' }, 'Invalid message content'],
    ['send_message', { content: 7 }, 'Invalid message content'],
    ['send_message', { content: 'x'.repeat(1001) }, 'Invalid message content'],
    ['execute_code', {}, 'No code to execute'],
    ['execute_code', { source_code: '', language: 'javascript' }, 'No code to execute'],
    ['execute_code', { source_code: '   ', language: 'javascript' }, 'No code to execute'],
    ['execute_code', { source_code: 'x'.repeat(100_001), language: 'javascript' }, 'Code too long'],
  ];

  for (const [where, rows] of Object.entries({ outside, inside })) {
    for (const [event, payload, error] of rows) {
      test(`${where} a room: ${event} ${(JSON.stringify(payload) ?? 'without payload').slice(0, 60)} -> ${error}`, async () => {
        const ada = await guest(server);
        const peer = where === 'inside' ? await ada.enter((await ada.room()).id) : await ada.connect();
        if (payload === undefined) peer.send(event);
        else peer.send(event, payload);
        match(await peer.next('error'), { message: exactly(error) });
        if (payload !== undefined) match(await peer.ask(event, payload), { ok: exactly(false), error: exactly(error), code: text });
        assert.equal(peer.socket.connected, true, 'a mistake must not cost the connection');
        peer.close();
      });
    }
  }

  test('a private room is closed without its password, open with it, and stays open to members', async () => {
    const [ada, bob] = await guests(server, 'Ada', 'Bob');
    const { id } = await ada.room({ is_private: true, password: 'sesame' });
    const b = await bob.connect();
    for (const password of [undefined, 'wrong', 7, null]) {
      b.send('join_room', { room_id: id, ...(password === undefined ? {} : { password }) });
      assert.match((await b.next('error')).message, password === undefined || typeof password === 'string' ? /^(Access denied|Invalid password)$/ : /./);
    }
    b.send('get_room_state', { room_id: id });
    match(await b.next('error'), { message: exactly('Access denied') });
    const refusal = await b.ask('doc_sync', { room_id: id, state_vector: Uint8Array.of(0) });
    assert.equal(refusal.ok, false);
    assert.match(refusal.error, /^(Access denied|Not in a room)$/);
    await b.next('error');

    assert.equal((await b.join(id, 'sesame')).room_id, id);
    b.close();
    assert.equal((await bob.enter(id)).joined.room_id, id, 'a member needs the password once');
  });

  test('a malformed Yjs update is refused and changes nothing', async () => {
    const [ada, bob] = await guests(server, 'Ada', 'Bob');
    const { id } = await ada.room();
    const writer = await YjsClient.enter(ada, id);
    const reader = await TextClient.enter(bob, id);
    const before = writer.text;
    for (const update of [Uint8Array.of(), Uint8Array.of(255), Uint8Array.of(1, 255, 255, 255, 255, 255, 255, 255), Uint8Array.from({ length: 64 }, (_, i) => i * 7), 'text', 7, null, {}, [1, 2]]) {
      match(await writer.peer.ask('doc_update', { room_id: id, update }), { ok: exactly(false), error: text, code: text });
    }
    writer.peer.send('doc_update', { room_id: id, update: Uint8Array.of(255) });
    match(await writer.peer.next('error'), { message: text });
    await writer.append('// still works');
    await reader.peer.next('code_updated', (update) => update.content === before + '// still works');
    [writer, reader].forEach((client) => client.close());
  });

  test('a version that is not known any more, or not yet, is a conflict', async () => {
    const ada = await guest(server);
    const { id } = await ada.room();
    const peer = await ada.enter(id);
    for (const version of [1000, -1]) {
      peer.send('code_change', { content: 'from the future', version });
      match(await peer.next('code_conflict'), { current_content: exactly(peer.joined.current_content), current_version: exactly(1) });
      assert.equal((await peer.ask('code_change', { content: 'from the future', version })).ok, false);
      await peer.next('code_conflict');
    }
    assert.equal((await ada.enter(id)).joined.current_content, peer.joined.current_content);
    peer.close();
  });
});

test('a full room refuses the next socket', async () => {
  const [ada, bob, cid] = await guests(server, 'Ada', 'Bob', 'Cid');
  const { id } = await ada.room({ max_participants: 2 });
  const b = await bob.enter(id);
  const c = await cid.connect();
  c.send('join_room', { room_id: id });
  match(await c.next('error'), { message: exactly('Room is full') });
  [b, c].forEach((peer) => peer.close());
});

test('a repeated operation is answered with the first one\'s version and not applied twice', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  const client = await TextClient.enter(ada, id);
  const start = client.text;
  const first = await client.append('// once', { operation_id: 'op-1' });
  const again = await client.send(start + '// once', 1, { operation_id: 'op-1' });
  assert.equal(again.version, first.version);
  client.close();

  // The acknowledgement was lost with the connection: the same operation comes again on a new one.
  const back = await TextClient.enter(ada, id);
  const third = await back.send(start + '// once', 1, { operation_id: 'op-1' });
  assert.equal(third.version, first.version);
  assert.equal((await bob.enter(id)).joined.current_content, start + '// once');
  match(await back.peer.ask('code_change', { content: 'x', version: 2, operation_id: 'x'.repeat(65) }), { ok: exactly(false), error: exactly('Invalid code change data') });
  back.close();
});

test('two sockets of one person are two cursors but one participant', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  const [one, two] = [await TextClient.enter(bob, id), await TextClient.enter(bob, id)];
  await one.append('// one');
  await two.peer.next('code_updated', (update) => update.content.endsWith('// one'));
  two.peer.send('get_room_state', {});
  assert.equal((await two.peer.next('room_state')).participants.filter((p) => p.user_id === bob.id).length, 1);
  [one, two].forEach((client) => client.close());
});

test('an acknowledgement means that a message is stored', async () => {
  const ada = await guest(server);
  const { id } = await ada.room();
  const peer = await ada.enter(id);
  const answer = match(await peer.ask('send_message', { content: 'keep me' }), { ok: exactly(true) });
  const stored = (await ada.get(`/api/chat/room/${id}/messages`)).body.messages;
  assert.equal(stored.length, 1);
  const heard = await peer.next('new_message');
  match(heard, { id: uuid });
  assert.equal(stored[0].id, heard.id);
  assert.ok(answer);
  peer.close();
});

test('the last one to leave a room is answered: nothing is awaited that was sent to a relay already gone', async () => {
  // Ten rooms at a time keep the server busy enough for the order of things to vary; a lost delivery was waited for five seconds.
  await Promise.all(Array.from({ length: 10 }, async () => {
    const bob = await guest(server);
    const { id } = await bob.room();
    const peer = await bob.connect();
    for (let n = 0; n < 40; n++) {
      match(await peer.ask('join_room', { room_id: id }), { ok: exactly(true) });
      match(await peer.ask('leave_room', {}, 4_500), { ok: exactly(true) });
      peer.forget();
    }
    peer.close();
  }));
});

// Who may do what: every route and event by every role, as one table. The table is the specification; a route or event without a row is not covered.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Api, guests, TextClient } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { refused } from './shapes.mjs';

const PASSWORD = 'sesame';
const roles = ['anonymous', 'stranger', 'ex', 'member', 'owner'];
let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

/** A room with an owner, a member, somebody who was a member and left, and somebody who never was. */
async function world(isPrivate) {
  const [owner, member, ex, stranger] = await guests(server, 'Owner', 'Member', 'Ex', 'Stranger');
  const { id } = await owner.room(isPrivate ? { is_private: true, password: PASSWORD } : {});
  for (const person of [member, ex]) await person.post(`/api/rooms/${id}/join`, { password: PASSWORD });
  await ex.post(`/api/rooms/${id}/leave`);
  const say = async (person) => (await person.post(`/api/chat/room/${id}/messages`, { content: 'secret words' })).body.data.id;
  const caseId = (await owner.post(`/api/rooms/${id}/cases`, { input: 'secret words', expected_output: 'secret words' })).body.case.id;
  return { anonymous: new Api(server.url), owner, member, ex, stranger, id, caseId, byOwner: await say(owner), byMember: await say(member) };
}

// [method, path, body, anonymous, stranger, ex-member, member, owner]; cells are tried in this order, so what ends something comes last.
const privateRoom = [
  ['GET', '/api/rooms/{id}', , 401, 403, 403, 200, 200],
  ['PUT', '/api/rooms/{id}', { name: 'Renamed' }, 401, 403, 403, 403, 200],
  ['DELETE', '/api/rooms/{id}', , 401, 403, 403, 403, 200],
  ['POST', '/api/rooms/{id}/join', {}, 401, 401, 401, 200, 200],
  ['POST', '/api/rooms/{id}/leave', , 401, 400, 400, 200, 400],
  ['GET', '/api/rooms/{id}/participants', , 401, 403, 403, 200, 200],
  ['PUT', '/api/rooms/{id}/participants/{memberId}', { role: 'moderator' }, 401, 403, 403, 403, 200],
  ['DELETE', '/api/rooms/{id}/participants/{memberId}', , 401, 403, 403, 403, 200],
  ['GET', '/api/chat/room/{id}/messages', , 401, 403, 403, 200, 200],
  ['POST', '/api/chat/room/{id}/messages', { content: 'hi' }, 401, 403, 403, 201, 201],
  ['PUT', '/api/chat/messages/{byOwner}', { content: 'changed' }, 401, 403, 403, 403, 200],
  ['PUT', '/api/chat/messages/{byMember}', { content: 'changed' }, 401, 403, 403, 200, 403],
  ['DELETE', '/api/chat/messages/{byOwner}', , 401, 403, 403, 403, 200],
  ['DELETE', '/api/chat/messages/{byMember}', , 401, 403, 403, 200, undefined],
  ['DELETE', '/api/chat/messages/{byMember}', , 401, 403, 403, undefined, 200],
  ['GET', '/api/chat/room/{id}/search?q=secret', , 401, 403, 403, 200, 200],
  ['GET', '/api/rooms/{id}/history', , 401, 403, 403, 200, 200],
  ['GET', '/api/rooms/{id}/history/1', , 401, 403, 403, 200, 200],
  ['POST', '/api/rooms/{id}/history/1/restore', , 401, 403, 403, 403, 200],
  ['GET', '/api/rooms/{id}/replay', , 401, 403, 403, 200, 200],
  ['GET', '/api/execution/room/{id}/history', , 401, 403, 403, 200, 200],
  ['POST', '/api/execution/submit', { room_id: '{id}', language: 'javascript', source_code: '1' }, 401, 403, 403, 201, 201],
  ['GET', '/api/rooms/{id}/cases', , 401, 403, 403, 200, 200],
  ['POST', '/api/rooms/{id}/cases', { name: 'A case' }, 401, 403, 403, 403, 201],
  ['PUT', '/api/rooms/{id}/cases/{case}', { name: 'Renamed' }, 401, 403, 403, 403, 200],
  ['DELETE', '/api/rooms/{id}/cases/{case}', , 401, 403, 403, 403, 200],
  ['GET', '/api/rooms/{id}/cases/runs', , 401, 403, 403, 200, 200],
  ['GET', '/api/rooms/{id}/cases/runs/{case}', , 401, 403, 403, 404, 404],
  // Two rows, because there is one run of a room's cases at a time.
  ['POST', '/api/rooms/{id}/cases/run', { language: 'javascript', source_code: '1' }, 401, 403, 403, 202, undefined],
  ['POST', '/api/rooms/{id}/cases/run', { language: 'javascript', source_code: '1' }, 401, 403, 403, undefined, 202],
];
const publicRoom = [
  ['GET', '/api/rooms/{id}', , 401, 200, 200, 200, 200],
  ['PUT', '/api/rooms/{id}', { name: 'Renamed' }, 401, 403, 403, 403, 200],
  ['DELETE', '/api/rooms/{id}', , 401, 403, 403, 403, 200],
  ['POST', '/api/rooms/{id}/join', {}, 401, 200, 200, 200, 200],
  ['POST', '/api/rooms/{id}/leave', , 401, 400, 400, 200, 400],
  ['GET', '/api/rooms/{id}/participants', , 401, 403, 403, 200, 200],
  ['PUT', '/api/rooms/{id}/participants/{memberId}', { role: 'moderator' }, 401, 403, 403, 403, 200],
  ['DELETE', '/api/rooms/{id}/participants/{memberId}', , 401, 403, 403, 403, 200],
  ['GET', '/api/chat/room/{id}/messages', , 401, 403, 403, 200, 200],
  ['POST', '/api/chat/room/{id}/messages', { content: 'hi' }, 401, 403, 403, 201, 201],
  ['GET', '/api/chat/room/{id}/search?q=secret', , 401, 403, 403, 200, 200],
  ['GET', '/api/rooms/{id}/history', , 401, 403, 403, 200, 200],
  ['GET', '/api/rooms/{id}/history/1', , 401, 403, 403, 200, 200],
  ['POST', '/api/rooms/{id}/history/1/restore', , 401, 403, 403, 403, 200],
  ['GET', '/api/rooms/{id}/replay', , 401, 403, 403, 200, 200],
  ['GET', '/api/execution/room/{id}/history', , 401, 403, 403, 200, 200],
  ['POST', '/api/execution/submit', { room_id: '{id}', language: 'javascript', source_code: '1' }, 401, 403, 403, 201, 201],
  ['GET', '/api/rooms/{id}/cases', , 401, 403, 403, 200, 200],
  ['POST', '/api/rooms/{id}/cases', { name: 'A case' }, 401, 403, 403, 403, 201],
  ['PUT', '/api/rooms/{id}/cases/{case}', { name: 'Renamed' }, 401, 403, 403, 403, 200],
  ['DELETE', '/api/rooms/{id}/cases/{case}', , 401, 403, 403, 403, 200],
  ['GET', '/api/rooms/{id}/cases/runs', , 401, 403, 403, 200, 200],
  ['GET', '/api/rooms/{id}/cases/runs/{case}', , 401, 403, 403, 404, 404],
  // Two rows, because there is one run of a room's cases at a time.
  ['POST', '/api/rooms/{id}/cases/run', { language: 'javascript', source_code: '1' }, 401, 403, 403, 202, undefined],
  ['POST', '/api/rooms/{id}/cases/run', { language: 'javascript', source_code: '1' }, 401, 403, 403, undefined, 202],
];
const noRoom = [
  ['GET', '/health', , 200, 200, 200, 200, 200],
  ['GET', '/api', , 200, 200, 200, 200, 200],
  ['GET', '/api/execution/languages', , 200, 200, 200, 200, 200],
  ['GET', '/api/rooms', , 401, 200, 200, 200, 200],
  ['POST', '/api/rooms', { name: 'Another room' }, 401, 201, 201, 201, 201],
  ['GET', '/api/rooms/my-rooms', , 401, 200, 200, 200, 200],
  ['GET', '/api/auth/profile', , 401, 200, 200, 200, 200],
  ['PUT', '/api/auth/profile', { name: 'New name' }, 401, 200, 200, 200, 200],
  ['POST', '/api/auth/verify-token', , 401, 200, 200, 200, 200],
  ['POST', '/api/auth/refresh', , 401, 401, 401, 401, 401],
  ['POST', '/api/auth/sync', {}, 401],
  ['POST', '/api/auth/stats/refresh', , 401],
  ['GET', '/api/users/profile', , 401, 200, 200, 200, 200],
  ['PUT', '/api/users/profile', { name: 'New name' }, 401, 200, 200, 200, 200],
  ['GET', '/api/users/{ownerId}/profile', , 401, 200, 200, 200, 200],
  ['GET', '/api/users/search?q=owner', , 401, 200, 200, 200, 200],
  ['POST', '/api/users/stats/refresh', , 401],
  ['GET', '/api/users/dashboard', , 401, 200, 200, 200, 200],
  ['GET', '/api/users/rooms', , 401, 200, 200, 200, 200],
  ['POST', '/api/auth/logout', , 401, 200, 200, 200, 200],
  ['DELETE', '/api/auth/delete-account', , 401, 200, 200, 200, 200],
];

for (const [kind, rows] of Object.entries({ 'private room': privateRoom, 'public room': publicRoom, 'no room': noRoom })) {
  describe(kind, () => {
    for (const [method, path, body, ...expected] of rows) {
      test(`${method} ${path}: ${roles.map((role, i) => `${role} ${expected[i] ?? '-'}`).join(', ')}`, async () => {
        const w = await world(kind === 'private room');
        const fill = (template) => template.replace('{id}', w.id).replace('{byOwner}', w.byOwner).replace('{byMember}', w.byMember).replace('{ownerId}', w.owner.id).replace('{case}', w.caseId).replace('{memberId}', w.member.id);
        for (const [index, role] of roles.entries()) {
          if (expected[index] === undefined) continue;
          const reply = await w[role].call(method, fill(path), body && JSON.parse(fill(JSON.stringify(body))));
          if (expected[index] >= 400) refused(reply, expected[index], role === 'anonymous' ? 'Authorization token required' : undefined);
          else assert.equal(reply.status, expected[index], `${role}: ${reply.what}`);
          if (expected[index] >= 400) assert.ok(!reply.text.includes('secret words'), `${role} reads the room: ${reply.text}`);
        }
      });
    }
  });
}

describe('events, from outside the room', () => {
  const bytes = Uint8Array.of(0);
  // [event, payload, names the room]
  const rows = [
    ['join_room', { room_id: '{id}' }, true],
    ['leave_room', { room_id: '{id}' }, true],
    ['get_room_state', { room_id: '{id}' }, true],
    ['doc_sync', { room_id: '{id}', state_vector: bytes }, true],
    ['doc_update', { room_id: '{id}', update: Uint8Array.of(0, 0) }, true],
    ['awareness_update', { room_id: '{id}', update: bytes }, true],
    ['code_change', { room_id: '{id}', content: 'mine now', version: 1 }, false],
    ['cursor_update', { room_id: '{id}', cursor_position: { line: 1, column: 1 } }, false],
    ['send_message', { room_id: '{id}', content: 'let me in' }, false],
    ['execute_code', { room_id: '{id}', source_code: '1', language: 'klingon' }, false],
    ['execution_input', { room_id: '{id}', execution_id: '{id}', data: 'x' }, true],
    ['execution_stop', { room_id: '{id}', execution_id: '{id}' }, true],
    ['session_start', { room_id: '{id}', language: 'python', columns: 80, rows: 24 }, true],
    ['session_input', { room_id: '{id}', session_id: '{id}', data: 'x' }, true],
    ['session_resize', { room_id: '{id}', session_id: '{id}', columns: 80, rows: 24 }, true],
    ['session_stop', { room_id: '{id}', session_id: '{id}' }, true],
    ['cases_run', { room_id: '{id}', source_code: '1', language: 'python' }, true],
    ['cases_stop', { room_id: '{id}', run_id: '{id}' }, true],
  ];
  for (const [event, payload, namesRoom] of rows) {
    test(`${event}: nobody from outside reads or writes a private room`, async () => {
      const w = await world(true);
      const inside = await TextClient.enter(w.owner, w.id);
      await inside.append('the secret text');
      inside.peer.forget();
      const filled = { ...payload, room_id: w.id };
      await assert.rejects(w.owner.connect({ token: undefined, auth: {} }), 'an anonymous socket');
      for (const role of ['stranger', 'ex']) {
        const lobby = await w[role].connect();
        const answer = await lobby.ask(event, filled);
        assert.equal(answer.ok, false, `${role} in no room: ${JSON.stringify(answer)}`);
        // From a room of their own, with the other room's id in the packet.
        const own = await w[role].room();
        const elsewhere = await w[role].enter(own.id);
        const second = await elsewhere.ask(event, filled);
        if (namesRoom) assert.equal(second.ok, false, `${role} in another room: ${JSON.stringify(second)}`);
        for (const reply of [answer, second, ...lobby.left('room_state'), ...lobby.left('room_joined')]) assert.ok(!JSON.stringify(reply).includes('secret'), JSON.stringify(reply));
        [lobby, elsewhere].forEach((peer) => peer.close());
      }
      await inside.peer.barrier();
      for (const name of ['user_joined', 'code_updated', 'doc_update', 'cursor_moved', 'new_message', 'awareness_update', 'execution_started', 'execution_output', 'session_started', 'session_output', 'session_resized', 'cases_started']) {
        assert.deepEqual(inside.peer.left(name), [], `${name} reached the room`);
      }
      inside.close();
    });
  }

  for (const role of ['member', 'owner']) {
    test(`${role}: every event works from inside`, async () => {
      const w = await world(true);
      const peer = await w[role].connect();
      assert.equal((await peer.ask('join_room', { room_id: w.id })).ok, true);
      for (const [event, payload] of [
        ['get_room_state', {}], ['get_room_state', { room_id: w.id }], ['doc_sync', { room_id: w.id, state_vector: Uint8Array.of(0) }],
        ['cursor_update', { cursor_position: { line: 1, column: 1 } }], ['send_message', { content: 'hi' }], ['code_change', { content: 'x', version: 1 }],
        ['doc_update', { room_id: w.id, update: Uint8Array.of(0, 0) }], ['leave_room', {}],
      ]) assert.equal((await peer.ask(event, payload)).ok, true, event);
      peer.close();
    });
  }
});

test('who leaves over REST is out of the room on the socket too', async () => {
  const w = await world(true);
  const inside = await TextClient.enter(w.owner, w.id);
  const leaving = await w.member.enter(w.id);
  assert.equal((await w.member.post(`/api/rooms/${w.id}/leave`)).status, 200);
  await inside.peer.next('user_left', (left) => left.user_id === w.member.id);
  leaving.forget();
  await inside.append('after the farewell');
  await w.owner.post(`/api/chat/room/${w.id}/messages`, { content: 'they are gone' });
  await inside.peer.next('new_message');
  const answer = await leaving.ask('code_change', { content: 'still typing', version: 1 });
  assert.deepEqual([answer.ok, answer.error], [false, 'Not in a room']);
  assert.deepEqual([leaving.left('code_updated'), leaving.left('new_message')], [[], []]);
  leaving.close();
  inside.close();
});

test('ids of one room open nothing in another', async () => {
  const [a, b] = [await world(true), await world(true)];
  refused(await a.owner.put(`/api/chat/messages/${b.byOwner}`, { content: 'x' }), [403, 404]);
  refused(await a.owner.delete(`/api/chat/messages/${b.byMember}`), [403, 404]);
  refused(await a.owner.post(`/api/chat/room/${a.id}/messages`, { content: 'x', reply_to: b.byOwner }), 400, 'Parent message not found');
  const submitted = await b.owner.post('/api/execution/submit', { room_id: b.id, language: 'javascript', source_code: '1' });
  if (submitted.status === 201) refused(await a.owner.get(`/api/execution/${submitted.body.execution_id}/result`), 403);
});

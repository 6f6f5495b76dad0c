// Rooms over REST: creating, listing, changing, deleting, joining, leaving; capacity, passwords, roles.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { guest, guests, TextClient } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, listOf, match, myRoom, ok, pagination, participant, refused, room, roomDetails, roomInList, string } from './shapes.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

/** The ways to leave a room's list and a room's password out of an answer. */
const keepsSecrets = (reply, secret) => assert.ok(!reply.text.includes(secret) && !/password_hash|"password"/.test(reply.text), reply.what);

for (const slash of ['', '/']) {
  test(`POST /api/rooms${slash} creates a room with the defaults`, async () => {
    const ada = await guest(server, 'Ada');
    const { room: made, message } = ok(await ada.post('/api/rooms' + slash, { name: 'Pairing' }), { message: string, room }, 201);
    assert.ok(message.length > 0);
    assert.deepEqual(
      [made.name, made.is_private, made.max_participants, made.current_participants, made.language, made.is_active, made.created_by, made.content_version],
      ['Pairing', false, 10, 1, 'javascript', true, ada.id, 1]);
    assert.equal(made.participants.length, 1);
    assert.equal(made.participants[0].user_id, ada.id);
    assert.equal(made.participants[0].role, 'owner');
    assert.equal(made.participants[0].user_name, 'Ada');
  });
}

test('a room with everything set', async () => {
  const ada = await guest(server);
  const fields = { name: 'Numbers', description: 'Bernoulli', language: 'python', is_private: true, password: 'hunter2', max_participants: 50 };
  const reply = await ada.post('/api/rooms', fields);
  const { room: made } = ok(reply, { room }, 201);
  keepsSecrets(reply, 'hunter2');
  const { password, ...kept } = fields;
  for (const [field, value] of Object.entries(kept)) assert.equal(made[field], value, field);
});

test('creating a room is validated', async () => {
  const ada = await guest(server);
  for (const [field, values] of Object.entries({
    name: [undefined, null, '', 'ab', '  a  ', 'x'.repeat(101), 7, {}],
    description: ['x'.repeat(501), 7],
    language: ['klingon', 7, ''],
    is_private: ['yes', 1],
    password: ['abc', 7],
    max_participants: [0, -1, 51, 2.5, 'ten', 1e12],
  })) {
    for (const value of values) {
      const body = { name: 'Valid name', ...(field === 'password' ? { is_private: true } : {}), [field]: value };
      refused(await ada.post('/api/rooms', body), 400);
    }
  }
  assert.deepEqual((await ada.get('/api/rooms/my-rooms')).body.rooms, []);
});

test('names at the limits are accepted', async () => {
  const ada = await guest(server);
  for (const name of ['abc', 'x'.repeat(100), 'Ünïcode 👩‍🚀 <b>&amp;']) assert.equal((await ada.room({ name })).name, name);
  assert.equal((await ada.room({ description: 'd'.repeat(500) })).description.length, 500);
});

test('five active rooms a person, and a deleted one makes place', async () => {
  const ada = await guest(server);
  const rooms = [];
  for (let i = 0; i < 5; i++) rooms.push(await ada.room());
  refused(await ada.post('/api/rooms', { name: 'One too many' }), 400);
  ok(await ada.delete(`/api/rooms/${rooms[2].id}`), { message: string });
  await ada.room();
  refused(await ada.post('/api/rooms', { name: 'One too many' }), 400);
});

test('five rooms created at the same moment are five, not more', async () => {
  const ada = await guest(server);
  const replies = await Promise.all(Array.from({ length: 9 }, (_, i) => ada.post('/api/rooms', { name: `Race ${i}` })));
  assert.equal(replies.filter((r) => r.status === 201).length, 5, replies.map((r) => r.what).join('\n'));
  assert.equal((await ada.get('/api/rooms/my-rooms')).body.rooms.length, 5);
});

test('the list shows public active rooms, most recently active first, with paging, search and language', async () => {
  const ada = await guest(server, 'Ada');
  const tag = randomUUID().slice(0, 8);
  const made = [];
  for (const [name, language] of [['one', 'python'], ['two', 'javascript'], ['three', 'python']]) made.push(await ada.room({ name: `${tag} ${name}`, language }));
  const secret = await ada.room({ name: `${tag} secret`, is_private: true, password: 'abcd' });
  const gone = await ada.room({ name: `${tag} gone` });
  await ada.delete(`/api/rooms/${gone.id}`);

  const reader = await guest(server);
  for (const path of ['/api/rooms', '/api/rooms/']) {
    const page = ok(await reader.get(`${path}?search=${tag}`), { rooms: listOf(roomInList), pagination });
    assert.deepEqual(page.rooms.map((r) => r.id), made.map((r) => r.id).reverse());
    assert.deepEqual(page.pagination, { ...page.pagination, page: 1, pages: 1, per_page: 20, total: 3, has_next: false, has_prev: false });
    assert.equal(page.rooms[0].owner_name, 'Ada');
  }
  const first = ok(await reader.get(`/api/rooms?search=${tag}&per_page=2&page=1`), { rooms: listOf(roomInList) });
  const second = ok(await reader.get(`/api/rooms?search=${tag}&per_page=2&page=2`), { rooms: listOf(roomInList) });
  assert.deepEqual([...first.rooms, ...second.rooms].map((r) => r.id), made.map((r) => r.id).reverse());
  assert.deepEqual([first.pagination.has_next, first.pagination.has_prev, first.pagination.pages], [true, false, 2]);
  assert.deepEqual([second.pagination.has_next, second.pagination.has_prev, second.rooms.length], [false, true, 1]);
  assert.deepEqual((await reader.get(`/api/rooms?search=${tag}&page=9`)).body.rooms, []);
  assert.deepEqual((await reader.get(`/api/rooms?search=${tag}&language=python`)).body.rooms.map((r) => r.id), [made[2].id, made[0].id]);
  assert.deepEqual((await reader.get(`/api/rooms?search=${tag.toUpperCase()}&language=javascript`)).body.rooms.map((r) => r.id), [made[1].id]);
  assert.deepEqual((await reader.get(`/api/rooms?search=${tag}%25`)).body.rooms, [], 'a wildcard is a plain character');
  assert.equal((await reader.get('/api/rooms?per_page=500')).body.pagination.per_page, 50);
  for (const odd of ['page=0', 'page=-3', 'page=x', 'per_page=0', 'per_page=x', 'page=99999999999999']) {
    assert.equal((await reader.get(`/api/rooms?${odd}`)).status, 200, odd);
  }

  // Activity moves a room to the front.
  const typing = await TextClient.enter(ada, made[0].id);
  await typing.append('// active');
  typing.close();
  await reader.post(`/api/rooms/${made[0].id}/join`);
  assert.equal((await reader.get(`/api/rooms?search=${tag}`)).body.rooms[0].id, made[0].id);
  assert.ok(!(await reader.get('/api/rooms?per_page=50')).text.includes(secret.id));
});

test('details say who asks', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  for (const slash of ['', '/']) {
    const mine = ok(await ada.get(`/api/rooms/${id}${slash}`), { room: roomDetails }).room;
    assert.deepEqual([mine.is_participant, mine.user_role, mine.owner_name], [true, 'owner', 'Ada']);
  }
  const strange = ok(await bob.get(`/api/rooms/${id}`), { room: { ...roomDetails } }).room;
  assert.deepEqual([strange.is_participant, strange.user_role], [false, null]);
  await bob.post(`/api/rooms/${id}/join`);
  const joined = ok(await bob.get(`/api/rooms/${id}`), { room: roomDetails }).room;
  assert.deepEqual([joined.is_participant, joined.user_role, joined.current_participants], [true, 'participant', 2]);
  ok(await bob.get(`/api/rooms/${id.toUpperCase()}`), { room: { id: exactly(id) } });
});

test('a private room is closed to strangers', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room({ is_private: true, password: 'sesame' });
  refused(await bob.get(`/api/rooms/${id}`), 403);
  refused(await bob.get(`/api/rooms/${id}/participants`), 403);
  refused(await bob.post(`/api/rooms/${id}/join`, {}), 401, 'Invalid password');
  refused(await bob.post(`/api/rooms/${id}/join`, { password: 'wrong' }), 401, 'Invalid password');
  refused(await bob.post(`/api/rooms/${id}/join`, { password: 5 }), [400, 401]);
  const reply = await bob.post(`/api/rooms/${id}/join`, { password: 'sesame' });
  ok(reply, { message: string, room });
  keepsSecrets(reply, 'sesame');
  const details = await bob.get(`/api/rooms/${id}`);
  ok(details, { room: roomDetails });
  keepsSecrets(details, 'sesame');
});

test('what does not exist is 404', async () => {
  const ada = await guest(server);
  for (const id of [randomUUID(), 'nonsense', '..%2f..']) {
    refused(await ada.get(`/api/rooms/${id}`), [404, 400]);
    refused(await ada.put(`/api/rooms/${id}`, { name: 'New name' }), [404, 400]);
    refused(await ada.post(`/api/rooms/${id}/join`, {}), [404, 400]);
    refused(await ada.delete(`/api/rooms/${id}`), [404, 400]);
  }
  refused(await ada.get(`/api/rooms/${randomUUID()}`), 404);
});

test('only the owner changes a room', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  await bob.post(`/api/rooms/${id}/join`);
  refused(await bob.put(`/api/rooms/${id}`, { name: 'Mine now' }), 403);
  const changed = ok(await ada.put(`/api/rooms/${id}`, { name: 'Renamed', description: 'Now described', max_participants: 20 }), { message: string, room }).room;
  assert.deepEqual([changed.name, changed.description, changed.max_participants, changed.language], ['Renamed', 'Now described', 20, 'javascript']);
  ok(await ada.put(`/api/rooms/${id}/`, { description: 'Again' }), { room: { name: exactly('Renamed'), description: exactly('Again') } });
  for (const bad of [{ name: 'ab' }, { name: 'x'.repeat(101) }, { description: 'x'.repeat(501) }, { language: 'klingon' }, { max_participants: 0 }, { max_participants: 51 }]) {
    refused(await ada.put(`/api/rooms/${id}`, bad), 400);
  }
});

test('capacity is kept, and cannot be set below who is there', async () => {
  const [ada, bob, cid] = await guests(server, 'Ada', 'Bob', 'Cid');
  const { id } = await ada.room({ max_participants: 2 });
  ok(await bob.post(`/api/rooms/${id}/join`), { room: { current_participants: exactly(2) } });
  refused(await cid.post(`/api/rooms/${id}/join`), 400, 'Room is full');
  refused(await ada.put(`/api/rooms/${id}`, { max_participants: 1 }), 400);
  await assert.rejects(cid.enter(id), /Room is full/);
  ok(await bob.post(`/api/rooms/${id}/leave`), { message: string });
  ok(await cid.post(`/api/rooms/${id}/join`), { room: { current_participants: exactly(2) } });
});

test('the last place is given once', async () => {
  const ada = await guest(server);
  const { id } = await ada.room({ max_participants: 3 });
  const crowd = await guests(server, 'B', 'C', 'D', 'E', 'F', 'G');
  const replies = await Promise.all(crowd.map((person) => person.post(`/api/rooms/${id}/join`)));
  assert.equal(replies.filter((r) => r.status === 200).length, 2, replies.map((r) => r.what).join('\n'));
  for (const reply of replies.filter((r) => r.status !== 200)) refused(reply, 400, 'Room is full');
  assert.equal((await ada.get(`/api/rooms/${id}`)).body.room.current_participants, 3);
});

test('joining twice is one membership', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  for (const slash of ['', '/', '']) {
    const reply = ok(await bob.post(`/api/rooms/${id}/join${slash}`), { message: string, room });
    assert.equal(reply.room.current_participants, 2);
  }
  const again = await bob.post(`/api/rooms/${id}/join`);
  assert.equal(again.body.message, 'Already in room');
  assert.equal((await ada.post(`/api/rooms/${id}/join`)).body.message, 'Already in room');
  assert.equal((await ada.get(`/api/rooms/${id}/participants`)).body.participants.filter((p) => p.user_id === bob.id).length, 1);
});

test('leaving', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room({ is_private: true, password: 'sesame' });
  refused(await bob.post(`/api/rooms/${id}/leave`), 400, 'Not in this room');
  await bob.post(`/api/rooms/${id}/join`, { password: 'sesame' });
  ok(await bob.post(`/api/rooms/${id}/leave`), { message: string });
  refused(await bob.post(`/api/rooms/${id}/leave/`), 400, 'Not in this room');
  refused(await bob.get(`/api/rooms/${id}`), 403);
  refused(await bob.post(`/api/rooms/${id}/join`), 401, 'Invalid password');
  refused(await ada.post(`/api/rooms/${id}/leave`), 400, /Delete the room instead\.$/);
  assert.equal((await ada.get(`/api/rooms/${id}`)).body.room.current_participants, 1);
});

test('my rooms are those I own and those I joined', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const owned = await bob.room({ name: 'Bob owns' });
  const joined = await ada.room({ name: 'Bob joined', is_private: true, password: 'sesame' });
  const left = await ada.room({ name: 'Bob left' });
  await bob.post(`/api/rooms/${joined.id}/join`, { password: 'sesame' });
  await bob.post(`/api/rooms/${left.id}/join`);
  await bob.post(`/api/rooms/${left.id}/leave`);
  for (const path of ['/api/rooms/my-rooms', '/api/rooms/my-rooms/']) {
    const { rooms } = ok(await bob.get(path), { rooms: listOf(myRoom) });
    assert.deepEqual(Object.fromEntries(rooms.map((r) => [r.id, r.user_role])), { [owned.id]: 'owner', [joined.id]: 'participant' });
  }
});

test('participants are listed for those inside', async () => {
  const [ada, bob, eve] = await guests(server, 'Ada', 'Bob', 'Eve');
  const { id } = await ada.room();
  await bob.post(`/api/rooms/${id}/join`);
  for (const slash of ['', '/']) {
    const { participants } = ok(await bob.get(`/api/rooms/${id}/participants${slash}`), { participants: listOf(participant) });
    assert.deepEqual(Object.fromEntries(participants.map((p) => [p.user_name, p.role])), { Ada: 'owner', Bob: 'participant' });
    assert.ok(participants.every((p) => p.room_id === id && p.is_active));
  }
  refused(await eve.get(`/api/rooms/${id}/participants`), 403);
});

test('a deleted room is gone, and everyone inside is told and put out', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  const inside = await bob.enter(id);
  const owner = await ada.enter(id);
  refused(await bob.delete(`/api/rooms/${id}`), 403);
  inside.forget();
  ok(await ada.delete(`/api/rooms/${id}`), { message: string });

  const told = await inside.nextOf(['room_deleted', 'room_closed', 'room_left', 'error']);
  assert.ok(JSON.stringify(told.args).length > 2, 'says nothing');
  await owner.nextOf(['room_deleted', 'room_closed', 'room_left', 'error']);
  match(await inside.ask('send_message', { content: 'anybody here?' }), { ok: exactly(false), error: exactly('Not in a room') });
  match(await inside.ask('code_change', { content: 'x', version: 1 }), { ok: exactly(false), error: string });
  match(await inside.ask('join_room', { room_id: id }), { ok: exactly(false), error: exactly('Room not found') });

  refused(await ada.get(`/api/rooms/${id}`), 404);
  refused(await ada.put(`/api/rooms/${id}`, { name: 'Back again' }), 404);
  refused(await ada.delete(`/api/rooms/${id}/`), 404);
  refused(await bob.post(`/api/rooms/${id}/join`), 404);
  refused(await bob.get(`/api/chat/room/${id}/messages`), [403, 404]);
  refused(await bob.get(`/api/rooms/${id}/participants`), [403, 404]);
  assert.deepEqual((await bob.get('/api/rooms/my-rooms')).body.rooms, []);
  assert.deepEqual((await ada.get('/api/rooms/my-rooms')).body.rooms, []);
  inside.close();
  owner.close();
});

test('every language has a template that a new room starts with', async () => {
  const languages = Object.keys((await (await fetch(`${server.url}/api/execution/languages`)).json()).language_map);
  assert.equal(languages.length >= 13, true);
  const templates = new Map();
  for (const language of languages) {
    const ada = await guest(server);
    const made = await ada.room({ language });
    const peer = await ada.enter(made.id);
    assert.equal(peer.joined.content_version, 1);
    assert.ok(peer.joined.current_content.length > 0, `${language} has no template`);
    templates.set(language, peer.joined.current_content);
    peer.close();
  }
  assert.notEqual(templates.get('python'), templates.get('java'));
});

test('an empty document gets the new language\'s template, a written one is kept', async () => {
  const ada = await guest(server);
  const { id } = await ada.room({ language: 'javascript' });
  const client = await TextClient.enter(ada, id);
  const written = await client.send('console.log("mine")', client.version);
  ok(await ada.put(`/api/rooms/${id}`, { language: 'python' }), { room: { language: exactly('python'), content_version: exactly(written.version) } });
  assert.equal((await client.peer.ask('get_room_state', {})).ok, true);
  assert.equal((await ada.enter(id)).joined.current_content, 'console.log("mine")');

  await client.send('', client.version);
  ok(await ada.put(`/api/rooms/${id}`, { language: 'java' }), { room: { language: exactly('java') } });
  const template = await client.peer.next('code_updated');
  assert.match(template.content, /class/);
  assert.equal((await ada.enter(id)).joined.current_content, template.content);
  client.close();
});

test('the version that REST shows follows the document', async () => {
  const ada = await guest(server);
  const { id } = await ada.room();
  const client = await TextClient.enter(ada, id);
  for (let i = 0; i < 3; i++) {
    const { version } = await client.append(`// ${i}\n`);
    assert.equal((await ada.get(`/api/rooms/${id}`)).body.room.content_version, version);
  }
  client.close();
});

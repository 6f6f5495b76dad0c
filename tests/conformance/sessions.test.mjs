// Terminals that a room shares: prompts of languages, programs on a terminal, sizes, scroll-back for late joiners, limits, and their end.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { guests } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, match, text, uuid } from './shapes.mjs';

const RUN_LIMIT_MS = 60_000;
const noSandbox = !process.env.CI && !(process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/bwrap`))
  ? 'bubblewrap is not installed: apt-get install -y --no-install-recommends bubblewrap' : false;

let server;
let available = [];
before(async () => {
  server = await sharedServer();
  const [ada] = await guests(server, 'Ada');
  // Until the self-test is through every language counts as there; a run waits for it.
  const peer = await ada.enter((await ada.room()).id);
  const answer = await peer.ask('execute_code', { language: 'python', source_code: '1' }, RUN_LIMIT_MS);
  if (answer.ok) await peer.next('execution_completed', () => true, RUN_LIMIT_MS);
  peer.close();
  available = (await ada.get('/api/execution/languages')).body.languages.filter((l) => l.available && l.interactive).map((l) => l.name);
});
after(() => server?.dispose());

const of = (id) => (payload) => payload.session_id === id;

async function room(...names) {
  const people = await guests(server, ...names);
  const { id } = await people[0].room();
  const peers = [];
  for (const person of people) {
    await person.post(`/api/rooms/${id}/join`);
    peers.push(await person.enter(id));
  }
  return { id, people, peers };
}

async function open(peer, fields = {}) {
  const answer = await peer.ask('session_start', { language: 'python', columns: 80, rows: 24, ...fields }, RUN_LIMIT_MS);
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer.session_id;
}

/** What a terminal shows on this socket until it holds these words. */
async function shows(peer, id, words, from = '') {
  let seen = from;
  while (!(words instanceof RegExp ? words.test(seen) : seen.includes(words))) seen += (await peer.next('session_output', of(id), RUN_LIMIT_MS)).data;
  return seen;
}

const key = (peer, id, data) => peer.ask('session_input', { session_id: id, data });

describe('terminals', { skip: noSandbox, concurrency: 2 }, () => {
  test('a prompt is shared: one types, everyone sees; another goes on where the first stopped', async () => {
    const { people, peers: [a, b] } = await room('Ada', 'Bob');
    const id = await open(a);
    match(await b.next('session_started', of(id)), { session_id: uuid, user_id: exactly(people[0].id), user_name: exactly('Ada'), language: exactly('python'), columns: exactly(80), rows: exactly(24) });
    await shows(b, id, '>>> ');
    assert.deepEqual(await key(a, id, 'x = 6 * 7\n'), { ok: true });
    await key(b, id, 'print("it is", x)\n');
    await shows(a, id, 'it is 42');
    await shows(b, id, 'it is 42');
    await key(b, id, 'import sys; sys.exit(3)\n');
    match(await a.next('session_ended', of(id), RUN_LIMIT_MS), { session_id: exactly(id), exit_code: exactly(3), reason: exactly('exited') });
    match(await key(a, id, '1\n'), { ok: exactly(false), error: text });
    [a, b].forEach((peer) => peer.close());
  });

  for (const [language, typed, shown] of [['javascript', '6 * 7\n', /42/], ['ruby', '6 * 7\n', /=> \S*42/], ['php', 'echo 6 * 7 . "!";\n', /42!/], ['java', '6 * 7\n', /==> 42/]]) {
    test(`the prompt of ${language}`, async (t) => {
      if (!available.includes(language)) return t.skip(`${language} is not installed here`);
      const { peers: [a] } = await room('Ada');
      const id = await open(a, { language });
      await shows(a, id, /[>$] ?/);
      await key(a, id, typed);
      await shows(a, id, shown);
      assert.deepEqual(await a.ask('session_stop', { session_id: id }), { ok: true });
      assert.equal((await a.next('session_ended', of(id), RUN_LIMIT_MS)).reason, 'stopped');
      a.close();
    });
  }

  test('the size is the room\'s: told to everyone and to the program', async () => {
    const { peers: [a, b] } = await room('Ada', 'Bob');
    const id = await open(a, { columns: 100, rows: 30, source_code: 'import os\nfor _ in range(2):\n    input()\n    print("size", *os.get_terminal_size())' });
    await b.next('session_started', of(id));
    await key(a, id, '\n');
    await shows(b, id, 'size 100 30');
    assert.deepEqual(await b.ask('session_resize', { session_id: id, columns: 66, rows: 11 }), { ok: true });
    match(await a.next('session_resized', of(id)), { columns: exactly(66), rows: exactly(11) });
    await key(a, id, '\n');
    await shows(a, id, 'size 66 11');
    assert.deepEqual([(await a.next('session_ended', of(id), RUN_LIMIT_MS)).exit_code], [0]);
    for (const size of [{ columns: 0, rows: 5 }, { columns: 80, rows: 100_000 }, { columns: 'wide', rows: 3 }, {}]) {
      match(await a.ask('session_resize', { session_id: id, ...size }), { ok: exactly(false), error: text });
    }
    [a, b].forEach((peer) => peer.close());
  });

  test('control-C reaches the program, and who comes late sees the end of what was written', async () => {
    const { id: roomId, peers: [a] } = await room('Ada');
    const id = await open(a);
    await shows(a, id, '>>> ');
    await key(a, id, 'for i in range(30000): print("line", i)\n\n');
    await shows(a, id, 'line 29999');
    await key(a, id, 'while True: pass\n\n');
    await key(a, id, '\x03');
    await shows(a, id, 'KeyboardInterrupt');
    await key(a, id, 'print("still" + " here")\n');
    const last = await shows(a, id, 'still here');
    assert.ok(last);
    const [bob] = await guests(server, 'Bob');
    await bob.post(`/api/rooms/${roomId}/join`);
    const late = await bob.enter(roomId);
    const [session] = late.joined.room_data.sessions;
    match(session, { session_id: exactly(id), language: exactly('python') });
    assert.ok(session.output.length <= 64 * 1024 && session.output.length > 32 * 1024, `${session.output.length} characters of scroll-back`);
    assert.match(session.output, /still here/);
    assert.doesNotMatch(session.output, /line 0\r/);
    await key(late, id, 'print("from", "Bob")\n');
    const next = await late.next('session_output', of(id));
    assert.equal(next.seq, session.seq + 1);
    await shows(a, id, 'from Bob');
    await late.ask('session_stop', { session_id: id });
    await a.next('session_ended', of(id), RUN_LIMIT_MS);
    assert.deepEqual((await late.ask('get_room_state', {})).sessions, []);
    [a, late].forEach((peer) => peer.close());
  });

  test('no more than two in a room, and none without a prompt or a language', async () => {
    const { peers: [a, b] } = await room('Ada', 'Bob');
    const ids = [await open(a), await open(a)];
    for (const peer of [a, b]) {
      const refused = await peer.ask('session_start', { language: 'python', columns: 80, rows: 24 });
      match(refused, { ok: exactly(false), error: text });
      assert.ok(refused.retry_after > 0);
    }
    for (const bad of [{ language: 'klingon' }, { language: undefined }, { language: 'c' }, { columns: -1 }, { rows: 1e9 }, { source_code: 'x'.repeat(100_001) }]) {
      match(await b.ask('session_start', { language: 'python', columns: 80, rows: 24, ...bad }), { ok: exactly(false), error: text });
    }
    for (const id of ids) {
      await b.ask('session_stop', { session_id: id });
      assert.equal((await a.next('session_ended', of(id), RUN_LIMIT_MS)).reason, 'stopped');
    }
    await b.ask('session_stop', { session_id: await open(b) });
    [a, b].forEach((peer) => peer.close());
  });

  test('it ends with its author\'s right to be there, and stays when they only lose their connection', async () => {
    const { id: roomId, people: [, bob], peers: [a, b] } = await room('Ada', 'Bob');
    const id = await open(b);
    await shows(a, id, '>>> ');
    b.close();
    await a.next('user_left');
    await key(a, id, 'print("goes", "on")\n');
    await shows(a, id, 'goes on');
    assert.equal((await bob.post(`/api/rooms/${roomId}/leave`)).status, 200);
    assert.equal((await a.next('session_ended', of(id), RUN_LIMIT_MS)).reason, 'left');
    a.close();
  });

  test('ids of another room open nothing', async () => {
    const [first, second] = [await room('Ada'), await room('Eve')];
    const [a, e] = [first.peers[0], second.peers[0]];
    const id = await open(a);
    await shows(a, id, '>>> ');
    for (const [event, fields] of [['session_input', { data: 'print("stolen")\n' }], ['session_resize', { columns: 10, rows: 10 }], ['session_stop', {}]]) {
      match(await e.ask(event, { session_id: id, ...fields }), { ok: exactly(false), error: text });
    }
    await e.barrier();
    assert.deepEqual([e.left('session_started'), e.left('session_output')], [[], []]);
    await key(a, id, 'print("mine")\n');
    assert.doesNotMatch(await shows(a, id, 'mine'), /stolen/);
    [a, e].forEach((peer) => peer.close());
  });
});

// A run while it runs: input that people type, stopping, who sees what in which order, what late joiners get, the queue's places and limits.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { guest, guests } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, int, match, string, text, uuid } from './shapes.mjs';

const RUN_LIMIT_MS = 60_000;
const noSandbox = !process.env.CI && !(process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/bwrap`))
  ? 'bubblewrap is not installed: apt-get install -y --no-install-recommends bubblewrap' : false;

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

const of = (id) => (payload) => payload.execution_id === id;

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

/** Starts a program; its id once it is queued. */
async function start(peer, source_code, fields = {}) {
  const answer = await peer.ask('execute_code', { language: 'python', source_code, ...fields }, RUN_LIMIT_MS);
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer.execution_id;
}

/** Waits until the run has written each of these words, to either stream. */
async function wrote(peer, id, ...words) {
  const seen = { stdout: '', stderr: '' };
  while (!words.every((each) => seen.stdout.includes(each) || seen.stderr.includes(each))) {
    const { stream, chunk } = await peer.next('execution_output', of(id), RUN_LIMIT_MS);
    seen[stream] += chunk;
  }
}

const done = (peer, id) => peer.next('execution_completed', of(id), RUN_LIMIT_MS);
const echo = 'import sys\nprint("ready", flush=True)\nfor line in sys.stdin:\n    print("got", line.strip(), flush=True)\nprint("end of input", flush=True)';

describe('live runs', { skip: noSandbox, concurrency: 2 }, () => {
  test('anyone in the room types into the run, in order, and ends its input', async () => {
    const { peers: [a, b] } = await room('Ada', 'Bob');
    const id = await start(a, echo, { live_input: true, input: 'first\n' });
    assert.equal((await b.next('execution_started', of(id), RUN_LIMIT_MS)).live_input, true);
    await wrote(a, id, 'got first\n');
    assert.deepEqual(await b.ask('execution_input', { execution_id: id, data: 'from Bob 👋\n' }), { ok: true, execution_id: id });
    await wrote(a, id, 'got from Bob 👋\n');
    match(await a.next('execution_input', of(id)), { user_id: exactly(b.person.id), user_name: exactly('Bob'), data: exactly('from Bob 👋\n'), end: exactly(false) });
    for (let i = 0; i < 20; i++) a.send('execution_input', { execution_id: id, data: `line ${i}\n` });
    assert.equal((await a.ask('execution_input', { execution_id: id, end: true })).ok, true);
    const result = await done(b, id);
    assert.equal(result.output, `ready\ngot first\ngot from Bob 👋\n${Array.from({ length: 20 }, (_, i) => `got line ${i}\n`).join('')}end of input\n`);
    assert.deepEqual([result.status, result.exit_code], ['completed', 0]);
    // After the end there is nothing to type into.
    match(await b.ask('execution_input', { execution_id: id, data: 'late' }), { ok: exactly(false), error: exactly('This run is over') });
    [a, b].forEach((peer) => peer.close());
  });

  test('without live_input a program sees the end of its input at once, and takes no more', async () => {
    const { peers: [a] } = await room('Ada');
    const id = await start(a, `import sys, time\nprint(repr(sys.stdin.read()), flush=True)\ntime.sleep(4)`, { input: 'given' });
    await wrote(a, id, "'given'\n");
    match(await a.ask('execution_input', { execution_id: id, data: 'more' }), { ok: exactly(false), error: exactly('This run takes no input') });
    assert.equal((await a.ask('execution_stop', { execution_id: id })).ok, true);
    await done(a, id);
    a.close();
  });

  test('input that nobody reads is bounded and refused in words', async () => {
    const { peers: [a] } = await room('Ada');
    const id = await start(a, 'import time\nprint("deaf", flush=True)\ntime.sleep(60)', { live_input: true });
    await wrote(a, id, 'deaf\n');
    const piece = 'x'.repeat(16_000);
    let refused;
    for (let i = 0; i < 40 && !refused; i++) {
      const answer = await a.ask('execution_input', { execution_id: id, data: piece });
      if (!answer.ok) refused = answer;
    }
    match(refused, { error: exactly('The program is not reading its input'), retry_after: int });
    match(await a.ask('execution_input', { execution_id: id, data: 'y'.repeat(20_000) }), { ok: exactly(false), error: text });
    match(await a.ask('execution_input', { execution_id: id, data: 7 }), { ok: exactly(false), error: text });
    match(await a.ask('execution_input', { execution_id: 'nonsense', data: '' }), { ok: exactly(false), error: text });
    assert.equal((await a.ask('execution_stop', { execution_id: id })).ok, true);
    const result = await done(a, id);
    assert.deepEqual([result.status, result.verdict], ['failed', 'stopped']);
    a.close();
  });

  test('everyone sees one run\'s events in one order; who joins later gets the output so far and then the rest, without a gap', async () => {
    const { id: roomId, people, peers: [a, b] } = await room('Ada', 'Bob', 'Cid');
    const id = await start(a, 'import sys\nfor i in range(400):\n    print("out", i, flush=True)\n    print("err", i, file=sys.stderr, flush=True)\n    if i == 200:\n        print("half", flush=True)\n        sys.stdin.readline()\n', { live_input: true });
    // The streams are two pipes: either may be behind, and what follows is compared with what everybody has by then.
    await wrote(b, id, 'half\n', 'err 200\n');
    // Cid leaves and comes back; Dot was never here.
    const [dot] = await guests(server, 'Dot');
    await dot.post(`/api/rooms/${roomId}/join`);
    const late = await dot.enter(roomId);
    const [running] = late.joined.room_data.executions.filter((run) => run.execution_id === id);
    match(running, { user_id: exactly(people[0].id), user_name: exactly('Ada'), language: exactly('python'), status: exactly('running'), seq: int });
    const state = (await late.ask('get_room_state', {})).executions.find((run) => run.execution_id === id);
    assert.deepEqual(state.output, running.output);
    await b.ask('execution_input', { execution_id: id, data: '\n' });
    const result = await done(late, id);
    const rest = late.left('execution_output').filter(of(id));
    assert.ok(rest.length > 0 && rest[0].seq === running.seq + 1, `${running.seq} then ${rest[0]?.seq}`);
    const joined = [...running.output, ...rest.map((c) => ({ stream: c.stream, data: c.chunk }))];
    const stream = (name) => joined.filter((piece) => piece.stream === name).map((piece) => piece.data).join('');
    assert.equal(stream('stdout'), result.output);
    assert.equal(stream('stderr'), result.error_output);
    await done(a, id);
    assert.deepEqual(late.left('execution_completed').filter(of(id)), [], 'told twice');
    const seen = (peer) => peer.left('execution_output').filter(of(id)).map((c) => [c.seq, c.stream, c.chunk]);
    const ofA = seen(a);
    assert.deepEqual(ofA.map(([seq]) => seq), ofA.map((_, i) => i));
    const ofB = seen(b);
    assert.deepEqual(ofB, ofA.slice(-ofB.length));
    assert.deepEqual((await late.ask('get_room_state', {})).executions, []);
    [a, b, late].forEach((peer) => peer.close());
  });

  test('a run goes on while its author is away, and their next connection gets what it wrote', async () => {
    const { id: roomId, people: [ada], peers: [a, b] } = await room('Ada', 'Bob');
    const id = await start(a, echo, { live_input: true });
    await wrote(a, id, 'ready\n');
    a.close();
    await b.next('user_left');
    await b.ask('execution_input', { execution_id: id, data: 'while away\n' });
    await wrote(b, id, 'got while away\n');
    const back = await ada.enter(roomId);
    assert.equal(back.joined.room_data.executions[0].output.map((piece) => piece.data).join(''), 'ready\ngot while away\n');
    await back.ask('execution_input', { execution_id: id, end: true });
    assert.equal((await done(back, id)).output, 'ready\ngot while away\nend of input\n');
    [b, back].forEach((peer) => peer.close());
  });

  test('places are told and go down; a waiting run is stopped at once; too many are refused with the time to wait', async () => {
    // Live runs have more slots than a room may queue, so these are plain ones: as many sleepers as the machine has slots, and more behind.
    const { peers } = await room('Ada', 'Bob', 'Cid', 'Dot');
    const runs = [];
    for (const peer of peers) for (let i = 0; i < 3 && runs.length < 10; i++) {
      const answer = await peer.ask('execute_code', { language: 'python', source_code: 'import time\ntime.sleep(1.5)' });
      assert.equal(answer.ok, true, JSON.stringify(answer));
      runs.push({ peer, id: answer.execution_id, position: answer.position });
    }
    const queued = await peers[0].next('execution_queued', of(runs[0].id));
    match(queued, { message: text, position: int });
    const [a] = peers;
    const refused = await a.ask('execute_code', { language: 'python', source_code: '1' });
    match(refused, { ok: exactly(false), error: text });
    assert.ok(refused.retry_after > 0, JSON.stringify(refused));
    match(await a.next('error'), { message: text });
    const overRest = await a.person.post('/api/execution/submit', { room_id: a.joined.room_id, language: 'python', source_code: '1' });
    assert.equal(overRest.status, 429, overRest.what);
    assert.ok(Number(overRest.headers.get('retry-after')) >= 1 && overRest.body.retry_after > 0, overRest.what);

    const last = runs.at(-1);
    assert.ok(last.position > 1, `the tenth run has place ${last.position}`);
    const dropped = runs.at(-2);
    assert.equal((await dropped.peer.ask('execution_stop', { execution_id: dropped.id })).ok, true);
    const stopped = await done(dropped.peer, dropped.id);
    assert.deepEqual([stopped.status, stopped.verdict, stopped.started_at], ['failed', 'stopped', null]);

    await done(last.peer, last.id);
    const places = last.peer.left('execution_position').filter(of(last.id)).map((move) => move.position);
    assert.ok(places.length > 0, 'no place was told');
    assert.deepEqual(places, [...new Set(places)].sort((x, y) => y - x), 'places only go down');
    assert.ok(places.at(-1) >= 1 && places[0] < last.position, JSON.stringify({ places, last: last.position }));
    for (const run of runs) {
      for (const peer of peers.filter((p) => p !== run.peer)) assert.deepEqual(peer.left('execution_position').filter(of(run.id)), [], 'somebody else is told of a place');
    }
    // Each run ended once, for everyone.
    for (const run of runs.filter((r) => r !== dropped && r !== last)) await done(a, run.id);
    await a.barrier();
    const ends = a.left('execution_completed').map((e) => e.execution_id);
    assert.equal(new Set(ends).size, ends.length);
    peers.forEach((peer) => peer.close());
  });

  test('who leaves the room for good takes their live run with them; an empty room ends it', async () => {
    const { id: roomId, people: [, bob], peers: [a, b] } = await room('Ada', 'Bob');
    const id = await start(b, echo, { live_input: true });
    await wrote(a, id, 'ready\n');
    assert.equal((await bob.post(`/api/rooms/${roomId}/leave`)).status, 200);
    const result = await done(a, id);
    assert.deepEqual([result.status, result.verdict], ['failed', 'stopped']);
    const second = await start(a, echo, { live_input: true });
    await wrote(a, second, 'ready\n');
    a.close();
    b.close();
    const [eve] = [a.person];
    // Nobody is there to be told: the record says it.
    const deadline = Date.now() + RUN_LIMIT_MS;
    let record;
    do record = (await a.person.get(`/api/execution/${second}/result`)).body.execution;
    while (record.status === 'running' && Date.now() < deadline && await new Promise((resolve) => setTimeout(resolve, 250, true)));
    assert.deepEqual([record.status, record.verdict], ['failed', 'stopped']);
  });
});

test('the language list says what can run here, and how', async () => {
  const ada = await guest(server);
  const { languages } = (await ada.get('/api/execution/languages')).body;
  assert.equal(languages.length, 13);
  for (const language of languages) {
    match(language, { name: text, id: int, display_name: text, template: text, runner: exactly('sandbox') });
    assert.equal(typeof language.available, 'boolean');
    if (language.available) match(language, { version: string, reason: exactly(null) });
    else match(language, { reason: text });
  }
  const { id } = await ada.room({ language: 'ruby' });
  const peer = await ada.enter(id);
  assert.equal(peer.joined.current_content, languages.find((l) => l.name === 'ruby').template);
  match(peer.joined, { room_id: uuid });
  peer.close();
});

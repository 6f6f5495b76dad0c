// A room's test cases: editing, who sees what, running all of them, verdicts, differences, limits, stopping, and what is kept.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { guests } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { bool, exactly, int, listOf, match, maybe, number, ok, oneOf, pagination, refused, string, text, time, uuid } from './shapes.mjs';

const RUN_LIMIT_MS = 90_000;
const noSandbox = !process.env.CI && !(process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/bwrap`))
  ? 'bubblewrap is not installed: apt-get install -y --no-install-recommends bubblewrap' : false;
const testCase = {
  id: uuid, room_id: uuid, name: text, input: maybe(string), expected_output: maybe(string), is_hidden: bool, time_limit: maybe(number), memory_limit: maybe(int),
  position: int, created_by: uuid, created_at: time, updated_at: time,
};
const verdicts = ['accepted', 'wrong_answer', 'time_limit', 'memory_limit', 'output_limit', 'process_limit', 'runtime_error', 'compile_error', 'stopped', 'internal_error'];

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

async function room() {
  const [owner, member] = await guests(server, 'Owner', 'Member');
  const { id } = await owner.room();
  await member.post(`/api/rooms/${id}/join`);
  return { id, owner, member, cases: `/api/rooms/${id}/cases` };
}

test('cases are kept in order, edited by the owner, told to the room, and hidden ones are hidden', async () => {
  const { id, owner, member, cases } = await room();
  const peer = await member.enter(id);
  assert.deepEqual(ok(await member.get(cases), { cases: listOf(testCase) }).cases, []);
  const first = ok(await owner.post(cases, { name: 'Adds', input: '1 2\n', expected_output: '3\n' }), { message: text, case: testCase }, 201).case;
  assert.deepEqual(await peer.next('cases_changed'), { room_id: id });
  const second = ok(await owner.post(cases, { input: 'secret in', expected_output: 'secret out', is_hidden: true, time_limit: 1.5, memory_limit: 65536 }), { case: testCase }, 201).case;
  assert.deepEqual([second.name, second.position, second.time_limit, second.memory_limit], ['Case 2', 1, 1.5, 65536]);
  const third = ok(await owner.post(cases, { position: 0 }), { case: testCase }, 201).case;
  const names = async (person) => (await person.get(cases)).body.cases.map((c) => [c.id, c.position]);
  assert.deepEqual(await names(owner), [[third.id, 0], [first.id, 1], [second.id, 2]]);

  const seen = ok(await member.get(cases), { cases: listOf(testCase) }).cases;
  assert.deepEqual([seen[2].input, seen[2].expected_output, seen[2].is_hidden], [null, null, true]);
  assert.equal(seen[1].expected_output, '3\n');
  assert.doesNotMatch((await member.get(cases)).text, /secret/);
  assert.match((await owner.get(cases)).text, /secret out/);

  const changed = ok(await owner.put(`${cases}/${second.id}`, { name: 'Renamed', position: 0, time_limit: null }), { message: text, case: testCase }).case;
  assert.deepEqual([changed.name, changed.position, changed.time_limit, changed.memory_limit, changed.input], ['Renamed', 0, null, 65536, 'secret in']);
  assert.deepEqual(await names(owner), [[second.id, 0], [third.id, 1], [first.id, 2]]);
  ok(await owner.delete(`${cases}/${second.id}`), { message: text });
  assert.deepEqual(await names(owner), [[third.id, 0], [first.id, 1]]);
  refused(await owner.delete(`${cases}/${second.id}`), 404, 'Test case not found');
  refused(await owner.put(`${cases}/nonsense`, {}), 404);
  for (const [method, path, body] of [['post', cases, {}], ['put', `${cases}/${first.id}`, { name: 'Mine' }], ['delete', `${cases}/${first.id}`]]) refused(await member[method](path, body), 403);
  for (const bad of [{ name: ' ' }, { name: 'x'.repeat(101) }, { input: 'x'.repeat(102_401) }, { expected_output: 7 }, { time_limit: 0 }, { time_limit: 1000 }, { time_limit: '1' }, { memory_limit: 1 }, { memory_limit: 1.5 }, { position: -1 }]) {
    refused(await owner.post(cases, bad), 400);
    refused(await owner.put(`${cases}/${first.id}`, bad), 400);
  }
  // Another room's owner changes nothing here, whatever path they take.
  const other = await room();
  refused(await other.owner.put(`${other.cases}/${first.id}`, { name: 'Stolen' }), 404);
  refused(await other.owner.delete(`${other.cases}/${first.id}`), 404);
  peer.close();
});

test('no more than fifty', async () => {
  const { owner, cases } = await room();
  const replies = await Promise.all(Array.from({ length: 52 }, () => owner.post(cases, {})));
  assert.deepEqual(replies.map((r) => r.status).sort(), [...Array(50).fill(201), 400, 400]);
  assert.deepEqual((await owner.get(cases)).body.cases.map((c) => c.position), Array.from({ length: 50 }, (_, i) => i));
});

test('a run without cases, of an unknown language, or of nothing is refused', async () => {
  const { id, owner, cases } = await room();
  const good = { source_code: 'print(1)', language: 'python' };
  if (!noSandbox) refused(await owner.post(`${cases}/run`, good), 400, 'There are no test cases');
  await owner.post(cases, {});
  for (const bad of [{ language: 'klingon' }, { source_code: '' }, { source_code: 'x'.repeat(100_001) }]) refused(await owner.post(`${cases}/run`, { ...good, ...bad }), 400);
  refused(await owner.get(`${cases}/runs/${randomUUID()}`), 404, 'Run not found');
  const peer = await owner.enter(id);
  match(await peer.ask('cases_stop', { run_id: randomUUID() }), { ok: exactly(false), error: text });
  match(await peer.ask('cases_run', { language: 'klingon', source_code: '1' }), { ok: exactly(false), error: text });
  peer.close();
});

describe('running them', { skip: noSandbox, concurrency: 2 }, () => {
  async function withCases(...all) {
    const world = await room();
    for (const fields of all) assert.equal((await world.owner.post(world.cases, fields)).status, 201);
    const peers = [await world.owner.enter(world.id), await world.member.enter(world.id)];
    return { ...world, peers };
  }

  /** Everything that a peer hears of a run. */
  async function hears(peer, run_id) {
    const mine = (payload) => payload.run_id === run_id;
    const started = match(await peer.next('cases_started', mine, RUN_LIMIT_MS), { user_id: uuid, language: text, total: int });
    const completed = match(await peer.next('cases_completed', mine, RUN_LIMIT_MS), { user_id: uuid, language: text, verdict: oneOf(...verdicts), passed: int, total: int });
    const results = peer.left('case_completed').filter(mine);
    for (const result of results) match(result, { case_id: uuid, name: text, position: int, verdict: oneOf(...verdicts), execution_time: maybe(number), memory_usage: maybe(number) });
    return { started, completed, results };
  }

  const program = `import sys
line = sys.stdin.readline().strip()
if line == "loop":
    while True: pass
if line == "crash": sys.exit(9)
if line == "flood":
    while True: print("x" * 10000)
if line == "bomb":
    data = []
    while True: data.append("y" * 10000000)
print("hello", line, "  ")
print("bye")
print()`;

  test('each verdict, told as it comes, the same to everyone, and kept', async () => {
    const { id, owner, member, cases, peers: [a, b] } = await withCases(
      { name: 'right', input: 'Ada\n', expected_output: 'hello Ada\nbye' },
      { name: 'wrong', input: 'Bob\n', expected_output: 'hello Bob\nsee you\nbye\n' },
      { name: 'hidden and wrong', input: 'the secret\n', expected_output: 'other secret', is_hidden: true },
      { name: 'loops', input: 'loop\n', time_limit: 0.5 },
      { name: 'crashes', input: 'crash\n', expected_output: '' },
      { name: 'floods', input: 'flood\n' },
      { name: 'too big', input: 'bomb\n', memory_limit: 65536 },
      { name: 'right again', input: 'Eve\n', expected_output: '\nhello Eve\nbye\n'.trimStart() });
    const answer = await b.ask('cases_run', { source_code: program, language: 'python' }, RUN_LIMIT_MS);
    assert.equal(answer.ok, true, JSON.stringify(answer));
    const [heard, alsoHeard] = await Promise.all([hears(a, answer.run_id), hears(b, answer.run_id)]);
    assert.deepEqual(alsoHeard, heard);
    assert.deepEqual(heard.results.map((r) => r.position), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(heard.results.map((r) => r.verdict),
      ['accepted', 'wrong_answer', 'wrong_answer', 'time_limit', 'runtime_error', 'output_limit', 'memory_limit', 'accepted'], JSON.stringify(heard.results.map((r) => [r.name, r.verdict, r.error_output])));
    match(heard.completed, { verdict: exactly('wrong_answer'), passed: exactly(2), total: exactly(8), user_id: exactly(member.id) });
    assert.deepEqual(heard.results[1].diff.map(({ kind, line }) => [kind, line]), [['same', 'hello Bob'], ['missing', 'see you'], ['same', 'bye']]);
    assert.equal(heard.results[1].output, 'hello Bob   \nbye\n\n');
    assert.equal('diff' in heard.results[0], false);
    for (const field of ['output', 'diff', 'error_output']) assert.equal(field in heard.results[2], false, `${field} of a hidden case`);
    assert.doesNotMatch(JSON.stringify(heard), /secret/);
    assert.ok(heard.results[3].execution_time >= 0.4 && heard.results[3].execution_time < 20);

    const { run } = ok(await member.get(`${cases}/runs/${answer.run_id}`), { run: { id: uuid, room_id: exactly(id), user_id: uuid, user_name: text, language: exactly('python'), source_code: exactly(program), status: exactly('completed'), created_at: time, completed_at: time } });
    assert.deepEqual([run.verdict, run.passed, run.total], ['wrong_answer', 2, 8]);
    assert.deepEqual(run.results, heard.results);
    assert.deepEqual(ok(await owner.get(`${cases}/runs`), { runs: listOf({ id: uuid }), pagination }).runs.map((r) => r.id), [answer.run_id]);
    const other = await room();
    refused(await other.owner.get(`${other.cases}/runs/${answer.run_id}`), 404);
    refused(await other.owner.get(`${cases}/runs/${answer.run_id}`), 403);
    [a, b].forEach((peer) => peer.close());
  });

  test('all accepted, over REST; a program that does not compile ends all of them at once', async (t) => {
    const { owner, cases, peers: [a, b] } = await withCases({ input: 'x', expected_output: '42' }, { expected_output: '42\n\n' });
    const reply = ok(await owner.post(`${cases}/run`, { source_code: 'print(42)', language: 'python' }), { message: text, run_id: uuid }, 202);
    const heard = await hears(b, reply.run_id);
    match(heard.completed, { verdict: exactly('accepted'), passed: exactly(2), total: exactly(2) });
    const languages = (await owner.get('/api/execution/languages')).body.languages;
    const c = languages.find((l) => l.name === 'c');
    if (!c.available) return t.diagnostic('no C compiler here: the second half was not tried');
    const broken = ok(await owner.post(`${cases}/run`, { source_code: 'int main(void) { return undeclared; }', language: 'c' }), { run_id: uuid }, 202);
    const refusedRun = await hears(a, broken.run_id);
    assert.deepEqual(refusedRun.results, []);
    match(refusedRun.completed, { verdict: exactly('compile_error'), passed: exactly(0), total: exactly(2), compile_output: text });
    assert.match(refusedRun.completed.compile_output, /undeclared/);
    const { run } = (await owner.get(`${cases}/runs/${broken.run_id}`)).body;
    assert.deepEqual([run.status, run.verdict, run.results], ['completed', 'compile_error', []]);
    [a, b].forEach((peer) => peer.close());
  });

  test('a run is stopped in the middle; meanwhile there is no second one', async () => {
    const { owner, member, cases, peers: [a, b] } = await withCases({ input: 'a\n', expected_output: 'a' }, { input: 'sleep\n' }, { input: 'b\n' });
    const source_code = 'import time\nline = input()\nif line == "sleep": time.sleep(60)\nprint(line)';
    const answer = await a.ask('cases_run', { source_code, language: 'python' });
    assert.equal((await b.next('case_completed', (r) => r.run_id === answer.run_id, RUN_LIMIT_MS)).verdict, 'accepted');
    const second = await member.post(`${cases}/run`, { source_code, language: 'python' });
    refused(second, 429, 'The test cases are being run already');
    assert.ok(second.body.retry_after > 0 && second.headers.get('retry-after'));
    assert.equal((await b.ask('cases_stop', { run_id: answer.run_id })).ok, true);
    const heard = await hears(a, answer.run_id);
    match(heard.completed, { verdict: exactly('stopped'), passed: exactly(1), total: exactly(3) });
    assert.equal(heard.results.length, 1);
    assert.equal((await owner.get(`${cases}/runs/${answer.run_id}`)).body.run.verdict, 'stopped');
    [a, b].forEach((peer) => peer.close());
  });
});

// Rooms whose programs run on a Judge0: the real server with JUDGE0_API_URL, a Judge0 on this machine that follows its documented API.
// Every way in which it may fail is in the server's own tests; here are those that end a run in different places.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Api, guest } from './clients.mjs';
import { FakeJudge0 } from './fakes/judge0.mjs';
import { ServerProcess } from './server.mjs';
import { exactly, execution, match, ok, string, text, uuid } from './shapes.mjs';

let judge0;
let server;
before(async () => {
  judge0 = await FakeJudge0.start();
  server = await new ServerProcess({ env: { JUDGE0_API_URL: judge0.url, JUDGE0_API_KEY: 'the-key', Judge0__DeadlineSeconds: '2' } }).start();
});
after(async () => {
  await server?.dispose();
  await judge0?.stop();
});

async function inRoom() {
  const ada = await guest(server, 'Ada');
  const { id } = await ada.room();
  return { ada, id, peer: await ada.enter(id) };
}

async function run(peer, fields) {
  peer.send('execute_code', { language: 'python', source_code: 'print(1)', ...fields });
  const { execution_id } = match(await peer.next('execution_queued'), { execution_id: uuid, message: text });
  const mine = (payload) => payload.execution_id === execution_id;
  match(await peer.next('execution_started', mine), { user_id: exactly(peer.person.id) });
  const done = match(await peer.next('execution_completed', mine), { ...execution, execution_id: exactly(execution_id) });
  await peer.barrier();
  assert.deepEqual(peer.left('execution_completed').filter(mine), [], 'reported once');
  return { ...done, chunks: peer.left('execution_output').filter(mine) };
}

test('a program runs there and everybody in the room gets its result', async () => {
  const { ada, id, peer } = await inRoom();
  const bob = await guest(server, 'Bob');
  const b = await bob.enter(id);
  const done = await run(peer, { source_code: 'print("grüße")', input: 'some input' });
  assert.deepEqual([done.status, done.output, done.exit_code, done.memory_usage, done.execution_time, done.input_data],
    ['completed', 'ran: print("grüße")', 0, 3184, 0.104, 'some input']);
  assert.equal(done.chunks.map((c) => c.chunk).join(''), done.output);
  assert.equal((await b.next('execution_completed', (e) => e.execution_id === done.execution_id)).output, done.output);
  const [submission] = [...judge0.submissions.values()].filter((s) => s.source_code === 'print("grüße")');
  assert.equal(submission.stdin, 'some input');
  assert.equal(submission.language_id, 109, 'the newest Python it has');
  assert.equal(judge0.requests.find((r) => r.method === 'POST').headers['x-auth-token'], 'the-key');
  assert.ok(!server.logs.includes('the-key'), 'the key is in the log');
  const { execution: stored } = ok(await ada.get(`/api/execution/${done.execution_id}/result`), { execution });
  assert.equal(stored.output, done.output);
  [peer, b].forEach((p) => p.close());
});

test('a submission over REST is told its token', async () => {
  const { ada, id, peer } = await inRoom();
  const reply = ok(await ada.post('/api/execution/submit', { room_id: id, language: 'javascript', source_code: 'console.log(6*7)' }), { message: string, execution_id: uuid, judge0_token: uuid }, 201);
  assert.ok(judge0.submissions.has(reply.judge0_token));
  assert.equal((await peer.next('execution_completed', (e) => e.execution_id === reply.execution_id)).output, 'ran: console.log(6*7)');
  peer.close();
});

test('the language list says what that Judge0 has', async () => {
  const { languages, language_map } = ok(await new Api(server.url).get('/api/execution/languages'), {});
  const python = languages.find((l) => l.name === 'python');
  assert.deepEqual([python.available, python.version, python.runner], [true, '3.13.2', 'judge0']);
  const kotlin = languages.find((l) => l.name === 'kotlin');
  assert.equal(kotlin.available, false);
  assert.match(kotlin.reason, /no Kotlin/);
  assert.equal(language_map.python, 71, 'the contract\'s map stays');
});

test('errors of a program come as its own', async () => {
  const { peer } = await inRoom();
  const good = judge0.result;
  judge0.result = () => ({ status: { id: 6 }, compile_output: 'main.cpp:1: error: expected ;' });
  const compile = await run(peer, { language: 'cpp' });
  assert.deepEqual([compile.status, compile.verdict, compile.compile_output], ['failed', 'compile_error', 'main.cpp:1: error: expected ;']);
  judge0.result = () => ({ status: { id: 11 }, stdout: 'on my way\n', stderr: 'Traceback\n', exit_code: 3 });
  const runtime = await run(peer);
  assert.deepEqual([runtime.status, runtime.verdict, runtime.output, runtime.error_output, runtime.exit_code], ['failed', 'runtime_error', 'on my way\n', 'Traceback\n', 3]);
  judge0.result = () => ({ status: { id: 5 }, stdout: 'on my way\n', exit_signal: 9 });
  assert.equal((await run(peer)).verdict, 'time_limit');
  judge0.result = good;
  peer.close();
});

const answer = (status, body, headers = {}) => (request, response) => {
  if (!request.url.startsWith('/submissions')) return false;
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  return true;
};
const onlyLooks = (behave) => (request, response) => request.method === 'GET' && request.url.startsWith('/submissions/') && behave(request, response);

for (const [name, intercept, words] of [
  ['errors', answer(500, 'oh no'), /Judge0 answered with an error/],
  ['a used-up quota', answer(429, '{}', { 'retry-after': '86400' }), /takes no more runs.*try again in 86400 s/],
  ['garbage', answer(200, '<html>', { 'content-type': 'text/html' }), /not JSON/],
  ['a token nobody knows', onlyLooks(answer(404, '{"error":"Not Found"}')), /lost the run/],
  ['silence', onlyLooks(() => true), /did not finish the run within 2 s/],
  ['an answer of 5 MB', onlyLooks(answer(200, JSON.stringify({ status: { id: 3 }, stdout: 'A'.repeat(5 << 20) }))), /larger than 4 MB/],
  ['broken connections', (request, response) => request.url.startsWith('/submissions') && (response.destroy(), true), /cannot be reached/],
]) {
  test(`${name}: the run ends failed, in words, once`, async () => {
    const { ada, id, peer } = await inRoom();
    judge0.intercept = intercept;
    try {
      const done = await run(peer);
      assert.equal(done.status, 'failed');
      assert.match(done.error_output, words);
      assert.doesNotMatch(done.error_output, /secret|oh no|html/);
      const { executions } = ok(await ada.get(`/api/execution/room/${id}/history`), {});
      assert.deepEqual(executions.map((e) => e.status), ['failed']);
    } finally {
      judge0.intercept = () => false;
    }
    // The next one does not suffer for it.
    assert.equal((await run(peer)).status, 'completed');
    peer.close();
  });
}

test('a run that is stopped ends at once', async () => {
  const { peer } = await inRoom();
  judge0.intercept = onlyLooks(answer(200, '{"status":{"id":2}}'));
  try {
    const asked = await peer.ask('execute_code', { language: 'python', source_code: 'while True: pass' });
    const mine = (e) => e.execution_id === asked.execution_id;
    await peer.next('execution_started', mine);
    assert.equal((await peer.ask('execution_stop', { execution_id: asked.execution_id })).ok, true);
    const done = await peer.next('execution_completed', mine);
    assert.deepEqual([done.status, done.verdict], ['failed', 'stopped']);
  } finally {
    judge0.intercept = () => false;
  }
  peer.close();
});

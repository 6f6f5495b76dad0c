// Running code: languages, REST submission, socket execution with streamed output, limits, and what the sandbox hides.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { guest, guests, Api } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, execution, int, listOf, match, ok, oneOf, pagination, refused, string, text, uuid } from './shapes.mjs';

const ids = { javascript: 63, python: 71, java: 62, cpp: 54, c: 50, csharp: 51, php: 68, ruby: 72, go: 60, rust: 73, kotlin: 78, swift: 83, typescript: 74 };
const RUN_LIMIT_MS = 40_000;
const noSandbox = !process.env.CI && !(process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/bwrap`))
  ? 'bubblewrap is not installed: apt-get install -y --no-install-recommends bubblewrap' : false;

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

for (const slash of ['', '/']) {
  test(`GET /api/execution/languages${slash} needs no token`, async () => {
    const { languages, language_map } = ok(await new Api(server.url).get('/api/execution/languages' + slash), {});
    assert.ok(Array.isArray(languages) && languages.length >= 13);
    for (const [name, id] of Object.entries(ids)) {
      assert.equal(language_map[name], id, name);
      assert.ok(languages.some((language) => language === name || language.name === name || language.id === name || language.key === name), `${name} is not in languages[]`);
    }
  });
}

test('a submission is validated', async () => {
  const [ada, eve] = await guests(server, 'Ada', 'Eve');
  const { id } = await ada.room();
  const good = { room_id: id, language: 'javascript', source_code: 'console.log(1)' };
  for (const bad of [{ room_id: undefined }, { language: 'klingon' }, { language: undefined }, { source_code: '' }, { source_code: '  ' }, { source_code: undefined }, { source_code: 'x'.repeat(100_001) }, { source_code: 7 }, { input_data: 7 }]) {
    const reply = await ada.post('/api/execution/submit', { ...good, ...bad });
    assert.equal(reply.status, 400, `${JSON.stringify(bad).slice(0, 80)}: ${reply.what}`);
    refused(reply, 400);
  }
  refused(await eve.post('/api/execution/submit', good), 403);
  refused(await ada.post('/api/execution/submit', { ...good, room_id: randomUUID() }), [400, 403, 404]);
  refused(await ada.get(`/api/execution/${randomUUID()}/result`), 404);
  refused(await ada.get('/api/execution/nonsense/result'), [400, 404]);
  refused(await eve.get(`/api/execution/room/${id}/history`), 403);
});

test('a socket is told when a language is unknown', async () => {
  const ada = await guest(server);
  const peer = await ada.enter((await ada.room()).id);
  match(await peer.ask('execute_code', { source_code: 'x', language: 'klingon' }), { ok: exactly(false), error: string });
  peer.close();
});

describe('under the sandbox', { skip: noSandbox, concurrency: 2 }, () => {
  /** Runs a program from a socket and returns everything that came of it. */
  async function run(peer, language, source_code, input) {
    peer.send('execute_code', { source_code, language, ...(input === undefined ? {} : { input }) });
    const queued = match(await peer.next('execution_queued'), { execution_id: uuid, message: text });
    const mine = (payload) => payload.execution_id === queued.execution_id;
    const started = match(await peer.next('execution_started', mine, RUN_LIMIT_MS), { execution_id: uuid, user_id: exactly(peer.person.id), language: exactly(language) });
    const done = match(await peer.next('execution_completed', mine, RUN_LIMIT_MS), { ...execution, execution_id: exactly(queued.execution_id) });
    const chunks = peer.left('execution_output').filter(mine);
    return { ...done, started, chunks, streamed: chunks.filter((c) => c.stream === 'stdout').map((c) => c.chunk).join('') };
  }

  async function inRoom() {
    const ada = await guest(server, 'Ada');
    const { id } = await ada.room();
    return { ada, id, peer: await ada.enter(id) };
  }

  for (const [language, source, words] of [
    ['javascript', 'const name = require("fs").readFileSync(0, "utf8").trim(); console.log(`hello ${name} 👋`); console.error("to stderr");', 'hello Ada 👋\n'],
    ['python', 'import sys\nprint("hello", input(), "👋")\nprint("to stderr", file=sys.stderr)', 'hello Ada 👋\n'],
  ]) {
    test(`${language} reads its input and both streams come back`, async () => {
      const { ada, peer, id } = await inRoom();
      const result = await run(peer, language, source, 'Ada\n');
      assert.equal(result.output, words, JSON.stringify(result));
      assert.match(result.error_output, /to stderr/);
      assert.deepEqual([result.status, result.exit_code, result.language, result.room_id, result.input_data], ['completed', 0, language, id, 'Ada\n']);
      assert.ok(result.execution_time > 0 && result.execution_time < 30);
      assert.ok(result.memory_usage > 100, `memory_usage in KB: ${result.memory_usage}`);
      assert.equal(result.streamed, words);
      for (const chunk of result.chunks) match(chunk, { execution_id: exactly(result.execution_id), stream: oneOf('stdout', 'stderr', 'compile'), chunk: text, seq: int });
      const seqs = result.chunks.map((chunk) => chunk.seq);
      assert.deepEqual(seqs, [...seqs].sort((x, y) => x - y), 'chunks in order');
      assert.equal(new Set(seqs).size, seqs.length, 'each chunk has a number of its own');

      // The same record is there over REST.
      const { execution: stored } = ok(await ada.get(`/api/execution/${result.execution_id}/result`), { execution });
      assert.deepEqual([stored.output, stored.status, stored.source_code], [words, 'completed', source]);
      const history = ok(await ada.get(`/api/execution/room/${id}/history/`), { executions: listOf(execution), pagination });
      assert.deepEqual(history.executions.map((e) => e.id), [result.execution_id]);
      peer.close();
    });
  }

  test('everyone in the room sees the run, nobody else does', async () => {
    const { ada, id, peer } = await inRoom();
    const [bob, eve] = await guests(server, 'Bob', 'Eve');
    const b = await bob.enter(id);
    const e = await eve.enter((await eve.room()).id);
    const result = await run(peer, 'python', 'print("for all")');
    const mine = (payload) => payload.execution_id === result.execution_id;
    assert.equal((await b.next('execution_started', mine)).user_id, ada.id);
    assert.equal((await b.next('execution_completed', mine)).output, 'for all\n');
    assert.equal(b.left('execution_output').filter(mine).map((c) => c.chunk).join(''), 'for all\n');
    await b.barrier();
    assert.deepEqual(b.left('execution_queued'), []);
    await e.barrier();
    assert.deepEqual([e.left('execution_started'), e.left('execution_output'), e.left('execution_completed')], [[], [], []]);
    refused(await eve.get(`/api/execution/${result.execution_id}/result`), 403);
    [peer, b, e].forEach((p) => p.close());
  });

  test('output streams while the program runs', async () => {
    const { peer } = await inRoom();
    // The program waits until it is killed; if its first line comes, it came while it ran.
    peer.send('execute_code', { language: 'python', source_code: 'import time\nprint("first", flush=True)\ntime.sleep(1.5)\nprint("last", flush=True)' });
    const { execution_id } = await peer.next('execution_queued');
    const mine = (c) => c.execution_id === execution_id;
    // A line may come in pieces.
    const read = async (words) => {
      const chunks = [];
      while (chunks.map((c) => c.chunk).join('') !== words) chunks.push(await peer.next('execution_output', mine, RUN_LIMIT_MS));
      return chunks.at(-1);
    };
    const first = await read('first\n');
    assert.deepEqual(peer.left('execution_completed'), [], 'the output came at the end only');
    const last = await read('last\n');
    assert.ok(last.seq > first.seq);
    assert.equal((await peer.next('execution_completed', () => true, RUN_LIMIT_MS)).output, 'first\nlast\n');
    peer.close();
  });

  test('a submission over REST runs and reaches the room', async () => {
    const { ada, id, peer } = await inRoom();
    const reply = ok(await ada.post('/api/execution/submit', { room_id: id, language: 'javascript', source_code: 'console.log(6*7)', input_data: '' }),
      { message: string, execution_id: uuid, judge0_token: exactly(null) }, 201);
    const done = await peer.next('execution_completed', (e) => e.execution_id === reply.execution_id, RUN_LIMIT_MS);
    assert.equal(done.output, '42\n');
    assert.equal((await ada.get(`/api/execution/${reply.execution_id}/result/`)).body.execution.status, 'completed');
    peer.close();
  });

  test('a program that fails says how', async () => {
    const { peer } = await inRoom();
    const thrown = await run(peer, 'javascript', 'throw new Error("on purpose")');
    assert.match(thrown.error_output, /on purpose/);
    assert.notEqual(thrown.exit_code, 0);
    const syntax = await run(peer, 'python', 'def (:');
    assert.match(syntax.error_output + (syntax.compile_output ?? ''), /SyntaxError/);
    assert.equal((await run(peer, 'python', 'import sys; sys.exit(3)')).exit_code, 3);
    peer.close();
  });

  test('a program that never ends is ended', async () => {
    const { peer } = await inRoom();
    const result = await run(peer, 'python', 'print("on my way", flush=True)\nwhile True: pass');
    assert.equal(result.status, 'failed');
    assert.equal(result.output, 'on my way\n');
    peer.close();
  });

  test('endless output is cut and the program ended', async () => {
    const { peer } = await inRoom();
    const result = await run(peer, 'javascript', 'const line = "x".repeat(9999) + "\\n"; for (;;) require("fs").writeSync(1, line);');
    assert.equal(result.status, 'failed');
    assert.ok(result.output.length < 4 << 20, `${result.output.length} characters kept`);
    assert.ok(result.chunks.reduce((sum, c) => sum + c.chunk.length, 0) < 8 << 20);
    peer.close();
  });

  test('the sandbox shows no environment, no host files, no network, no server', async () => {
    const { peer } = await inRoom();
    const probe = `
import os, socket, json
def attempt(f):
    try:
        return repr(f())[:300]
    except BaseException as e:
        return "refused " + type(e).__name__
print(json.dumps({
  "env": sorted(os.environ),
  "init": attempt(lambda: open("/proc/1/environ").read()),
  "passwd": attempt(lambda: open("/etc/shadow").read()),
  "work": attempt(lambda: os.listdir("/root")),
  "write": attempt(lambda: open("/usr/x", "w")),
  "tcp": attempt(lambda: socket.create_connection(("127.0.0.1", ${Number(new URL(server.url).port)}), 2)),
  "uid": os.getuid(),
}))`;
    const result = await run(peer, 'python', probe);
    assert.equal(result.status, 'completed', JSON.stringify(result));
    const seen = JSON.parse(result.output);
    assert.deepEqual(seen.env.filter((name) => !['PATH', 'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TMPDIR', 'PWD', 'SHLVL', '_', 'PYTHONDONTWRITEBYTECODE', 'PYTHONUNBUFFERED', 'PYTHONIOENCODING', 'PYTHONUTF8'].includes(name)), []);
    assert.doesNotMatch(seen.init, /CODECHILL|ASPNETCORE|SECRET/);
    for (const what of ['passwd', 'work', 'write', 'tcp']) assert.match(seen[what], /^refused|^\[\]$/, `${what}: ${seen[what]}`);
    assert.notEqual(seen.uid, 0);
    peer.close();
  });

  test('runs of one room do not mix', async () => {
    const { peer } = await inRoom();
    const results = await Promise.all([1, 2, 3].map(async (n) => {
      const answer = await peer.ask('execute_code', { language: 'python', source_code: `print("run ${n}")` });
      if (!answer.ok) return answer;
      const id = answer.execution_id;
      const done = await peer.next('execution_completed', (e) => e.execution_id === id, RUN_LIMIT_MS);
      assert.equal(done.output, `run ${n}\n`);
      return answer;
    }));
    // One at a time may be the rule; then the others are refused in words, not lost.
    assert.ok(results.some((r) => r.ok));
    for (const refusal of results.filter((r) => !r.ok)) match(refusal, { error: text });
    peer.close();
  });
});

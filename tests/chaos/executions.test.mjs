// kill -9 while programs run, wait, take input, share a terminal and are judged: nothing of them goes on running, each record is closed as
// failed soon after the restart, each end is told once to who comes back, and everything works again.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { guests, within } from '../conformance/clients.mjs';
import { ServerProcess } from '../conformance/server.mjs';

const RUN_LIMIT_MS = 60_000;
const noSandbox = !process.env.CI && !(process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/bwrap`))
  ? 'bubblewrap is not installed: apt-get install -y --no-install-recommends bubblewrap' : false;
const server = new ServerProcess();
before(() => server.start());
after(() => server.dispose());

/** Processes on this machine whose command line holds these words. */
function running(words) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(words);
    } catch {
      return false; // It ended while we looked.
    }
  });
}

async function until(condition, what, ms) {
  const deadline = Date.now() + ms;
  while (!await condition()) {
    assert.ok(Date.now() < deadline, `${what}: not within ${ms} ms`);
    await pause(100);
  }
}

test('kill -9 with runs, terminals and cases under way', { skip: noSandbox, timeout: 300_000 }, async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  await bob.post(`/api/rooms/${id}/join`);
  const [a, b] = [await ada.enter(id), await bob.enter(id)];
  const mark = `${900_000_000 + Math.floor(Math.random() * 90_000_000)}`;
  const sleeper = `import os\nprint("asleep", flush=True)\nos.execvp("sleep", ["sleep", "${mark}"])`;
  const runs = [];
  for (const [peer, fields] of [[a, { live_input: true }], [a, {}], [a, {}], [b, {}], [b, {}]]) {
    const answer = await peer.ask('execute_code', { language: 'python', source_code: sleeper, ...fields }, RUN_LIMIT_MS);
    assert.equal(answer.ok, true, JSON.stringify(answer));
    runs.push(answer.execution_id);
  }
  await a.next('execution_output', (c) => c.execution_id === runs[0], RUN_LIMIT_MS);
  const session = await b.ask('session_start', { language: 'python', columns: 80, rows: 24, source_code: sleeper }, RUN_LIMIT_MS);
  assert.equal(session.ok, true, JSON.stringify(session));
  await b.next('session_output', (o) => o.session_id === session.session_id, RUN_LIMIT_MS);
  assert.equal((await ada.post(`/api/rooms/${id}/cases`, { input: '' })).status, 201);
  const cases = await b.ask('cases_run', { language: 'python', source_code: sleeper }, RUN_LIMIT_MS);
  assert.equal(cases.ok, true, JSON.stringify(cases));
  await until(() => running(mark).length >= 3, 'programs that run', RUN_LIMIT_MS);

  await server.kill9();
  [a, b].forEach((peer) => peer.close());
  await until(() => running(mark).length === 0, `nothing goes on running (${running(mark).length} processes do)`, 5_000);

  await server.start();
  const restarted = Date.now();
  const back = await ada.enter(id);
  for (const run of runs) {
    const end = await back.next('execution_completed', (e) => e.execution_id === run, 15_000);
    assert.deepEqual([end.status, end.verdict], ['failed', 'interrupted'], JSON.stringify(end));
    assert.ok(end.completed_at);
    assert.equal((await ada.get(`/api/execution/${run}/result`)).body.execution.status, 'failed');
  }
  assert.ok(Date.now() - restarted < 20_000, 'closed within seconds of the restart');
  const { run } = (await ada.get(`/api/rooms/${id}/cases/runs/${cases.run_id}`)).body;
  assert.deepEqual([run.status, run.verdict], ['completed', 'internal_error']);
  const history = (await ada.get(`/api/execution/room/${id}/history`)).body.executions;
  assert.deepEqual(history.filter((e) => e.status === 'pending' || e.status === 'running'), []);
  await back.barrier();
  assert.deepEqual(back.left('execution_completed'), [], 'an end was told twice');
  assert.deepEqual([back.joined.room_data.executions, back.joined.room_data.sessions], [[], []]);

  const again = await back.ask('execute_code', { language: 'python', source_code: 'print("up again")' }, RUN_LIMIT_MS);
  assert.equal(again.ok, true, JSON.stringify(again));
  assert.equal((await back.next('execution_completed', (e) => e.execution_id === again.execution_id, RUN_LIMIT_MS)).output, 'up again\n');

  // A stop in good order ends what runs as well, and leaves no record open for the next start.
  const last = await back.ask('execute_code', { language: 'python', source_code: sleeper }, RUN_LIMIT_MS);
  await back.next('execution_output', (c) => c.execution_id === last.execution_id, RUN_LIMIT_MS);
  const terminal = await back.ask('session_start', { language: 'python', columns: 80, rows: 24, source_code: sleeper }, RUN_LIMIT_MS);
  await back.next('session_output', (o) => o.session_id === terminal.session_id, RUN_LIMIT_MS);
  const stopped = await server.stop();
  assert.deepEqual([stopped.code, stopped.signal], [0, null], JSON.stringify(stopped));
  assert.equal(running(mark).length, 0, 'a stopped server leaves programs running');
  back.close();
  await server.start();
  const closed = (await ada.get(`/api/execution/${last.execution_id}/result`)).body.execution;
  assert.deepEqual([closed.status, closed.verdict, closed.error_output], ['failed', 'interrupted', 'The server was stopped during this run']);
  assert.doesNotMatch(server.logs, /unhandled/i);
  await within(server.stop(), 'the last stop');
});

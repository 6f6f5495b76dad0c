// What an operator reads: every family of metrics moves when it should, and the shipped dashboard and alerts name only metrics that exist.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Api, guest } from './clients.mjs';
import { ServerProcess, root } from './server.mjs';

// A server of this file's own: counts are compared, and other files' clients would move them.
let server, ada, bob;
before(async () => {
  server = await new ServerProcess({ env: { LOG_LEVEL: 'info', Log__Json: 'true' } }).start();
  [ada, bob] = [await guest(server, 'Ada'), await guest(server, 'Bob')];
});
after(() => server?.dispose());

/** A scrape: family -> [{labels, value}], under the names of the samples. */
async function scrape() {
  const response = await fetch(`${server.url}/metrics`);
  assert.equal(response.status, 200);
  const samples = new Map();
  for (const line of (await response.text()).split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!match) continue;
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
    if (!samples.has(match[1])) samples.set(match[1], []);
    samples.get(match[1]).push({ labels, value: Number(match[3]) });
  }
  return samples;
}

const sum = (samples, name, where = {}) => (samples.get(name) ?? [])
  .filter(({ labels }) => Object.entries(where).every(([label, value]) => labels[label] === value))
  .reduce((total, { value }) => total + value, 0);

test('every family moves with what it counts', async () => {
  const before = await scrape();
  const moved = (now, name, where) => sum(now, name, where) - sum(before, name, where);
  const room = await ada.room();
  const one = await ada.enter(room.id);
  const two = await bob.enter(room.id);
  for (let i = 0; i < 5; i++) assert.equal((await one.ask('code_change', { content: `text ${i}`, version: one.joined.content_version + i })).ok, true);
  assert.equal((await two.ask('send_message', { content: '' })).ok, false);
  const run = await one.ask('execute_code', { source_code: 'print(6 * 7)', language: 'python' });
  assert.equal(run.ok, true, JSON.stringify(run));
  await one.next('execution_completed', undefined, 60_000);
  assert.equal((await new Api(server.url).get('/api/rooms')).status, 401);
  await assert.rejects(guest(server, '').then(() => {}));
  await ada.connect({ token: 'bad' }).then(() => assert.fail('a bad token was let in'), () => {});

  const now = await scrape();
  assert.equal(moved(now, 'codechill_socket_connections_total'), 2);
  assert.equal(moved(now, 'codechill_socket_connected'), 2);
  assert.equal(moved(now, 'codechill_socket_sessions') >= 2, true);
  assert.equal(moved(now, 'codechill_rooms'), 1);
  assert.equal(moved(now, 'codechill_socket_events_total', { event: 'join_room' }), 2);
  assert.equal(moved(now, 'codechill_socket_events_total', { event: 'code_change' }), 5);
  assert.equal(moved(now, 'codechill_ack_duration_seconds_count', { event: 'code_change' }), 5);
  assert.ok(moved(now, 'codechill_ack_duration_seconds_sum', { event: 'code_change' }) > 0);
  assert.equal(moved(now, 'codechill_log_rows_total') >= 5, true);
  assert.ok(moved(now, 'codechill_log_commits_total', { outcome: 'done' }) >= 1);
  assert.ok(moved(now, 'codechill_log_commit_duration_seconds_count') >= 1);
  assert.equal(moved(now, 'codechill_rejects_total', { edge: 'socket', code: 'chat.invalid_content' }), 1);
  assert.ok(moved(now, 'codechill_rejects_total', { edge: 'rest', code: 'auth.token_required' }) >= 1);
  assert.equal([...now.get('codechill_rejects_total')].filter(({ labels }) => labels.edge === 'connect').length, 1);
  assert.equal(sum(now, 'codechill_log_backlog_bytes'), 0);
  assert.equal(sum(now, 'codechill_log_lag_seconds'), 0);
  assert.equal(moved(now, 'codechill_executions_queued_total', { language: 'python' }), 1);
  assert.equal(moved(now, 'codechill_executions_ended_total', { language: 'python' }), 1);
  assert.equal(moved(now, 'codechill_executions_duration_seconds_count', { language: 'python' }), 1);
  assert.equal(sum(now, 'codechill_executions_open'), 0);
  assert.ok(moved(now, 'http_server_request_duration_seconds_count') >= 3);
  one.close();
  two.close();
});

test('dashboard and alerts name only metrics that there are', async () => {
  const known = new Set((await scrape()).keys());
  known.add('up'); // Prometheus's own
  const dashboard = JSON.parse(readFileSync(join(root, 'deploy/grafana/codechill.json'), 'utf8'));
  const alerts = readFileSync(join(root, 'deploy/prometheus/alerts.yml'), 'utf8');
  const expressions = [
    ...dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr)),
    ...[...alerts.matchAll(/^\s+expr: (.+)$/gm)].map((match) => match[1]),
  ];
  assert.ok(expressions.length > 25, `only ${expressions.length} expressions were found`);
  const functions = new Set(['rate', 'sum', 'min', 'max', 'histogram_quantile', 'by', 'le', 'event', 'edge', 'code', 'language', 'verdict', 'outcome']);
  const missing = expressions.flatMap((expression) => expression
    .replaceAll(/"[^"]*"/g, '').replaceAll(/\{[^}]*\}/g, '').replaceAll(/\[[^\]]*\]/g, '')
    .match(/[a-z_][a-z0-9_]*/g).filter((name) => !functions.has(name) && !known.has(name)));
  assert.deepEqual([...new Set(missing)], []);
  assert.equal(new Set(dashboard.panels.map((panel) => panel.id)).size, dashboard.panels.length);
});

test('labels have closed lists of values, whatever clients send', async () => {
  const before = await scrape();
  for (let i = 0; i < 30; i++) await new Api(server.url).get(`/api/made-up-${i}`);
  const eve = await bob.connect();
  for (let i = 0; i < 30; i++) eve.send(`made_up_${i}`, {});
  await eve.ask('get_room_state', {});
  eve.close();
  const now = await scrape();
  assert.doesNotMatch(JSON.stringify([...now]), /made.up/);
  assert.ok(now.get('codechill_rejects_total').length <= before.get('codechill_rejects_total').length + 2);
});

test('logs are one JSON object a line, tied to requests, and hold no secret', async () => {
  await ada.get('/api/rooms/my-rooms?token=canary-query');
  // The last line may still be on its way.
  const lines = server.logs.split('\n').slice(0, -1).filter(Boolean).map((line) => JSON.parse(line));
  const request = lines.findLast((line) => line.RequestPath === '/api/rooms/my-rooms' && line.StatusCode === 200);
  assert.ok(request, 'the request was not logged');
  assert.equal(request.UserId, ada.id);
  assert.ok(request.RequestId);
  for (const secret of [ada.token, ada.refresh, 'canary-query']) assert.ok(!server.logs.includes(secret), 'a secret was logged');
});

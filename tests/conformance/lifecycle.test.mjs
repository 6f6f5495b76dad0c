// Start, stop, restart: a polite stop loses nothing, and says good-bye in time.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { chance, guests, TextClient, within, YjsClient } from './clients.mjs';
import { ServerProcess } from './server.mjs';
import { match, refused, text } from './shapes.mjs';

const started = [];
after(() => Promise.all(started.map((server) => server.dispose())));
async function start(options) {
  const server = new ServerProcess(options);
  started.push(server);
  return server.start();
}

test('SIGTERM while people type: everything acknowledged is there after the restart, sessions too', async (t) => {
  const dice = chance(t);
  const server = await start();
  const people = await guests(server, 'Ada', 'Bob', 'Cid', 'Dot');
  const { id } = await people[0].room();
  const whole = [await TextClient.enter(people[0], id), await TextClient.enter(people[1], id)];
  const yjs = [await YjsClient.enter(people[2], id), await YjsClient.enter(people[3], id)];
  await whole[0].send('', whole[0].version);
  const acknowledged = [];
  const messages = [];
  let stopping = false;
  let code = 0x4e00;
  const typing = [...whole, ...yjs].map(async (client) => {
    while (!stopping && client.peer.socket.connected) {
      const character = String.fromCharCode(code++);
      client.edit(dice.below(client.text.length + 1), 0, character).then((answer) => answer.ok && acknowledged.push(character), () => {});
      if (dice.next() < 0.1) people[0].post(`/api/chat/room/${id}/messages`, { content: character }).then((reply) => reply.status === 201 && messages.push(character), () => {});
      await pause(dice.below(10));
    }
  });
  while (acknowledged.length < 200) await pause(10);
  const stopped = server.stop();
  const goodbyes = await Promise.all([...whole, ...yjs].map((client) => within(client.peer.closed, 'the good-bye')));
  const how = await stopped;
  stopping = true;
  await Promise.all(typing);
  assert.deepEqual([how.code, how.signal], [0, null], server.logs.slice(-3000));
  assert.ok(how.ms < 10_000, `the stop took ${how.ms} ms`);
  assert.ok(goodbyes.every((reason) => reason !== 'ping timeout'), goodbyes.join());
  assert.doesNotMatch(server.logs, /unhandled/i);

  await server.start();
  // The same tokens work: the secret is kept in the data folder.
  const back = await people[0].enter(id);
  const content = back.joined.current_content;
  const lost = acknowledged.filter((character) => !content.includes(character));
  const doubled = [...content].sort().filter((character, index, all) => character === all[index - 1]);
  assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] }, `seed ${dice.seed}, ${acknowledged.length} acknowledged`);
  const replica = await YjsClient.enter(people[2], id);
  assert.equal(replica.text, content);
  const stored = [];
  for (let page = 1; ; page++) {
    const { body } = await people[0].get(`/api/chat/room/${id}/messages?per_page=100&page=${page}`);
    stored.push(...body.messages.map((m) => m.content));
    if (!body.pagination.has_next) break;
  }
  assert.deepEqual(messages.filter((content) => !stored.includes(content)), []);
  assert.equal((await people[0].get(`/api/rooms/${id}`)).body.room.content_version, back.joined.content_version);
  back.close();
  replica.close();
});

test('a wrong setting stops the start with its name, what was given and what is allowed', async () => {
  const server = new ServerProcess({ env: { LOG_LEVEL: 'shouting' } });
  started.push(server);
  await assert.rejects(server.start(), /ended while it started/);
  assert.match(server.logs, /LOG_LEVEL/);
  assert.match(server.logs, /shouting/);
  assert.notEqual((await server.exited).code, 0);
});

for (const [name, env, words] of [
  ['no secret', { CORS_ORIGINS: 'https://app.example' }, /SECRET_KEY/],
  ['any origin', { SECRET_KEY: 'x'.repeat(64), CORS_ORIGINS: '*' }, /CORS_ORIGINS/],
]) {
  test(`production refuses to start with ${name}`, async () => {
    const server = new ServerProcess({ env: { ASPNETCORE_ENVIRONMENT: 'Production', ...env } });
    started.push(server);
    await assert.rejects(server.start(), /ended while it started/);
    assert.match(server.logs, words);
  });
}

test('the port can be taken: the start says so and ends', async () => {
  const first = started[0];
  const server = new ServerProcess({ port: first.port });
  started.push(server);
  // /health of the first server answers on that port, so only the end of the second one counts.
  server.start().catch(() => {});
  while (!server.exited) await pause(5);
  const how = await within(server.exited, 'the end of the second server', 90_000);
  assert.notEqual(how.code, 0);
  assert.match(server.logs, /in use|already|EADDRINUSE/i);
  assert.deepEqual([how.signal, how.code < 128], [null, true], `it crashed: ${JSON.stringify(how)}`);
});

test('a user and an address over their allowance get 429 and when to come again', async () => {
  const server = await start({ env: { Limits__UserBurst: '20', Limits__UserPerSecond: '1', Limits__SignInBurst: '5', Limits__SignInPerSecond: '1' } });
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const replies = await Promise.all(Array.from({ length: 60 }, () => ada.get('/api/rooms')));
  const limited = replies.filter((reply) => reply.status === 429);
  assert.ok(limited.length >= 20 && limited.length < 60, `${limited.length} of 60 were refused`);
  for (const reply of limited) {
    refused(reply, 429, 'Rate limit exceeded');
    assert.ok(Number(reply.headers.get('retry-after')) >= 1, reply.what);
  }
  assert.equal((await bob.get('/api/rooms')).status, 200, 'one user\'s flood must not cost another');
  const signIns = await Promise.all(Array.from({ length: 20 }, (_, i) => bob.post('/api/auth/guest', { name: `Guest ${i}` }, { token: null })));
  assert.ok(signIns.some((reply) => reply.status === 429), 'guests are made without end');
  for (const reply of signIns.filter((r) => r.status !== 200)) refused(reply, 429, 'Rate limit exceeded');
});

test('a socket over its allowance is told, keeps its connection, and costs nobody else', async () => {
  const server = started[0];
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  const [a, b] = [await ada.enter(id), await bob.enter(id)];
  const answers = await Promise.all(Array.from({ length: 150 }, (_, i) => a.ask('send_message', { content: `flood ${i}` })));
  const limited = answers.filter((answer) => !answer.ok);
  assert.ok(limited.length > 20, `${answers.length - limited.length} of 150 messages went through at once`);
  for (const answer of limited) assert.equal(answer.error, 'Rate limit exceeded');
  assert.equal(a.socket.connected, true);
  assert.equal((await b.ask('send_message', { content: 'may I?' })).ok, true);
  [a, b].forEach((peer) => peer.close());
});

test('health tells version, environment and the database', async () => {
  const health = match(await (await fetch(`${started[0].url}/health`)).json(), { status: text, version: text, environment: text });
  assert.match(JSON.stringify(health), /full/, 'durability is not shown');
  assert.equal(health.environment.toLowerCase(), 'development');
});

// Accounts: guests, registration, login, rotating refresh tokens, profile, logout, deletion. Local accounts only: no identity provider is set.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Api, guest, Person } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, match, object, ok, refused, stats, string, text, user } from './shapes.mjs';

const login = { message: string, access_token: text, refresh_token: text, user };
let server, api;
before(async () => {
  server = await sharedServer();
  api = new Api(server.url);
});
after(() => server?.dispose());

const newMail = () => `ada.${randomUUID()}@example.org`;
async function register(fields = {}) {
  const email = newMail();
  const password = 'correct horse battery staple';
  const reply = await api.post('/api/auth/register', { email, password, name: 'Ada Lovelace', ...fields });
  return { reply, email, password, person: reply.body?.user ? new Person(server.url, reply.body) : undefined };
}

for (const slash of ['', '/']) {
  test(`POST /api/auth/guest${slash} gives tokens and a user without e-mail`, async () => {
    const reply = await api.post('/api/auth/guest' + slash, { name: 'Grace' });
    assert.ok([200, 201].includes(reply.status), reply.what);
    match(reply.body, login);
    assert.equal(reply.body.user.name, 'Grace');
    assert.equal(reply.body.user.is_active, true);
  });
}

test('a guest needs a name', async () => {
  for (const name of [undefined, '', '   ', 7, null, 'x'.repeat(300)]) refused(await api.post('/api/auth/guest', { name }), 400);
});

test('register, then log in with the password', async () => {
  const { reply, email, password } = await register();
  assert.ok([200, 201].includes(reply.status), reply.what);
  match(reply.body, login);
  assert.equal(reply.body.user.email, email);
  assert.doesNotMatch(reply.text, /password/i);

  const again = ok(await api.post('/api/auth/login', { email, password }), login);
  assert.equal(again.user.id, reply.body.user.id);
  ok(await api.post('/api/auth/login/', { email: email.toUpperCase(), password }), login);
});

test('a wrong password and an unknown address are refused alike', async () => {
  const { email } = await register();
  const wrong = refused(await api.post('/api/auth/login', { email, password: 'wrong password' }), 401);
  const unknown = refused(await api.post('/api/auth/login', { email: newMail(), password: 'wrong password' }), 401);
  assert.equal(wrong.error, unknown.error);
});

test('registration is validated, and an address is taken once', async () => {
  const { email } = await register();
  refused(await api.post('/api/auth/register', { email, password: 'another password', name: 'Eve' }), [400, 409]);
  for (const bad of [{ email: 'no address' }, { email: '' }, { email: undefined }, { password: 'short' }, { password: undefined }, { name: '' }, { name: 5 }, { email: 7 }]) {
    refused((await register(bad)).reply, 400);
  }
});

test('a login without token and without password is 401 or 400, never 500', async () => {
  refused(await api.post('/api/auth/login'), [400, 401]);
  refused(await api.post('/api/auth/login', { email: 5, password: [] }), [400, 401]);
});

test('a token is asked for in the contract\'s words', async () => {
  refused(await api.get('/api/auth/profile'), 401, 'Authorization token required');
  for (const token of ['x', 'a.b.c', `eyJhbGciOiJub25lIn0.${Buffer.from('{"sub":"1"}').toString('base64url')}.`, 'x'.repeat(5000)]) {
    refused(await api.get('/api/auth/profile', { token }), 401, 'Invalid token');
  }
  const ada = await guest(server);
  refused(await api.get('/api/auth/profile', { headers: { authorization: ada.token } }), 401);
  refused(await api.get('/api/auth/profile', { headers: { authorization: `Basic ${ada.token}` } }), 401);
  refused(await api.get(`/api/auth/profile?access_token=${ada.token}`), 401, 'Authorization token required');
});

test('a tampered token is refused', async () => {
  const ada = await guest(server);
  const [header, payload, signature] = ada.token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  for (const token of [
    `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: randomUUID() })).toString('base64url')}.${signature}`,
    `${header}.${payload}.`,
    `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
  ]) refused(await ada.get('/api/auth/profile', { token }), 401, 'Invalid token');
});

test('refresh rotates: the new pair works, the used one ends the session', async () => {
  const ada = await guest(server);
  const first = ok(await api.post('/api/auth/refresh', undefined, { token: ada.refresh }), { access_token: text, refresh_token: text, user });
  assert.notEqual(first.refresh_token, ada.refresh);
  ok(await api.get('/api/auth/profile', { token: first.access_token }), { user });
  const second = ok(await api.post('/api/auth/refresh/', undefined, { token: first.refresh_token }), { access_token: text, refresh_token: text, user });

  // Somebody holds a copy of a used token: nobody can tell who the thief is, so the whole family ends.
  refused(await api.post('/api/auth/refresh', undefined, { token: ada.refresh }), 401);
  refused(await api.post('/api/auth/refresh', undefined, { token: second.refresh_token }), 401);
  refused(await api.get('/api/auth/profile', { token: second.access_token }), 401);
});

test('a refresh token is no access token, and the other way round', async () => {
  const ada = await guest(server);
  refused(await api.get('/api/auth/profile', { token: ada.refresh }), 401, 'Invalid token');
  refused(await api.post('/api/auth/refresh', undefined, { token: ada.token }), 401);
  refused(await api.post('/api/auth/refresh'), 401, 'Authorization token required');
});

test('the profile is read and changed', async () => {
  const ada = await guest(server, 'Ada');
  for (const slash of ['', '/']) assert.equal(ok(await ada.get('/api/auth/profile' + slash), { user }).user.id, ada.id);
  const { user: changed } = ok(await ada.put('/api/auth/profile', { name: 'Ada L.', github_username: 'ada', leetcode_username: 'ada1', codeforces_username: 'ada2' }), { message: string, user });
  assert.deepEqual([changed.name, changed.github_username, changed.leetcode_username, changed.codeforces_username], ['Ada L.', 'ada', 'ada1', 'ada2']);
  const { user: partly } = ok(await ada.put('/api/auth/profile/', { github_username: 'lovelace' }), { user });
  assert.deepEqual([partly.name, partly.github_username, partly.leetcode_username], ['Ada L.', 'lovelace', 'ada1']);
  assert.equal((await ada.get('/api/auth/profile')).body.user.github_username, 'lovelace');
});

test('a profile change is validated', async () => {
  const ada = await guest(server, 'Ada');
  for (const bad of [{ name: 'x' }, { name: 'x'.repeat(256) }, { name: 5 }, { github_username: 'x'.repeat(101) }, { leetcode_username: {} }]) {
    refused(await ada.put('/api/auth/profile', bad), 400);
  }
  assert.equal((await ada.get('/api/auth/profile')).body.user.name, 'Ada');
});

test('verify-token says who it is', async () => {
  const ada = await guest(server);
  for (const slash of ['', '/']) {
    assert.equal(ok(await ada.post('/api/auth/verify-token' + slash), { valid: exactly(true), user }).user.id, ada.id);
  }
  refused(await api.post('/api/auth/verify-token', undefined, { token: 'x' }), 401, 'Invalid token');
});

test('the statistics routes answer even when no platform is named', async () => {
  const ada = await guest(server);
  const reply = await ada.post('/api/auth/stats/refresh');
  if (reply.status === 200) ok(reply, { message: string, user: { ...user, ...stats } });
  else refused(reply, [400, 404, 500, 502, 503, 504]);
});

test('logout ends this session and no other', async () => {
  const { email, password, person } = await register();
  const other = new Person(server.url, (await api.post('/api/auth/login', { email, password })).body);
  ok(await person.post('/api/auth/logout'), { message: string });
  refused(await person.get('/api/auth/profile'), 401);
  refused(await api.post('/api/auth/refresh', undefined, { token: person.refresh }), 401);
  ok(await other.get('/api/auth/profile'), { user });
});

test('logout closes what the session had open', async () => {
  const ada = await guest(server);
  const room = await ada.room();
  const peer = await ada.enter(room.id);
  ok(await ada.post('/api/auth/logout/'), { message: string });
  const answer = await Promise.race([peer.closed, peer.ask('send_message', { content: 'still here?' }, 4_000).catch(() => peer.closed)]);
  assert.ok(typeof answer === 'string' || answer.ok === false, JSON.stringify(answer));
  peer.close();
});

test('a deleted account leaves its rooms and cannot come back', async () => {
  const owner = await guest(server);
  const { person, email, password } = await register();
  const room = await owner.room();
  ok(await person.post(`/api/rooms/${room.id}/join`), { room: object });
  ok(await person.delete('/api/auth/delete-account'), { message: string });

  refused(await person.get('/api/auth/profile'), [401, 404]);
  refused(await api.post('/api/auth/refresh', undefined, { token: person.refresh }), [401, 404]);
  refused(await api.post('/api/auth/login', { email, password }), [401, 404]);
  const { participants } = (await owner.get(`/api/rooms/${room.id}/participants`)).body;
  assert.deepEqual(participants.filter((p) => p.is_active).map((p) => p.user_id), [owner.id]);
  refused(await owner.get(`/api/users/${person.id}/profile`), 404);
});

test('sync needs a token', async () => {
  for (const slash of ['', '/']) refused(await api.post('/api/auth/sync' + slash, { email: 'x@example.org' }), 401, 'Authorization token required');
});

test('a socket is refused without a token or with a bad one', async () => {
  const ada = await guest(server);
  for (const token of [undefined, '', 'x', ada.refresh, 7, { a: 1 }]) {
    await assert.rejects(ada.connect({ auth: { token } }), (failure) => {
      assert.ok(!/not within/.test(failure.message), failure.message);
      assert.ok(failure.message.length > 0);
      return true;
    });
  }
});

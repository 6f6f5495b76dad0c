// People: own and others' profiles, search, dashboard.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Api, guest, guests, Person } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, int, listOf, ok, pagination, profileOfOther, publicUser, refused, room, stats, string, text, user } from './shapes.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

test('the own profile counts rooms', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const mine = await ada.room();
  await bob.post(`/api/rooms/${mine.id}/join`);
  for (const slash of ['', '/']) {
    const { profile } = ok(await ada.get('/api/users/profile' + slash), { profile: { ...user, ...stats, rooms_created: int, rooms_joined: int } });
    assert.deepEqual([profile.id, profile.rooms_created], [ada.id, 1]);
  }
  assert.equal((await bob.get('/api/users/profile')).body.profile.rooms_joined, 1);
});

test('the own profile is changed within limits', async () => {
  const ada = await guest(server, 'Ada');
  const { profile } = ok(await ada.put('/api/users/profile', { name: 'x'.repeat(255), github_username: 'g'.repeat(100) }), { profile: user });
  assert.deepEqual([profile.name.length, profile.github_username.length], [255, 100]);
  ok(await ada.put('/api/users/profile/', { name: 'Al' }), { profile: { name: exactly('Al'), github_username: text } });
  for (const bad of [{ name: 'A' }, { name: '' }, { name: 'x'.repeat(256) }, { name: {} }, { github_username: 'g'.repeat(101) }, { leetcode_username: 'g'.repeat(101) }, { codeforces_username: 5 }]) {
    refused(await ada.put('/api/users/profile', bad), 400);
  }
});

test('another one\'s profile has no e-mail', async () => {
  const email = `bob.${randomUUID()}@example.org`;
  const reply = await new Api(server.url).post('/api/auth/register', { email, password: 'a long enough password', name: 'Bob' });
  const bob = new Person(server.url, reply.body);
  await bob.room();
  await bob.room({ is_private: true, password: 'abcd' });
  const ada = await guest(server);
  for (const slash of ['', '/']) {
    const seen = await ada.get(`/api/users/${bob.id}/profile${slash}`);
    const { profile } = ok(seen, { profile: profileOfOther });
    assert.deepEqual([profile.id, profile.name, profile.public_rooms_created, 'email' in profile], [bob.id, 'Bob', 1, false]);
    assert.ok(!seen.text.includes(email));
  }
  refused(await ada.get(`/api/users/${randomUUID()}/profile`), 404);
  refused(await ada.get('/api/users/nonsense/profile'), 404);
});

test('search finds people by name and shows no e-mail', async () => {
  const tag = randomUUID().slice(0, 8);
  const email = `${tag}@example.org`;
  await new Api(server.url).post('/api/auth/register', { email, password: 'a long enough password', name: `Zoe ${tag}` });
  const [ada] = await guests(server, `Ada ${tag}`, `Bob ${tag}`);
  for (const path of ['/api/users/search', '/api/users/search/']) {
    const reply = await ada.get(`${path}?q=${tag}`);
    const found = ok(reply, { users: listOf(publicUser), query: exactly(tag), pagination });
    assert.equal(found.pagination.total, found.users.length);
    assert.ok(found.users.some((u) => u.name === `Bob ${tag}`));
    assert.ok(found.users.every((u) => !('email' in u)));
    assert.ok(!reply.text.includes(email));
  }
  const page = ok(await ada.get(`/api/users/search?q=${tag}&per_page=1&page=2`), { users: listOf(publicUser), pagination });
  assert.deepEqual([page.users.length, page.pagination.per_page, page.pagination.has_prev], [1, 1, true]);
  for (const q of ['', 'a']) refused(await ada.get(`/api/users/search?q=${q}`), 400);
  assert.deepEqual((await ada.get(`/api/users/search?q=${tag}%25`)).body.users, []);
});

test('the dashboard sums up', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const rooms = [];
  for (let i = 0; i < 3; i++) rooms.push(await ada.room({ name: `Room ${i}` }));
  const joined = await bob.room({ name: 'Bob owns' });
  await ada.post(`/api/rooms/${joined.id}/join`);
  for (const slash of ['', '/']) {
    const { dashboard } = ok(await ada.get('/api/users/dashboard' + slash), {
      dashboard: { user, recent_rooms: listOf(room), owned_rooms: listOf(room), stats: { total_rooms_created: int, total_rooms_joined: int, active_participations: int } },
    });
    assert.equal(dashboard.user.id, ada.id);
    assert.equal(dashboard.owned_rooms.length, 3);
    assert.ok(dashboard.recent_rooms.length >= 1 && dashboard.recent_rooms.length <= 5);
    assert.equal(dashboard.stats.total_rooms_created, 3);
    assert.equal(dashboard.stats.active_participations >= 1, true);
  }
});

test('the own rooms', async () => {
  const ada = await guest(server);
  const made = await ada.room();
  for (const slash of ['', '/']) assert.deepEqual(ok(await ada.get('/api/users/rooms' + slash), { rooms: listOf(room) }).rooms.map((r) => r.id), [made.id]);
});

test('refreshing statistics answers', async () => {
  const ada = await guest(server);
  const reply = await ada.post('/api/users/stats/refresh');
  if (reply.status === 200) ok(reply, { message: string, profile: user });
  else refused(reply, [400, 404, 500, 502, 503, 504]);
});

// Profiles with numbers of GitHub, LeetCode and Codeforces: the real server, asking local servers that answer as the platforms do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { guest, guests } from './clients.mjs';
import { FakePlatforms } from './fakes/platforms.mjs';
import { ServerProcess } from './server.mjs';
import { int, maybe, number, object, ok, profileOfOther, refused, string, text, time, user } from './shapes.mjs';

const github_stats = {
  username: text, name: maybe(string), bio: maybe(string), location: maybe(string), company: maybe(string), blog: maybe(string), public_repos: int, followers: int, following: int,
  total_stars: int, total_forks: int, languages: object, created_at: time, updated_at: time,
};
const leetcode_stats = {
  username: text, real_name: maybe(string), about_me: maybe(string), country: maybe(string), company: maybe(string), school: maybe(string), ranking: maybe(int),
  accepted_submissions: object, total_submissions: object, updated_at: time,
};
const codeforces_stats = {
  username: text, first_name: maybe(string), last_name: maybe(string), country: maybe(string), city: maybe(string), organization: maybe(string), rating: maybe(int), max_rating: maybe(int),
  rank: maybe(string), max_rank: maybe(string), contribution: maybe(int), registration_time: maybe(time), last_online_time: maybe(time), accepted_count: int, total_submissions: int,
  max_problem_rating: maybe(int), avg_problem_rating: maybe(number), updated_at: time,
};
const state = { state: text, fetched_at: maybe(time), error: maybe(string) };
const everything = { ...user, github_stats, leetcode_stats, codeforces_stats, stats_status: { github: state, leetcode: state, codeforces: state } };
const all = { github_username: 'octocat', leetcode_username: 'grace', codeforces_username: 'tourist' };

let platforms;
let server;
before(async () => {
  platforms = await FakePlatforms.start();
  server = await new ServerProcess({ env: platforms.env }).start();
});
after(async () => {
  await server?.dispose();
  await platforms?.stop();
});

/** Looks at the profile until the background has come to it: there is no event for it. */
async function until(person, holds) {
  for (let look = 0; look < 400; look++) {
    const { user: own } = ok(await person.get('/api/auth/profile'), {});
    if (holds(own)) return own;
    await pause(25);
  }
  assert.fail(`not within 10 s: ${JSON.stringify(ok(await person.get('/api/auth/profile'), {}).user.stats_status)}`);
}

const states = (of) => Object.fromEntries(Object.entries(of.stats_status).map(([platform, { state: is }]) => [platform, is]));

test('numbers come by themselves once the handles are known', async () => {
  const ada = await guest(server, 'Ada');
  const before = ok(await ada.put('/api/auth/profile', all), { message: text, user });
  assert.equal(before.user.github_username, 'octocat');
  const own = await until(ada, (u) => Object.values(states(u)).every((s) => s === 'fresh'));
  ok(await ada.get('/api/auth/profile/'), { user: everything });
  const { profile } = ok(await ada.get('/api/users/profile'), { profile: { ...everything, rooms_created: int, rooms_joined: int } });
  assert.deepEqual(profile.github_stats, own.github_stats);
  assert.deepEqual([own.github_stats.total_stars, own.github_stats.total_forks, own.github_stats.languages], [260, 130, { Rust: 65 }], 'all pages');
  assert.equal(own.github_stats.blog, null, 'not a link anybody should follow');
  assert.deepEqual(own.leetcode_stats.accepted_submissions, { All: 40, Easy: 37, Medium: 2, Hard: 1 });
  assert.deepEqual([own.codeforces_stats.accepted_count, own.codeforces_stats.total_submissions, own.codeforces_stats.max_problem_rating, own.codeforces_stats.avg_problem_rating], [2, 3, 2000, 1500]);
  assert.match(platforms.requests.find((r) => r.url.startsWith('/gh')).headers.authorization, /ghp_not_for_logs$/);

  // Everybody may see them; nobody sees the address.
  const bob = await guest(server, 'Bob');
  const shown = ok(await bob.get(`/api/users/${ada.id}/profile`), { profile: { ...profileOfOther, github_stats, leetcode_stats, codeforces_stats } });
  assert.ok(!('email' in shown.profile));
  assert.ok(!JSON.stringify(shown).includes('private@example.org'));
  const { dashboard } = ok(await ada.get('/api/users/dashboard'), { dashboard: { user: everything } });
  assert.equal(dashboard.user.id, ada.id);
  const found = ok(await bob.get('/api/users/search?q=octocat'), {});
  assert.ok(found.users.some((u) => u.id === ada.id));
});

test('a refresh on demand answers with the numbers', async () => {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  await ada.put('/api/users/profile', { ...all, github_username: 'no-such-user' });
  const refreshed = ok(await ada.post('/api/auth/stats/refresh'), { message: text, user: { ...user, leetcode_stats, codeforces_stats } });
  assert.deepEqual(states(refreshed.user), { github: 'unknown_handle', leetcode: 'fresh', codeforces: 'fresh' });
  assert.equal(refreshed.user.github_stats, null);
  ok(await ada.post('/api/users/stats/refresh/'), { message: text, profile: { ...user, leetcode_stats } });
  // Nothing to fetch is no failure.
  const none = ok(await bob.post('/api/auth/stats/refresh'), { message: text, user });
  assert.deepEqual(states(none.user), { github: 'none', leetcode: 'none', codeforces: 'none' });
});

test('one platform down leaves the others; all down is said', async () => {
  const ada = await guest(server, 'Ada');
  platforms.github.set('hubot', 1);
  platforms.down.add('gh');
  try {
    await ada.put('/api/users/profile', { github_username: 'hubot', leetcode_username: 'grace' });
    const { user: own } = ok(await ada.post('/api/auth/stats/refresh'), {});
    assert.deepEqual(states(own), { github: 'unavailable', leetcode: 'fresh', codeforces: 'none' });
    assert.match(own.stats_status.github.error, /^GitHub /);
    assert.ok(!JSON.stringify(own).includes('internal detail'));
    await ada.put('/api/users/profile', { leetcode_username: null });
    refused(await ada.post('/api/auth/stats/refresh'), 503);
    assert.equal((await ada.get('/health')).status, 200);
    ok(await ada.get('/api/users/profile'), { profile: user });
  } finally {
    platforms.down.delete('gh');
  }
});

test('a handle that is taken away takes its numbers with it, also when it changes', async () => {
  const ada = await guest(server, 'Ada');
  await ada.put('/api/users/profile', { leetcode_username: 'grace' });
  await until(ada, (u) => u.leetcode_stats !== null);
  platforms.leetcode.add('hopper');
  const { profile } = ok(await ada.put('/api/users/profile', { leetcode_username: 'hopper' }), {});
  assert.equal(profile.leetcode_stats, null);
  assert.equal((await until(ada, (u) => u.leetcode_stats !== null)).leetcode_stats.username, 'hopper');
  const { profile: without } = ok(await ada.put('/api/users/profile', { leetcode_username: '' }), {});
  assert.deepEqual([without.leetcode_username, without.leetcode_stats, without.stats_status.leetcode.state], [null, null, 'none']);
});

test('handles cannot reach beyond their place', async () => {
  const ada = await guest(server, 'Ada');
  const asked = platforms.requests.length;
  for (const handle of ['../repos', 'a/b', 'a?b', 'a;b', 'a b', '..', '"){x}', 'a\n', 'a%2f', 'é', 'x'.repeat(101)]) {
    for (const field of Object.keys(all)) {
      if (handle === 'a\n') continue; // white space around a handle is trimmed
      refused(await ada.put('/api/users/profile', { [field]: handle }), 400);
    }
  }
  assert.equal(platforms.requests.length, asked);
});

test('the log says nothing of the token', () => assert.ok(!server.logs.includes('ghp_not_for_logs')));

// GitHub's REST API, LeetCode's GraphQL and Codeforces' API as far as profiles use them, in the shapes of the real ones, with switches for their failures.
import { createServer } from 'node:http';
import { once } from 'node:events';

export class FakePlatforms {
  requests = [];
  /** Platforms that answer 500. */
  down = new Set();
  /** GitHub's logins and how many repositories each has. */
  github = new Map([['octocat', 130]]);
  leetcode = new Set(['grace']);
  codeforces = new Set(['tourist']);

  static async start() {
    const fake = new FakePlatforms();
    fake.server = createServer((request, response) => fake.#handle(request, response).catch(() => response.destroy())).listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    fake.url = `http://127.0.0.1:${fake.server.address().port}`;
    return fake;
  }

  get env() {
    return { GITHUB_API_URL: `${this.url}/gh`, LEETCODE_API_URL: `${this.url}/lc`, CODEFORCES_API_URL: `${this.url}/cf`, GITHUB_TOKEN: 'ghp_not_for_logs', Stats__CodeforcesSpacingMilliseconds: '0' };
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #handle(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.url);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    this.requests.push({ method: request.method, url: request.url, headers: request.headers });
    const send = (status, value, headers = {}) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    const [, platform, ...path] = pathname.split('/');
    if (this.down.has(platform)) return void send(500, { message: 'internal detail' });
    if (platform === 'gh') return this.#github(path, searchParams, send);
    if (platform === 'lc') return this.#leetcode(JSON.parse(Buffer.concat(chunks)), send);
    return this.#codeforces(path[0], searchParams, send);
  }

  #github([, login, repos], query, send) {
    if (!this.github.has(login)) return void send(404, { message: 'Not Found', status: '404' });
    if (!repos) {
      return void send(200, {
        login, id: 1, type: 'User', name: 'The Octocat', company: '@github', blog: 'javascript:alert(1)', location: 'San Francisco', email: 'private@example.org', bio: '<script>alert(1)</script>',
        public_repos: this.github.get(login), followers: 17, following: 9, created_at: '2011-01-25T18:44:36Z', updated_at: '2025-03-22T11:28:45Z',
      });
    }
    const [page, perPage] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 30)];
    const all = Array.from({ length: this.github.get(login) }, (_, i) => ({
      id: i, name: `r${i}`, full_name: `${login}/r${i}`, private: false, fork: false, stargazers_count: 2, forks_count: 1, language: i % 2 ? 'Rust' : null, owner: { login, id: 1 },
      created_at: '2011-01-26T19:01:12Z', updated_at: '2011-01-26T19:14:43Z', pushed_at: '2011-01-26T19:06:43Z',
    }));
    return void send(200, all.slice((page - 1) * perPage, page * perPage));
  }

  #leetcode({ variables: { username } }, send) {
    if (!this.leetcode.has(username)) return void send(200, { errors: [{ message: 'That user does not exist.', path: ['matchedUser'] }], data: { matchedUser: null } });
    const numbers = (all) => [['All', all], ['Easy', all - 3], ['Medium', 2], ['Hard', 1]].map(([difficulty, count]) => ({ difficulty, count, submissions: count * 2 }));
    return void send(200, { data: { matchedUser: {
      username, profile: { realName: 'Grace', aboutMe: 'compilers', countryName: 'United States', company: null, school: 'Yale', ranking: 77 },
      submitStats: { acSubmissionNum: numbers(40), totalSubmissionNum: numbers(50) },
    } } });
  }

  #codeforces(method, query, send) {
    const handle = query.get('handles') ?? query.get('handle');
    if (!this.codeforces.has(handle)) return void send(400, { status: 'FAILED', comment: `handles: User with handle ${handle} not found` });
    if (method === 'user.info') {
      return void send(200, { status: 'OK', result: [{
        handle, firstName: 'Gennady', lastName: 'K', country: 'Belarus', city: 'Gomel', organization: 'ITMO', rating: 3800, maxRating: 4009, rank: 'legendary grandmaster', maxRank: 'tourist',
        contribution: 140, registrationTimeSeconds: 1265987288, lastOnlineTimeSeconds: 1732440000,
      }] });
    }
    if (method === 'user.rating') return void send(200, { status: 'OK', result: [{ contestId: 2, contestName: 'Round 2', handle, rank: 1, ratingUpdateTimeSeconds: 1272715200, oldRating: 0, newRating: 1602 }] });
    return void send(200, { status: 'OK', result: [
      { verdict: 'OK', problem: { contestId: 1, index: 'A', rating: 1000 } }, { verdict: 'OK', problem: { contestId: 1, index: 'B', rating: 2000 } },
      { verdict: 'WRONG_ANSWER', problem: { contestId: 1, index: 'C', rating: 3000 } },
    ] });
  }
}

// The three platforms, made up: the answers of their real APIs for one person, switchable to failing.
import { createServer } from 'node:http';
import { once } from 'node:events';

const DAY = 86_400;

export class Platforms {
  /** github, leetcode or codeforces: answers 503. */
  down = new Set();
  #server;

  async start() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => (body += piece)).on('end', () => this.#answer(request, body, response));
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url() { return `http://127.0.0.1:${this.#server.address().port}`; }
  get env() {
    return { GITHUB_API_URL: `${this.url}/github`, LEETCODE_API_URL: `${this.url}/leetcode`, CODEFORCES_API_URL: `${this.url}/codeforces`, Stats__CodeforcesSpacingMilliseconds: '0' };
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request, body, response) {
    const url = new URL(request.url, this.url);
    const [, platform, ...rest] = url.pathname.split('/');
    const send = (value, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (this.down.has(platform)) return send({ message: 'out of order' }, 503);
    const path = rest.join('/');
    if (platform === 'github') return this.#github(path, send);
    if (platform === 'leetcode') return this.#leetcode(body ? JSON.parse(body) : {}, send);
    return this.#codeforces(path, url.searchParams, send);
  }

  #github(path, send) {
    const user = /^users\/([^/]+)/.exec(path)?.[1];
    if (user !== 'ada-codes') return send({ message: 'Not Found' }, 404);
    if (path === 'users/ada-codes') {
      return send({
        login: 'ada-codes', id: 1, name: 'Ada L.', bio: 'Engines, mostly analytical.', location: 'London', company: null, blog: '', public_repos: 7, followers: 120, following: 3,
        created_at: '2015-12-10T00:00:00Z', updated_at: '2030-01-01T00:00:00Z', type: 'User', node_id: 'x', avatar_url: '', html_url: '',
      });
    }
    const languages = ['C#', 'C#', 'C#', 'TypeScript', 'TypeScript', 'Rust', null];
    return send(languages.map((language, id) => ({ id, name: `repo${id}`, full_name: `ada-codes/repo${id}`, language, stargazers_count: id * 4, forks_count: id, fork: false, private: false })));
  }

  #leetcode({ variables }, send) {
    if (variables?.username !== 'ada_leet') {
      return send({ data: { matchedUser: null }, errors: [{ message: 'That user does not exist.', path: ['matchedUser'] }] });
    }
    const counts = (all, easy, medium, hard) => [['All', all], ['Easy', easy], ['Medium', medium], ['Hard', hard]].map(([difficulty, count]) => ({ difficulty, count, submissions: count * 2 }));
    return send({
      data: {
        allQuestionsCount: counts(3000, 800, 1600, 600),
        matchedUser: {
          username: 'ada_leet', profile: { realName: 'Ada', aboutMe: '', countryName: 'UK', company: null, school: null, ranking: 4321, reputation: 1 },
          submitStats: { acSubmissionNum: counts(214, 120, 80, 14), totalSubmissionNum: counts(400, 180, 170, 50) },
          submitStatsGlobal: { acSubmissionNum: counts(214, 120, 80, 14), totalSubmissionNum: counts(400, 180, 170, 50) },
        },
      },
    });
  }

  #codeforces(path, query, send) {
    const handle = query.get('handles') ?? query.get('handle');
    if (handle !== 'ada_force') return send({ status: 'FAILED', comment: `handles: User with handle ${handle} not found` }, 400);
    if (path.endsWith('user.info')) {
      return send({ status: 'OK', result: [{ handle: 'ada_force', firstName: 'Ada', rating: 1722, maxRating: 1810, rank: 'expert', maxRank: 'expert', contribution: 4, registrationTimeSeconds: 1_500_000_000, lastOnlineTimeSeconds: 1_900_000_000 }] });
    }
    if (path.endsWith('user.rating')) {
      const ratings = [1100, 1250, 1390, 1340, 1480, 1620, 1810, 1722];
      return send({
        status: 'OK',
        result: ratings.map((newRating, index) => ({ contestId: index, contestName: `Round ${index}`, handle, rank: 100, ratingUpdateTimeSeconds: 1_700_000_000 + index * 30 * DAY, oldRating: ratings[index - 1] ?? 0, newRating })),
      });
    }
    const from = Number(query.get('from') ?? 1);
    const all = Array.from({ length: 40 }, (_, id) => ({ id, verdict: id % 3 ? 'OK' : 'WRONG_ANSWER', problem: { contestId: id, index: 'A', name: `P${id}`, rating: 800 + id * 25 }, creationTimeSeconds: 1_700_000_000 }));
    return send({ status: 'OK', result: all.slice(from - 1) });
  }
}

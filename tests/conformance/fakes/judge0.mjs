// A Judge0 as its API is documented: POST /submissions gives a token, GET /submissions/{token} a result after a few looks, texts in base64.
// Programs are not run: `print(…)`-like sources are answered by the test's own `result`.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

const languages = [[54, 'C++ (GCC 9.2.0)'], [50, 'C (GCC 9.2.0)'], [51, 'C# (Mono 6.6.0.161)'], [60, 'Go (1.13.5)'], [62, 'Java (OpenJDK 13.0.1)'],
  [63, 'JavaScript (Node.js 12.14.0)'], [68, 'PHP (7.4.1)'], [70, 'Python (2.7.17)'], [109, 'Python (3.13.2)'], [72, 'Ruby (2.7.0)'], [73, 'Rust (1.40.0)'],
  [83, 'Swift (5.2.3)'], [74, 'TypeScript (3.7.4)']].map(([id, name]) => ({ id, name }));

const encode = (text) => (text == null ? null : `${Buffer.from(text).toString('base64').replace(/.{60}/g, '$&\n')}\n`);
const decode = (text) => (text == null ? null : Buffer.from(text, 'base64').toString());

export class FakeJudge0 {
  submissions = new Map();
  requests = [];
  /** Looks that find a submission in the queue. */
  pending = 1;
  /** What comes of a program: `(submission) => fields`. */
  result = ({ source_code }) => ({ status: { id: 3, description: 'Accepted' }, stdout: `ran: ${source_code}`, exit_code: 0 });
  /** Answers a request itself when it returns true. */
  intercept = () => false;

  static async start() {
    const fake = new FakeJudge0();
    fake.server = createServer((request, response) => fake.#handle(request, response).catch(() => response.destroy())).listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    fake.url = `http://127.0.0.1:${fake.server.address().port}`;
    return fake;
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
    const body = Buffer.concat(chunks).toString();
    this.requests.push({ method: request.method, path: pathname, headers: request.headers, body });
    if (await this.intercept(request, response)) return;
    const send = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.method === 'GET' && pathname === '/languages') return void send(200, languages);
    if (pathname.startsWith('/submissions') && searchParams.get('base64_encoded') !== 'true') return void send(400, { error: 'base64_encoded is not true' });
    if (request.method === 'POST' && pathname === '/submissions') {
      const given = JSON.parse(body);
      if (!languages.some(({ id }) => id === given.language_id)) return void send(422, { language_id: [`language with id ${given.language_id} doesn't exist`] });
      const token = randomUUID();
      this.submissions.set(token, { ...given, source_code: decode(given.source_code), stdin: decode(given.stdin), looks: 0 });
      return void send(201, { token });
    }
    const submission = this.submissions.get(pathname.split('/')[2]);
    if (request.method !== 'GET' || !submission) return void send(404, { error: 'Not Found' });
    const nothing = { token: pathname.split('/')[2], stdout: null, stderr: null, compile_output: null, message: null, exit_code: null, exit_signal: null, time: null, wall_time: null, memory: null };
    submission.looks++;
    if (submission.looks <= this.pending) return void send(200, { ...nothing, status: { id: Math.min(submission.looks, 2), description: 'In Queue' } });
    const { stdout, stderr, compile_output, ...rest } = this.result(submission);
    return void send(200, { ...nothing, time: '0.021', wall_time: '0.104', memory: 3184, ...rest, stdout: encode(stdout), stderr: encode(stderr), compile_output: encode(compile_output) });
  }
}

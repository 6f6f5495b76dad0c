// The real server as a process: started on a free port with a data folder of its own, watched, stopped by its own pid.
//
// Environment: CODECHILL_SERVER_DLL names the server's dll (default: the Release build, else the Debug build, else an error that says how
// to build). CODECHILL_URL (+ CODECHILL_LOG) attaches the tests to a server that runs already, as `run.mjs` does to share one. CODECHILL_EVENT_LOOPS
// has the library's event loops carry the connections.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const START_LIMIT_MS = Number(process.env.CODECHILL_START_LIMIT_MS ?? 120_000);
// The server dies with the test process however that ends: a run that is killed must not leave servers behind.
const withUs = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];

/** Settings every tested server gets: everything local, and limits that one address full of test clients stays under. */
export const serverEnv = {
  ASPNETCORE_ENVIRONMENT: 'Development',
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  Limits__AddressBurst: '100000',
  Limits__AddressPerSecond: '10000',
  Limits__SignInBurst: '100000',
  Limits__SignInPerSecond: '1000',
  Limits__UserBurst: '10000',
  Limits__UserPerSecond: '1000',
  Auth__PasswordIterations: '10000', // slow hashes are tested elsewhere; here they would be most of the time
  // Nobody listens there: tests ask no site outside.
  GITHUB_API_URL: 'http://127.0.0.1:9',
  LEETCODE_API_URL: 'http://127.0.0.1:9',
  CODEFORCES_API_URL: 'http://127.0.0.1:9',
  ...(process.env.CODECHILL_EVENT_LOOPS ? { Server__EventLoops: 'true' } : {}),
  ENV_FILE: 'none', // a developer's settings must not leak into a test
};

export function serverDll() {
  if (process.env.CODECHILL_SERVER_DLL) return process.env.CODECHILL_SERVER_DLL;
  for (const configuration of [process.env.CODECHILL_CONFIGURATION, 'Release', 'Debug'].filter(Boolean)) {
    const dll = join(root, 'src/CodeChill.Server/bin', configuration, 'net10.0/CodeChill.Server.dll');
    if (existsSync(dll)) return dll;
  }
  throw new Error('The server is not built: dotnet build src/CodeChill.Server -c Release');
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

export class ServerProcess {
  #child;
  #output = '';
  #logFile;
  #temporary;

  constructor({ data, port, env = {}, logFile } = {}) {
    this.#temporary = !data;
    this.data = data ?? mkdtempSync(join(tmpdir(), 'codechill-test-'));
    this.port = port;
    this.env = env;
    this.#logFile = logFile ? createWriteStream(logFile, { flags: 'a' }) : undefined;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }
  get pid() { return this.#child?.pid; }
  get alive() { return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null; }
  /** Everything the server has printed, over all its starts. */
  get logs() { return this.#output; }

  async start() {
    this.port ??= await freePort();
    const inherited = Object.fromEntries(
      ['PATH', 'HOME', 'DOTNET_ROOT', 'LANG', 'TMPDIR', 'USER'].filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
    const dll = serverDll();
    const [command, ...args] = [...withUs, dll.endsWith('.dll') ? 'dotnet' : 'node', dll];
    const child = spawn(command, args, {
      cwd: dirname(dll),
      env: { ...inherited, ...serverEnv, PORT: String(this.port), CODECHILL_DATA: this.data, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#output += text;
        this.#logFile?.write(text);
      });
    }
    const deadline = Date.now() + START_LIMIT_MS;
    for (;;) {
      if (!this.alive) throw new Error(`The server ended while it started (${JSON.stringify(await this.exited)}):\n${this.#output.slice(-4000)}`);
      const health = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
      await health?.arrayBuffer().catch(() => {});
      if (health?.status === 200) return this;
      if (Date.now() > deadline) {
        await this.kill9();
        throw new Error(`The server did not answer /health within ${START_LIMIT_MS} ms:\n${this.#output.slice(-4000)}`);
      }
      await pause(25); // the only way to learn that another process listens
    }
  }

  /** Pulls the plug: no handler, no flush. */
  async kill9() {
    if (this.alive) this.#child.kill('SIGKILL');
    return this.exited;
  }

  /** Asks politely and says how it went. */
  async stop(limitMs = 30_000) {
    if (!this.alive) return this.exited;
    const asked = Date.now();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    const how = await this.exited;
    clearTimeout(timer);
    return { ...how, ms: Date.now() - asked };
  }

  freeze() { this.#child.kill('SIGSTOP'); }
  thaw() { this.#child.kill('SIGCONT'); }

  /** Ends the process and removes the data folder when it was ours. */
  async dispose() {
    if (this.alive) {
      this.#child.kill('SIGCONT');
      await this.stop(10_000);
    }
    this.#logFile?.end();
    if (this.#temporary) rmSync(this.data, { recursive: true, force: true });
  }
}

/** The server of a test file: the shared one when `run.mjs` started it, else one of this file's own. */
export async function sharedServer() {
  if (process.env.CODECHILL_URL) {
    return {
      url: process.env.CODECHILL_URL,
      get logs() { return process.env.CODECHILL_LOG ? readFileSync(process.env.CODECHILL_LOG, 'utf8') : ''; },
      dispose: async () => {},
    };
  }
  return new ServerProcess().start();
}

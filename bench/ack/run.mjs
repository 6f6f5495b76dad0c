// How long an edit waits for its durable acknowledgement (docs/guarantees.md, R2): 20 rooms, two typists each (one Yjs, one whole-text), 200 edits a
// second in all, the real server on its embedded SQLite with synchronous=FULL, and on MariaDB when mariadbd is installed.
//   node bench/ack/run.mjs [--seconds 20] [--warm 10] [--rooms 20] [--rate 200] [--quick]
// Beside it: what one 4 KB write + fdatasync costs on the same disk, the floor under every durable acknowledgement.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const suites = join(here, '../../tests/conformance');
if (!existsSync(join(suites, 'node_modules'))) spawnSync('npm', ['ci', '--prefix', suites], { stdio: 'inherit' });
const { ServerProcess, freePort } = await import(join(suites, 'server.mjs'));
const { guest, TextClient, YjsClient } = await import(join(suites, 'clients.mjs'));

const quick = process.argv.includes('--quick');
const option = (name, fallback) => { const at = process.argv.indexOf('--' + name); return Number(at < 0 ? fallback : process.argv[at + 1]); };
const seconds = option('seconds', quick ? 5 : 20);
const warm = option('warm', quick ? 3 : 10);
const roomCount = option('rooms', 20);
const rate = option('rate', 200);

const quantiles = (list) => {
  const sorted = Float64Array.from(list).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return `p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms, most ${at(1).toFixed(1)} ms (${sorted.length})`;
};

function syncFloor(folder) {
  const file = openSync(join(folder, 'floor'), 'w');
  const block = Buffer.alloc(4096, 1);
  const times = [];
  for (let i = 0; i < 300; i++) {
    const began = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    times.push(performance.now() - began);
  }
  closeSync(file);
  return quantiles(times);
}

/** Types at the given rate until told to stop; `times` takes what each acknowledgement took. */
async function type(clients, times, until) {
  const gap = 1000 / rate;
  const began = performance.now();
  let refused = 0;
  for (let n = 0; performance.now() < until; n++) {
    const client = clients[n % clients.length];
    const asked = performance.now();
    // Near the middle, so that texts merge, and kept short: a person's keystroke costs what it costs, not what a growing text costs.
    const at = client.text.length >> 1;
    client.edit(at, client.text.length > 2000 ? 2 : 0, 'x').then((answer) => {
      if (answer.ok) times.push(performance.now() - asked);
      else refused++;
    }, () => { refused++; });
    const due = began + (n + 1) * gap;
    if (due > performance.now()) await pause(due - performance.now());
  }
  return refused;
}

async function measure(name, env) {
  const server = await new ServerProcess({ env: { LOG_LEVEL: 'Warning', ...env } }).start();
  try {
    const clients = [];
    for (let r = 0; r < roomCount; r++) {
      const [owner, other] = [await guest(server), await guest(server)];
      const room = await owner.room({ name: `Bench ${r}` });
      clients.push(await YjsClient.enter(owner, room.id), await TextClient.enter(other, room.id, { callback: true }));
    }
    const durability = (await (await fetch(`${server.url}/health`)).json());
    await type(clients, [], performance.now() + warm * 1000);
    const times = [];
    const refused = await type(clients, times, performance.now() + seconds * 1000);
    const health = JSON.stringify(durability).match(/"durability":"(\w+)"/)?.[1] ?? '?';
    console.log(`${name.padEnd(10)} durability ${health}: ${quantiles(times)}${refused ? `, ${refused} refused` : ''}`);
    clients.forEach((client) => client.close());
  } finally {
    await server.dispose();
  }
}

async function withMariaDb(use) {
  const which = ['/usr/sbin/mariadbd', '/usr/bin/mariadbd'].find(existsSync);
  if (!which) {
    console.log('mariadb    not measured: mariadbd is not installed (apt-get install mariadb-server)');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'codechill-bench-maria-'));
  const port = await freePort();
  spawnSync('mariadb-install-db', ['--no-defaults', `--datadir=${folder}/data`, '--auth-root-authentication-method=normal', '--skip-test-db', '--user=root'], { stdio: 'ignore' });
  const child = spawn(which, ['--no-defaults', `--datadir=${folder}/data`, `--socket=${folder}/s`, `--port=${port}`, '--bind-address=127.0.0.1', '--user=root', '--innodb-flush-log-at-trx-commit=1', '--sync-binlog=1'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const sql = "CREATE DATABASE codechill CHARACTER SET utf8mb4; CREATE USER 'bench'@'%' IDENTIFIED BY 'bench'; CREATE USER 'bench'@'localhost' IDENTIFIED BY 'bench'; GRANT ALL ON codechill.* TO 'bench'@'%'; GRANT ALL ON codechill.* TO 'bench'@'localhost';";
    for (let tries = 0; spawnSync('mariadb', ['--no-defaults', `--socket=${folder}/s`, '-u', 'root', '-e', sql]).status !== 0; tries++) {
      if (tries > 200) throw new Error('mariadbd does not answer');
      await pause(100);
    }
    await use({ MYSQL_HOST: '127.0.0.1', MYSQL_PORT: String(port), MYSQL_USERNAME: 'bench', MYSQL_PASSWORD: 'bench', MYSQL_DATABASE: 'codechill' });
  } finally {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'codechill-bench-'));
console.log(`${cpus().length} x ${cpus()[0].model}; ${roomCount} rooms, ${roomCount * 2} typists, ${rate} edits/s, ${seconds} s after ${warm} s of warm-up`);
console.log(`fdatasync  ${syncFloor(scratch)}`);
rmSync(scratch, { recursive: true, force: true });
await measure('sqlite', {});
await withMariaDb((env) => measure('mariadb', env));
console.log('goal (R2): sqlite p50 <= 8 ms, p95 <= 30 ms, p99 <= 80 ms; mysql p95 <= 60 ms');
process.exit(0);

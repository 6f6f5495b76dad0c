// Runs the suites and ends with the line `N passed, N failed, N skipped`.
//   node run.mjs [conformance] [chaos] [attacks] [file.test.mjs …]     (default: all three suites)
// The conformance files share one server, two files at a time; the other suites start servers of their own, because they hurt them.
import { readdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { ServerProcess } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const suites = {
  conformance: { folders: [here], concurrency: 2, shared: true },
  chaos: { folders: [join(here, '../chaos')], concurrency: 1, shared: false },
  attacks: { folders: [join(here, '../attacks/frames'), join(here, '../attacks/rooms')], concurrency: 1, shared: false },
};
const count = { passed: 0, failed: 0, skipped: 0 };
const started = Date.now();

async function runFiles(files, concurrency) {
  for await (const event of run({ files, concurrency, timeout: 900_000 })) {
    const { data } = event;
    const where = data.file ? `${basename(data.file)}: ` : '';
    if (event.type === 'test:stderr' || (event.type === 'test:stdout' && process.env.CODECHILL_VERBOSE)) process.stdout.write(data.message);
    else if (event.type === 'test:diagnostic' && data.file && /seed|rounds|p9\d/.test(data.message)) console.log(`  · ${where}${data.message}`);
    else if (event.type === 'test:pass' && data.details?.type !== 'suite') {
      if (data.skip !== undefined) {
        count.skipped++;
        console.log(`  skipped ${where}${data.name} (${data.skip})`);
      } else {
        count.passed++;
        if (process.env.CODECHILL_VERBOSE) console.log(`  ok ${where}${data.name} (${Math.round(data.details.duration_ms)} ms)`);
      }
    } else if (event.type === 'test:fail' && data.details?.type !== 'suite') {
      const cause = data.details.error?.cause ?? data.details.error;
      count.failed++;
      console.log(`  FAILED ${where}${data.name} (${Math.round(data.details.duration_ms)} ms)\n    ${(cause?.stack ?? (typeof cause === 'string' ? cause : inspect(cause))).split('\n').slice(0, 24).join('\n    ')}`);
    }
  }
}

async function runSuite(name, { folders, concurrency, shared }, only) {
  const files = folders.flatMap((folder) => readdirSync(folder).filter((file) => file.endsWith('.test.mjs')).sort().map((file) => join(folder, file)))
    .filter((file) => only.length === 0 || only.includes(file));
  if (files.length === 0) return;
  console.log(`${name}: ${files.length} files`);
  if (!shared) return runFiles(files, concurrency);

  const folder = mkdtempSync(join(tmpdir(), 'codechill-suite-'));
  const log = join(folder, 'server.log');
  const server = new ServerProcess({ logFile: log });
  try {
    await server.start();
    process.env.CODECHILL_URL = server.url;
    process.env.CODECHILL_LOG = log;
    await runFiles(files, concurrency);
    // Whatever the tests did, nothing may have escaped to the last handler, and the process must be the one that was started.
    const escaped = readFileSync(log, 'utf8').split('\n').filter((line) => /unhandled|unobserved/i.test(line));
    const healthy = server.alive && escaped.length === 0;
    count[healthy ? 'passed' : 'failed']++;
    if (!healthy) console.log(`  FAILED the server ${server.alive ? 'logged unhandled exceptions' : 'died'}:\n${escaped.slice(0, 10).join('\n') || server.logs.slice(-3000)}`);
  } finally {
    delete process.env.CODECHILL_URL;
    delete process.env.CODECHILL_LOG;
    await server.dispose();
    if (!process.env.CODECHILL_KEEP_LOG) rmSync(folder, { recursive: true, force: true });
    else console.log(`  server log: ${log}`);
  }
}

const asked = process.argv.slice(2);
const only = asked.filter((name) => name.endsWith('.mjs')).map((name) => resolve(name));
const named = asked.filter((name) => name in suites);
try {
  for (const [name, suite] of Object.entries(suites)) {
    if (named.length > 0 ? named.includes(name) : only.length === 0 || only.some((file) => suite.folders.includes(dirname(file)))) await runSuite(name, suite, only);
  }
} catch (failure) {
  count.failed++;
  console.log(`  FAILED to run: ${failure.stack}`);
}
console.log(`${((Date.now() - started) / 1000).toFixed(1)} s`);
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);

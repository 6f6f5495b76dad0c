// Runs the browser tests, one file at a time (each has a server and a browser of its own), and ends with the line
// `N passed, N failed, N skipped`.   node run.mjs [file.test.mjs …]
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'node:test';
import { inspect } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const asked = process.argv.slice(2).map((file) => resolve(file));
const files = asked.length > 0 ? asked : readdirSync(here).filter((file) => file.endsWith('.test.mjs')).sort().map((file) => join(here, file));
const count = { passed: 0, failed: 0, skipped: 0 };

for await (const { type, data } of run({ files, concurrency: 1, timeout: 1_200_000 })) {
  if (type === 'test:stderr') process.stdout.write(data.message);
  if ((type !== 'test:pass' && type !== 'test:fail') || data.details?.type === 'suite') continue;
  const where = `${data.file ? basename(data.file) : ''}: ${data.name} (${Math.round(data.details.duration_ms)} ms)`;
  if (data.skip !== undefined) {
    count.skipped++;
    console.log(`  skipped ${where}`);
  } else if (type === 'test:pass') {
    // A file that could be loaded is reported like a test.
    if (data.name === data.file) continue;
    count.passed++;
    console.log(`  ok ${where}`);
  } else {
    const cause = data.details.error?.cause ?? data.details.error;
    if (cause?.failureType === 'subtestsFailed' || /subtests? failed/.test(String(cause))) continue;
    count.failed++;
    console.log(`  FAILED ${where}\n    ${String(cause?.stack ?? inspect(cause)).split('\n').slice(0, 24).join('\n    ')}`);
  }
}

console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;

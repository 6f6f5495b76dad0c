// ./dev fuzz text [--operations n] [--seed s] [--seconds n]
//   --operations n  schedules of ours and npm yjs until they have made n operations; 1,000,000 unless --seconds is given
//   --seconds n     byte mutations through every target of the text library for n seconds in all; new behaviours are kept in tests/fuzz/corpus
//   --seed s        where both start
// The same targets run under a coverage-guided fuzzer: tests/fuzz/text/README.md.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const args = process.argv.slice(2)
const option = name => { const at = args.indexOf('--' + name); return at < 0 ? undefined : args[at + 1] }
if (args[0] && !args[0].startsWith('--') && args[0] !== 'text') { console.error('the only target is text'); process.exit(2) }
const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const project = join(root, 'tests/CodeChill.Text.Tests')
const result = join(tmpdir(), `text-fuzz-${process.pid}.txt`)

const run = (command, parameters, env = {}) => {
  const { status } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) process.exit(status ?? 1)
}
const test = (name, env) => {
  rmSync(result, { force: true })
  run('dotnet', ['test', '--project', project, '-c', 'Release', '--no-build', '--no-progress', '--no-ansi', '--filter-class', `*${name}`], { TEXT_FUZZ_RESULT: result, ...env })
  process.stdout.write(readFileSync(result, 'utf8'))
}

run('dotnet', ['build', project, '-c', 'Release', '-v', 'q', '-nologo'])
const seconds = option('seconds')
const operations = option('operations') ?? (seconds ? undefined : '1000000')
const seed = option('seed') ?? '1'
if (operations) test('DifferentialTests', { TEXT_FUZZ_OPERATIONS: operations, TEXT_FUZZ_SEED: seed })
if (seconds) test('CorpusTests', { TEXT_FUZZ_SECONDS: seconds, TEXT_FUZZ_SEED: seed })

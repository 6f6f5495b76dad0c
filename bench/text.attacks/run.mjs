// What every kept attack of at most 100 KB costs: the inputs of AmplificationTests (which bounds their memory and steps), the best of fifteen, in
// milliseconds of CPU, all threads together. The goal is 50 ms.
//   node bench/text.attacks/run.mjs [--all]
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = join(dirname(fileURLToPath(import.meta.url)), '../../tests/CodeChill.Text.Tests')
const must = result => { if (result.status !== 0) { console.error(result.stdout, result.stderr?.slice(-2000)); process.exit(1) } return result }
must(spawnSync('dotnet', ['build', project, '-c', 'Release', '-v', 'q', '-nologo'], { encoding: 'utf8' }))
const { stderr, stdout } = must(spawnSync(join(project, 'bin/Release/net10.0/CodeChill.Text.Tests'), ['-class', '*AmplificationTests', '-noColor'], {
  encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, TEXT_SHOW: '1' },
}))
const lines = (stderr + stdout).split('\n').map(line => /^(.*): (\d+) bytes, ([\d.]+) ms, (\d+) steps, (-?\d+) allocated \(([\d.]+)x\)/.exec(line)).filter(Boolean)
  .map(([, name, bytes, ms, steps, , times]) => ({ name, bytes: Number(bytes), ms: Number(ms), steps: Number(steps), times: Number(times) }))
  .sort((a, b) => b.ms - a.ms)
for (const { name, bytes, ms, steps, times } of process.argv.includes('--all') ? lines : lines.slice(0, 15)) {
  console.log(`${ms.toFixed(1)} ms  ${times.toFixed(1)}x memory  ${(steps / Math.max(1, bytes)).toFixed(1)} steps a byte  ${name}, ${bytes} bytes`)
}
const slow = lines.filter(line => line.ms > 50)
console.log(`${lines.length} inputs; the slowest ${lines[0]?.ms.toFixed(1)} ms, the median ${lines[lines.length >> 1]?.ms.toFixed(1)} ms; over 50 ms: ${slow.length}`)
process.exitCode = lines.length > 0 && slow.length === 0 ? 0 : 1

// The text bench: ours beside npm yjs, ywasm, loro-crdt and @automerge/automerge, in interleaved rounds.
//   node bench/text/run.mjs [--rounds 3] [--traces automerge-paper,rustcode,sveltecomponent] [--quick] [--x100]
// Every phase runs in a process of its own; times are CPU milliseconds. Ratios are the medians of the rounds' pairs.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const option = (name, fallback) => { const at = process.argv.indexOf('--' + name); return at < 0 ? fallback : process.argv[at + 1] }
const quick = process.argv.includes('--quick')
const rounds = Number(option('rounds', quick ? 1 : 3))
const traces = option('traces', 'automerge-paper,rustcode,sveltecomponent').split(',')
const folder = mkdtempSync(join(tmpdir(), 'text-bench-'))

const must = (result, what) => { if (result.status !== 0) { console.error(result.stderr || result.stdout); throw new Error(what + ' failed') } return result.stdout }
const run = (command, args) => must(spawnSync(command, args, { cwd: here, encoding: 'utf8', maxBuffer: 1 << 26 }), command + ' ' + args.join(' '))
const values = text => Object.fromEntries(text.trim().split('\n').map(line => line.split(' ')).map(([name, value]) => [name, Number(value)]))
const say = (...parts) => console.log(...parts)

if (!existsSync(join(here, 'js', 'node_modules'))) { say('installing npm packages …'); must(spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: join(here, 'js'), encoding: 'utf8' }), 'npm ci') }
say('building …')
run('dotnet', ['build', '-c', 'Release', '-v', 'q', '-nologo', join(here, 'CodeChill.Text.Bench.csproj')])
const ours = (phase, file, n) => values(run(join(here, 'bin/Release/net10.0/CodeChill.Text.Bench'), [phase, file, String(n)]))
const theirs = (engine, phase, file, n, out) => values(run('node', ['--expose-gc', 'js/worker.mjs', engine, phase, file, String(n), ...(out ? [out] : [])]))

const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]
const table = []

// Runs the engines one after the other, round by round; repeat: [ours, theirs] repetitions within a process.
const compare = (target, title, trace, unit, engines) => {
  const results = Object.fromEntries(Object.keys(engines).map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(engines)) results[name].push(measure())
  }
  const cells = Object.entries(results).map(([name, list]) => {
    if (name === 'ours') return `ours ${median(list)} ${unit}`
    const ratio = median(list.map((value, i) => value / results.ours[i]))
    return `${name} ${median(list)} ${unit} (${ratio.toFixed(2)}x ours)`
  })
  const line = `${target} ${title} · ${trace}: ${cells.join(' · ')}`
  table.push(line)
  say(line)
}

for (const trace of traces) {
  const file = join(here, 'traces', trace + '.json.gz')
  const base = join(folder, trace)
  theirs('yjs', 'record', file, 1, base)
  const updates = base + '.updates'
  const state = base + '.state'
  compare('P10', 'remote updates', trace, 'ms', {
    ours: () => ours('remote', updates, 9).ms,
    yjs: () => theirs('yjs', 'remote', updates, 3).ms,
    ywasm: () => theirs('ywasm', 'remote', updates, 3).ms,
    ...(quick || trace === 'automerge-paper' ? {} : { loro: () => theirs('loro', 'remote', file, 1).ms })
  })
  compare('P11', 'load', trace, 'ms', {
    ours: () => ours('load', state, 41).ms,
    yjs: () => theirs('yjs', 'load', state, 21).ms,
    ywasm: () => theirs('ywasm', 'load', state, 21).ms,
    ...(quick ? {} : { loro: () => theirs('loro', 'load', file, 9).ms })
  })
  compare('P12', 'heap per loaded document', trace, 'bytes', {
    ours: () => ours('heap', state, 1).bytes,
    yjs: () => theirs('yjs', 'heap', state, 1).bytes
  })
  compare('P13', 'local edits with their updates', trace, 'ms', {
    ours: () => ours('local', file, 9).ms,
    yjs: () => theirs('yjs', 'local', file, 1).ms,
    ...(quick ? {} : { loro: () => theirs('loro', 'local', file, 1).ms }),
    ...(quick || trace === 'automerge-paper' ? {} : { ywasm: () => theirs('ywasm', 'local', file, 1).ms })
  })
  compare('P16', 'compaction of the log: apply all, encode', trace, 'ms', {
    ours: () => ours('compact', updates, 9).ms,
    yjs: () => theirs('yjs', 'compact', updates, 1).ms
  })
  const replayed = base + '.ours'
  run(join(here, 'bin/Release/net10.0/CodeChill.Text.Bench'), ['replay-state', file, replayed])
  const same = readFileSync(replayed).equals(readFileSync(state))
  const line = `P14 encoded state · ${trace}: ours ${readFileSync(replayed).length} bytes, yjs ${readFileSync(state).length} bytes, ${same ? 'identical' : 'DIFFERENT'}`
  table.push(line)
  say(line)
  if (!quick && trace === 'sveltecomponent') {
    compare('P13', 'local edits of automerge (first 5,000 only)', trace, 'ms', { ours: () => ours('local', file, 9).ms, automerge: () => theirs('automerge', 'local', file, 1).ms })
  }
}

if (process.argv.includes('--x100')) {
  const updates = join(folder, 'automerge-paper.updates')
  const result = ours('x100', updates, 1)
  const line = `P17 automerge-paper 100 times: ${result.ms} ms = ${result.linear} of 100 times once (${result.once} ms), peak ${result.peak_rss_mb} MB, ${result.length} characters`
  table.push(line)
  say(line)
}

say('\n' + table.join('\n'))

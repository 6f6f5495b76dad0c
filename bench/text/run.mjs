// The text bench: ours beside npm yjs, ywasm, loro-crdt and @automerge/automerge, in interleaved rounds.
//   node bench/text/run.mjs [--rounds 5] [--traces automerge-paper,rustcode,sveltecomponent,friendsforever] [--quick] [--no-x100] [--only P11]
//   --quick  one round, yjs and ywasm only, without the hundredfold trace
// Every phase runs in a process of its own; times are CPU milliseconds. Ratios are the medians of the rounds' pairs. What takes seconds
// is run in the first two rounds only (marked "2 rounds").
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const option = (name, fallback) => { const at = process.argv.indexOf('--' + name); return at < 0 ? fallback : process.argv[at + 1] }
const quick = process.argv.includes('--quick')
const rounds = Number(option('rounds', quick ? 1 : 5))
const slowRounds = Math.min(rounds, 2)
const traces = option('traces', 'automerge-paper,rustcode,sveltecomponent,friendsforever').split(',')
const only = option('only')
const concurrent = ['friendsforever']
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

const took = result => ({ value: result.ms, peak: result.peak_rss_mb })
const slow = measure => Object.assign(measure, { slow: true })

// Runs the engines one after the other, round by round.
const compare = (target, title, trace, unit, engines) => {
  if (only && target !== only) return
  const results = Object.fromEntries(Object.keys(engines).map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(engines)) if (round < slowRounds || !measure.slow) results[name].push(measure())
  }
  const cells = Object.entries(results).map(([name, list]) => {
    const value = median(list.map(one => one.value))
    const peak = list[0].peak ? `, peak ${Math.max(...list.map(one => one.peak))} MB` : ''
    if (name === 'ours') return `ours ${value} ${unit}${peak}`
    const ratio = median(list.map((one, i) => one.value / results.ours[i].value))
    return `${name} ${value} ${unit} (${ratio.toFixed(2)}x ours${engines[name].slow ? `, ${slowRounds} rounds` : ''}${peak})`
  })
  const line = `${target} ${title} · ${trace}: ${cells.join(' · ')}`
  table.push(line)
  say(line)
}

for (const trace of traces) {
  const file = join(here, 'traces', trace + '.json.gz')
  const base = join(folder, trace)
  const alone = !concurrent.includes(trace)
  const large = trace === 'automerge-paper'
  theirs('yjs', alone ? 'record' : 'record-concurrent', file, 1, base)
  const updates = base + '.updates'
  const state = base + '.state'
  compare('P10', 'remote updates', trace, 'ms', {
    ours: () => took(ours('remote', updates, large ? 9 : 41)),
    yjs: () => took(theirs('yjs', 'remote', updates, large ? 1 : 5)),
    ywasm: () => took(theirs('ywasm', 'remote', updates, 3)),
    ...(quick || !alone ? {} : { loro: slow(() => took(theirs('loro', 'remote', file, 1))) })
  })
  compare('P11', 'load', trace, 'ms', {
    ours: () => took(ours('load', state, 41)),
    yjs: () => took(theirs('yjs', 'load', state, 21)),
    ywasm: () => took(theirs('ywasm', 'load', state, 21)),
    ...(quick || !alone ? {} : { loro: slow(() => took(theirs('loro', 'load', file, 9))), automerge: slow(() => took(theirs('automerge', 'load', file, 3))) })
  })
  // Yjs collects its garbage on other threads: on an idle machine its wall time is shorter than its CPU time.
  const wall = result => ({ value: result.wall })
  compare('P11', 'load, wall time', trace, 'ms', {
    ours: () => wall(ours('load', state, 41)),
    yjs: () => wall(theirs('yjs', 'load', state, 21)),
    ywasm: () => wall(theirs('ywasm', 'load', state, 21))
  })
  compare('P12', 'heap per loaded document', trace, 'bytes', {
    ours: () => ({ value: ours('heap', state, 1).bytes }),
    yjs: () => ({ value: theirs('yjs', 'heap', state, 1).bytes })
  })
  if (alone) {
    compare('P13', 'local edits with their updates', trace, 'ms', {
      ours: () => took(ours('local', file, large ? 9 : 41)),
      yjs: () => took(theirs('yjs', 'local', file, large ? 1 : 5)),
      ...(quick ? {} : { loro: slow(() => took(theirs('loro', 'local', file, 1))) }),
      ...(quick || large ? {} : { ywasm: slow(() => took(theirs('ywasm', 'local', file, 1))) })
    })
  }
  compare('P16', 'compaction of the log: apply all, encode', trace, 'ms', {
    ours: () => took(ours('compact', updates, large ? 9 : 41)),
    yjs: () => took(theirs('yjs', 'compact', updates, large ? 1 : 5))
  })
  if (only && only !== 'P14') continue
  const made = base + '.ours'
  run(join(here, 'bin/Release/net10.0/CodeChill.Text.Bench'), alone ? ['replay-state', file, made] : ['apply-state', updates, made])
  const same = readFileSync(made).equals(readFileSync(state))
  const others = quick || !alone ? '' : `, loro ${theirs('loro', 'encode', file, 1).bytes}, automerge ${theirs('automerge', 'encode', file, 1).bytes} (compressed)`
  const line = `P14 encoded state · ${trace}: ours ${readFileSync(made).length} bytes, yjs ${readFileSync(state).length}, ${same ? 'identical' : 'DIFFERENT'}${others}`
  table.push(line)
  say(line)
  if (!quick && trace === 'sveltecomponent') {
    compare('P13', 'the first 5,000 local edits (ours: all 19,749)', trace, 'ms', { ours: () => took(ours('local', file, 41)), automerge: slow(() => took(theirs('automerge', 'local', file, 1))) })
  }
}

if (!quick && !only && !process.argv.includes('--no-x100') && traces.includes('automerge-paper')) {
  const updates = join(folder, 'automerge-paper.updates')
  const result = ours('x100', updates, 1)
  const line = `P17 automerge-paper 100 times: ${result.ms} ms = ${result.linear} of 100 times once (${result.once} ms), peak ${result.peak_rss_mb} MB, ${result.length} characters`
  table.push(line)
  say(line)
}

say('\n' + table.join('\n'))

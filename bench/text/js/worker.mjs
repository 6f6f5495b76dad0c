// One phase of one engine in one process: <engine> <phase> <file> <rounds> [out]. Prints "name value" lines like the C# side.
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { createRequire } from 'node:module'

const [engine, phase, file, roundsArg, out] = process.argv.slice(2)
const rounds = Number(roundsArg ?? 3)
const say = (name, value) => console.log(`${name} ${value}`)
const require = createRequire(import.meta.url)

const readTrace = () => {
  const trace = JSON.parse(gunzipSync(readFileSync(file)))
  return { end: trace.endContent, edits: trace.txns.flatMap(t => t.patches) }
}

const readUpdates = () => {
  const bytes = readFileSync(file)
  const updates = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readInt32LE(at)
    updates.push(new Uint8Array(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return updates
}

const report = run => {
  const times = []
  const walls = []
  for (let i = 0; i < rounds; i++) {
    global.gc?.()
    const began = performance.now()
    const start = process.cpuUsage()
    run()
    const used = process.cpuUsage(start)
    times.push((used.user + used.system) / 1000)
    walls.push(performance.now() - began)
  }
  say('first', times[0].toFixed(2))
  times.sort((a, b) => a - b)
  say('ms', times[times.length >> 1].toFixed(2))
  say('best', times[0].toFixed(2))
  say('wall', walls.sort((a, b) => a - b)[walls.length >> 1].toFixed(2))
}

const heap = async load => {
  load()
  global.gc()
  const before = process.memoryUsage().heapUsed
  const kept = []
  for (let i = 0; i < 20; i++) kept.push(load())
  await new Promise(resolve => setTimeout(resolve, 50))
  global.gc()
  say('bytes', Math.round((process.memoryUsage().heapUsed - before) / kept.length))
  if (kept.length !== 20) throw new Error()
}

const check = (text, end) => { if (text !== end) throw new Error('the replayed text is not the trace\'s') }

const yjs = async () => {
  const Y = await import('yjs')
  const replay = (trace, onUpdate) => {
    const doc = new Y.Doc()
    doc.clientID = 3000000001
    doc.on('update', onUpdate)
    const text = doc.getText('content')
    for (const [at, deleted, inserted] of trace.edits) {
      if (deleted > 0) text.delete(at, deleted)
      if (inserted.length > 0) text.insert(at, inserted)
    }
    check(text.toString(), trace.end)
    return doc
  }
  const applyAll = updates => {
    const doc = new Y.Doc()
    for (const update of updates) Y.applyUpdate(doc, update)
    return doc
  }
  const load = state => { const doc = new Y.Doc(); Y.applyUpdate(doc, state); return doc }
  switch (phase) {
    case 'local': { const trace = readTrace(); report(() => replay(trace, () => {})); break }
    case 'record': { // writes the updates of a local replay, and the encoded state
      const updates = []
      const doc = replay(readTrace(), update => updates.push(update))
      const parts = []
      for (const update of updates) { const head = Buffer.alloc(4); head.writeInt32LE(update.length); parts.push(head, update) }
      writeFileSync(out + '.updates', Buffer.concat(parts))
      writeFileSync(out + '.state', Y.encodeStateAsUpdate(doc))
      say('updates', updates.length)
      break
    }
    case 'record-concurrent': { // the same of a trace of several authors, each with a replica that has what its author had seen
      const { txns } = JSON.parse(gunzipSync(readFileSync(file)))
      const replicas = new Map()
      const updates = []
      const bring = (replica, i) => {
        const missing = []
        for (const open = [i]; open.length > 0;) {
          const at = open.pop()
          if (replica.seen.has(at)) continue
          replica.seen.add(at)
          missing.push(at)
          open.push(...txns[at].parents)
        }
        for (const at of missing.sort((a, b) => a - b)) for (const update of updates[at]) Y.applyUpdate(replica.doc, update, 'remote')
      }
      txns.forEach((txn, i) => {
        if (!replicas.has(txn.agent)) {
          const replica = { doc: new Y.Doc(), seen: new Set(), made: [] }
          replica.doc.clientID = 3000000001 + replicas.size
          replica.doc.on('update', (update, origin) => { if (origin !== 'remote') replica.made.push(update) })
          replicas.set(txn.agent, replica)
        }
        const replica = replicas.get(txn.agent)
        txn.parents.forEach(parent => bring(replica, parent))
        replica.made = []
        const text = replica.doc.getText('content')
        for (const [at, deleted, inserted] of txn.patches) {
          if (deleted > 0) text.delete(at, deleted)
          if (inserted.length > 0) text.insert(at, inserted)
        }
        updates.push(replica.made)
        replica.seen.add(i)
      })
      const all = updates.flat()
      const parts = []
      for (const update of all) { const head = Buffer.alloc(4); head.writeInt32LE(update.length); parts.push(head, update) }
      writeFileSync(out + '.updates', Buffer.concat(parts))
      // Loaded anew: a document that lived through many transactions holds neighbours that Yjs joins on loading.
      writeFileSync(out + '.state', Y.encodeStateAsUpdate(load(Y.encodeStateAsUpdate(applyAll(all)))))
      say('updates', all.length)
      break
    }
    case 'remote': { const updates = readUpdates(); report(() => applyAll(updates)); break }
    case 'compact': { const updates = readUpdates(); report(() => Y.encodeStateAsUpdate(applyAll(updates))); break }
    case 'merge': { const updates = readUpdates(); report(() => Y.mergeUpdates(updates)); break }
    case 'load': { const state = new Uint8Array(readFileSync(file)); report(() => load(state)); break }
    case 'heap': { const state = new Uint8Array(readFileSync(file)); await heap(() => load(state)); break }
    case 'encode': { const state = new Uint8Array(readFileSync(file)); say('bytes', Y.encodeStateAsUpdate(load(state)).length); break }
  }
}

const ywasm = async () => {
  const Y = require('ywasm')
  const apply = (doc, update) => Y.applyUpdate(doc, update)
  switch (phase) {
    case 'local': {
      const trace = readTrace()
      report(() => {
        const doc = new Y.YDoc({ clientID: 3000000001 })
        const text = doc.getText('content')
        doc.on?.('update', () => {})
        for (const [at, deleted, inserted] of trace.edits) {
          if (deleted > 0) text.delete(at, deleted)
          if (inserted.length > 0) text.insert(at, inserted)
        }
        check(text.toString(), trace.end)
        doc.free()
      })
      break
    }
    case 'remote': case 'compact': {
      const updates = readUpdates()
      report(() => { const doc = new Y.YDoc({}); for (const u of updates) apply(doc, u); if (phase === 'compact') Y.encodeStateAsUpdate(doc); doc.free() })
      break
    }
    case 'load': { const state = new Uint8Array(readFileSync(file)); report(() => { const doc = new Y.YDoc({}); apply(doc, state); doc.free() }); break }
    case 'encode': { const state = new Uint8Array(readFileSync(file)); const doc = new Y.YDoc({}); apply(doc, state); say('bytes', Y.encodeStateAsUpdate(doc).length); break }
  }
}

const loro = async () => {
  const { LoroDoc } = require('loro-crdt')
  const replay = (trace, onUpdate) => {
    const doc = new LoroDoc()
    doc.setPeerId('3000000001')
    if (onUpdate) doc.subscribeLocalUpdates(onUpdate)
    const text = doc.getText('content')
    for (const [at, deleted, inserted] of trace.edits) {
      if (deleted > 0) text.delete(at, deleted)
      if (inserted.length > 0) text.insert(at, inserted)
      doc.commit()
    }
    check(text.toString(), trace.end)
    return doc
  }
  const trace = readTrace()
  switch (phase) {
    case 'local': report(() => replay(trace, () => {}).free()); break
    case 'remote': { const updates = []; replay(trace, u => updates.push(u)); report(() => { const doc = new LoroDoc(); for (const u of updates) doc.import(u); doc.free() }); break }
    case 'load': { const state = replay(trace).export({ mode: 'update' }); report(() => { const doc = new LoroDoc(); doc.import(state); doc.getText('content').toString(); doc.free() }); break }
    case 'encode': say('bytes', replay(trace).export({ mode: 'update' }).length); break
  }
}

const automerge = async () => {
  const A = await import('@automerge/automerge')
  const trace = readTrace()
  const whole = () => A.change(A.from({ content: '' }), d => { for (const [at, deleted, inserted] of trace.edits) A.splice(d, ['content'], at, deleted, inserted) })
  switch (phase) {
    case 'local': { // only the first edits: one change each is too slow for whole traces
      const edits = trace.edits.slice(0, 5000)
      report(() => { let doc = A.from({ content: '' }); for (const [at, deleted, inserted] of edits) doc = A.change(doc, d => A.splice(d, ['content'], at, deleted, inserted)) })
      say('edits', edits.length)
      break
    }
    case 'load': { const state = A.save(whole()); report(() => A.load(state)); break }
    case 'encode': { const doc = whole(); check(doc.content, trace.end); say('bytes', A.save(doc).length); break }
  }
}

await { yjs, ywasm, loro, automerge }[engine]()
say('peak_rss_mb', Math.round(process.resourceUsage().maxRSS / 1024))

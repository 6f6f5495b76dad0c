// A Yjs peer for the tests: reads frames of commands from stdin, answers each frame with one frame on stdout.
// Frame: 32-bit little-endian length, payload. Payload: lib0-encoded commands one after another.
import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'
import * as decoding from 'lib0/decoding'

let docs = []
let pair = []
let undo

// xorshift32: the same seed gives the same edits on every run.
class Random {
  constructor (seed) { this.s = (seed >>> 0) || 1 }
  next () {
    let x = this.s
    x ^= x << 13; x >>>= 0
    x ^= x >>> 17
    x ^= x << 5; x >>>= 0
    this.s = x
    return x
  }
  below (n) { return this.next() % n }
  pick (list) { return list[this.below(list.length)] }
}

const words = ['a', 'b', 'xy', 'hello ', 'for (;;) {\n', '}\n', 'é', 'ß→', '日本', '😀', '👍🏽x', '\n', 'tabs\t', 'q', 'zz', 'the quick brown fox ']

const open = clientId => {
  const doc = new Y.Doc()
  doc.clientID = clientId
  const entry = { doc, out: [], cursor: 0, random: new Random(clientId * 7 + 3) }
  doc.on('update', (update, origin) => { if (origin !== 'remote') entry.out.push(update) })
  doc.getText('content')
  return entry
}

const textOp = (entry, text, random) => {
  const length = text.length
  const kind = random.below(10)
  if (kind < 5 || length === 0) {
    // Mostly where the last edit ended, as people type.
    const index = random.below(3) > 0 && entry.cursor <= length ? entry.cursor : random.below(length + 1)
    const word = random.pick(words)
    text.insert(index, word)
    entry.cursor = index + word.length
  } else if (kind < 9) {
    const index = random.below(length)
    const count = Math.min(length - index, 1 + random.below(random.below(4) === 0 ? 12 : 3))
    text.delete(index, count)
    entry.cursor = index
  } else {
    entry.doc.transact(() => {
      for (let i = 0; i < 3; i++) {
        const at = random.below(text.length + 1)
        text.insert(at, random.pick(words))
        if (text.length > 4) text.delete(random.below(text.length - 2), 2)
      }
    })
  }
}

const anyValue = random => random.pick([1, -5, 3.25, 1e100, 'text', true, false, null, { a: [1, 'x', null] }, [1, [2, [3]]], new Uint8Array([1, 2, 3]), 123456789012, { u: undefined }, 0.1, -0, ''])

const richOp = (entry, random) => {
  const { doc } = entry
  const text = doc.getText('content')
  const array = doc.getArray('list')
  const map = doc.getMap('map')
  const xml = doc.getXmlFragment('xml')
  switch (random.below(16)) {
    // Yjs cuts a surrogate pair at the ends of a format even when it then writes nothing: its own replicas differ after that.
    case 0: if (text.length > 1 && !/[\uD800-\uDFFF]/.test(text.toString())) text.format(random.below(text.length - 1), 1 + random.below(2), random.pick([{ bold: true }, { bold: null }, { color: 'red' }, { link: { to: 'x' } }])); break
    case 1: text.insertEmbed(random.below(text.length + 1), { image: 'x.png', n: random.below(5) }); break
    case 2: text.insert(random.below(text.length + 1), random.pick(words), { italic: true }); break
    case 3: array.insert(random.below(array.length + 1), [anyValue(random), anyValue(random), random.below(9)]); break
    case 4: if (array.length > 0) { const i = random.below(array.length); array.delete(i, Math.min(array.length - i, 1 + random.below(3))) } break
    case 5: map.set(random.pick(['a', 'b', 'ключ']), anyValue(random)); break
    case 6: map.delete(random.pick(['a', 'b', 'ключ'])); break
    case 7: {
      const nested = new Y.Map()
      nested.set('k', random.below(100))
      nested.set('t', new Y.Text('nested'))
      map.set(random.pick(['a', 'n']), nested)
      break
    }
    case 8: {
      const nested = new Y.Array()
      nested.insert(0, ['x', new Y.Array(), new Y.Map()])
      array.insert(random.below(array.length + 1), [nested])
      break
    }
    case 9: {
      const nested = map.get('n')
      if (nested instanceof Y.Map) {
        nested.set(random.pick(['k', 'l']), anyValue(random))
        const t = nested.get('t')
        if (t instanceof Y.Text) t.insert(random.below(t.length + 1), random.pick(words))
      }
      break
    }
    case 10: {
      const element = new Y.XmlElement(random.pick(['p', 'div']))
      element.setAttribute('class', 'c' + random.below(3))
      element.insert(0, [new Y.XmlText('words'), new Y.XmlElement('br')])
      xml.insert(random.below(xml.length + 1), [element])
      break
    }
    case 11: if (xml.length > 0) xml.delete(random.below(xml.length), 1); break
    case 12: map.set('doc', new Y.Doc({ guid: 'sub-' + random.below(4), meta: { v: random.below(3) }, autoLoad: random.below(2) === 0 })); break
    case 13: if (xml.length > 0) { const e = xml.get(random.below(xml.length)); if (e instanceof Y.XmlElement) e.setAttribute('id', '' + random.below(5)) } break
    case 14: {
      const hook = new Y.XmlHook('hook' + random.below(2))
      hook.set('v', random.below(4))
      xml.insert(random.below(xml.length + 1), [hook])
      break
    }
    case 15: {
      for (const child of array.toArray()) {
        if (child instanceof Y.Array) { child.insert(random.below(child.length + 1), [anyValue(random)]); if (random.below(2)) child.delete(0, 1); break }
      }
      break
    }
  }
}

const flush = (encoder, entry) => {
  encoding.writeVarUint(encoder, entry.out.length)
  for (const update of entry.out) encoding.writeVarUint8Array(encoder, update)
  entry.out = []
}

const encodeJson = value => JSON.stringify(value)

const run = (decoder, encoder) => {
  const command = decoding.readVarUint(decoder)
  switch (command) {
    case 0: { // reset: client ids
      docs.forEach(entry => entry.doc.destroy())
      docs = []
      const count = decoding.readVarUint(decoder)
      for (let i = 0; i < count; i++) docs.push(open(decoding.readVarUint(decoder)))
      break
    }
    case 1: { // edits: document, count, how many in a hundred are rich, seed -> updates
      const entry = docs[decoding.readVarUint(decoder)]
      const count = decoding.readVarUint(decoder)
      const rich = decoding.readVarUint(decoder)
      const random = new Random(decoding.readVarUint(decoder))
      for (let i = 0; i < count; i++) {
        if (random.below(100) < rich) richOp(entry, random)
        else textOp(entry, entry.doc.getText('content'), random)
      }
      flush(encoder, entry)
      break
    }
    case 2: { // apply: document, updates -> updates of its own that this caused
      const entry = docs[decoding.readVarUint(decoder)]
      const count = decoding.readVarUint(decoder)
      for (let i = 0; i < count; i++) Y.applyUpdate(entry.doc, decoding.readVarUint8Array(decoder), 'remote')
      flush(encoder, entry)
      break
    }
    case 3: { // state: document -> text, state vector, state, state in format V2, state after loading it anew
      const { doc } = docs[decoding.readVarUint(decoder)]
      // A document that lived through many transactions may hold neighbours that Yjs would merge on loading.
      const loaded = new Y.Doc()
      Y.applyUpdate(loaded, Y.encodeStateAsUpdate(doc))
      encoding.writeVarString(encoder, doc.getText('content').toString())
      encoding.writeVarUint8Array(encoder, Y.encodeStateVector(doc))
      encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(doc))
      encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdateV2(doc))
      encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(loaded))
      break
    }
    case 4: { // difference: document, state vector -> update
      const { doc } = docs[decoding.readVarUint(decoder)]
      encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(doc, decoding.readVarUint8Array(decoder)))
      break
    }
    case 5: { // json: document -> map, list, text length
      const { doc } = docs[decoding.readVarUint(decoder)]
      encoding.writeVarString(encoder, encodeJson(doc.getMap('map').toJSON()))
      encoding.writeVarString(encoder, encodeJson(doc.getArray('list').toJSON()))
      encoding.writeVarUint(encoder, doc.getText('content').length)
      break
    }
    case 6: { // updates without a document: list -> merged, its state vector
      const count = decoding.readVarUint(decoder)
      const updates = []
      for (let i = 0; i < count; i++) updates.push(decoding.readVarUint8Array(decoder))
      const merged = Y.mergeUpdates(updates)
      encoding.writeVarUint8Array(encoder, merged)
      encoding.writeVarUint8Array(encoder, Y.encodeStateVectorFromUpdate(merged))
      break
    }
    case 7: { // convert: V1 -> V2
      encoding.writeVarUint8Array(encoder, Y.convertUpdateFormatV1ToV2(decoding.readVarUint8Array(decoder)))
      break
    }
    case 8: { // relative position: document, index, association (1: right, 0: left) -> position
      const { doc } = docs[decoding.readVarUint(decoder)]
      const index = decoding.readVarUint(decoder)
      const assoc = decoding.readVarUint(decoder) === 1 ? 0 : -1
      encoding.writeVarUint8Array(encoder, Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(doc.getText('content'), index, assoc)))
      break
    }
    case 9: { // absolute position: document, position -> index + 1, or 0
      const { doc } = docs[decoding.readVarUint(decoder)]
      const position = Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(decoding.readVarUint8Array(decoder)), doc, false)
      encoding.writeVarUint(encoder, position === null ? 0 : position.index + 1)
      break
    }
    case 10: { // convert: V2 -> V1
      encoding.writeVarUint8Array(encoder, Y.convertUpdateFormatV2ToV1(decoding.readVarUint8Array(decoder)))
      break
    }
    case 11: { // two linked documents, one with an undo manager: client ids, text to begin with, that nobody takes back
      pair = [new Y.Doc(), new Y.Doc()]
      pair.forEach((doc, i) => {
        doc.clientID = decoding.readVarUint(decoder)
        doc.on('update', (update, origin) => { if (origin !== 'link') Y.applyUpdate(pair[1 - i], update, 'link') })
      })
      pair[1].getText('content').insert(0, decoding.readVarString(decoder))
      undo = new Y.UndoManager(pair[0].getText('content'), { captureTimeout: 0, trackedOrigins: new Set(['author']) })
      break
    }
    case 12: { // an edit: document, index, how many to delete, text to insert -> text
      const doc = pair[decoding.readVarUint(decoder)]
      const index = decoding.readVarUint(decoder)
      const removed = decoding.readVarUint(decoder)
      const inserted = decoding.readVarString(decoder)
      const text = doc.getText('content')
      doc.transact(() => {
        if (removed > 0) text.delete(index, removed)
        if (inserted) text.insert(index, inserted)
      }, 'author')
      encoding.writeVarString(encoder, pair[0].getText('content').toString())
      break
    }
    case 13: { // 0: undo, 1: redo -> text
      if (decoding.readVarUint(decoder) === 0) undo.undo()
      else undo.redo()
      encoding.writeVarString(encoder, pair[0].getText('content').toString())
      break
    }
    default: throw new Error('unknown command ' + command)
  }
}

let buffered = Buffer.alloc(0)
process.stdin.on('data', chunk => {
  buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
  while (buffered.length >= 4 && buffered.length >= 4 + buffered.readUInt32LE(0)) {
    const length = buffered.readUInt32LE(0)
    const decoder = decoding.createDecoder(new Uint8Array(buffered.subarray(4, 4 + length)))
    buffered = buffered.subarray(4 + length)
    const encoder = encoding.createEncoder()
    let ok = 1
    try {
      while (decoding.hasContent(decoder)) run(decoder, encoder)
    } catch (error) {
      ok = 0
      console.error(error)
    }
    const answer = encoding.toUint8Array(encoder)
    const head = Buffer.alloc(5)
    head.writeUInt32LE(answer.length + 1, 0)
    head.writeUInt8(ok, 4)
    process.stdout.write(Buffer.concat([head, answer]))
  }
})
process.stdin.on('end', () => process.exit(0))

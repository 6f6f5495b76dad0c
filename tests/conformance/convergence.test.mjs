// Three kinds of client meet in one room and always end with the same text; nobody's keystrokes are thrown away.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { converge, guests, TextClient, Y, YjsClient } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, int, match } from './shapes.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

async function texts(count, { start = '', ...options } = {}) {
  const people = await guests(server, ...['Ada', 'Bob', 'Cid', 'Dot'].slice(0, count));
  const { id } = await people[0].room();
  for (const person of people.slice(1)) await person.post(`/api/rooms/${id}/join`);
  const first = await TextClient.enter(people[0], id, options);
  await first.send(start, first.version);
  const clients = [first];
  for (const person of people.slice(1)) clients.push(await TextClient.enter(person, id, options));
  return { people, id, clients, close: () => clients.forEach((client) => client.close()) };
}

const occurrences = (haystack, needle) => haystack.split(needle).length - 1;
const fresh = async (person, id) => {
  const peer = await person.enter(id);
  peer.close();
  return peer.joined;
};

test('two stale whole-text changes merge', async () => {
  const { people, id, clients: [a, b], close } = await texts(2, { start: 'one\ntwo\nthree\n' });
  assert.equal(a.version, b.version);
  const base = a.version;
  const [first, second] = await Promise.all([a.edit(0, 0, 'ADA '), b.append('BOB\n')]);
  assert.notEqual(first.version, second.version);
  assert.ok(Math.min(first.version, second.version) > base);
  assert.equal(await converge([a, b], (text) => text.includes('ADA') && text.includes('BOB')), 'ADA one\ntwo\nthree\nBOB\n');
  assert.equal((await fresh(people[0], id)).current_content, 'ADA one\ntwo\nthree\nBOB\n');
  close();
});

test('a change typed on an old version is merged with all that came since', async () => {
  const { clients: [a, b], close } = await texts(2, { start: 'middle' });
  const [old, oldText] = [b.version, b.text];
  for (let i = 0; i < 5; i++) await a.append(`+${i}`);
  await converge([a, b]);
  const answer = await b.send('stale ' + oldText, old);
  assert.equal(answer.ok, true);
  assert.equal(await converge([a, b]), 'stale middle+0+1+2+3+4');
  assert.equal(b.conflicts, 0);
  close();
});

test('deleting and typing in the same place at once keeps what was typed', async () => {
  const { clients: [a, b], close } = await texts(2, { start: 'keep REMOVE keep' });
  await Promise.all([a.edit(5, 7, ''), b.edit(8, 0, '<new>')]);
  const text = await converge([a, b]);
  assert.ok(text.includes('<new>'), text);
  assert.ok(!text.includes('REMOVE') && !text.includes('REM') && !text.includes('OVE'), text);
  close();
});

test('both delete the same words: they go once, and nothing else goes', async () => {
  const { clients: [a, b], close } = await texts(2, { start: 'alpha beta gamma' });
  await Promise.all([a.edit(6, 5, ''), b.edit(6, 5, '')]);
  assert.equal(await converge([a, b]), 'alpha gamma');
  close();
});

test('a sender whose text was taken as it is gets no echo', async () => {
  const { clients: [a, b], close } = await texts(2);
  for (let i = 0; i < 5; i++) await a.append(`${i}`);
  await converge([a, b]);
  await a.peer.barrier();
  assert.equal(a.echoes, 0);
  assert.deepEqual(a.peer.left('code_updated'), []);
  close();
});

test('a sender whose text was merged gets the merged text before its acknowledgement', async () => {
  const { people, id, clients: [a, b], close } = await texts(2, { start: 'text' });
  const base = b.version;
  await a.append(' of ada');
  await b.peer.next('code_updated');
  b.peer.forget();
  const order = [];
  b.peer.socket.onAny((event, payload) => order.push([event, payload]));
  b.peer.send('code_change', { content: 'bob\'s text', version: base });
  const ack = match(await b.peer.next('code_change_ack'), { version: int });
  const merged = order.findIndex(([event, payload]) => event === 'code_updated' && payload.version === ack.version);
  const acknowledged = order.findIndex(([event]) => event === 'code_change_ack');
  assert.ok(merged >= 0 && merged < acknowledged, JSON.stringify(order));
  assert.equal(order[merged][1].content, 'bob\'s text of ada');
  assert.equal((await fresh(people[0], id)).current_content, 'bob\'s text of ada');
  close();
});

for (const callback of [false, true]) {
  describe(callback ? 'with callbacks' : 'with code_change_ack', () => {
    test('several changes in flight, typed on the same version by one client', async () => {
      const { people, id, clients: [a, b], close } = await texts(2, { start: '\n', callback });
      const base = a.version;
      const answers = [];
      let content = a.text;
      for (const letter of 'abcdefghij') answers.push(a.send(content = letter + content, base));
      const versions = (await Promise.all(answers)).map((answer) => answer.version);
      assert.deepEqual(versions, [...versions].sort((x, y) => x - y));
      assert.equal(await converge([b], (text) => text === 'jihgfedcba\n'), 'jihgfedcba\n');
      assert.equal((await fresh(people[0], id)).current_content, 'jihgfedcba\n');
      close();
    });

    test('several in flight while somebody else types', async () => {
      const { clients: [a, b], close } = await texts(2, { start: '[]', callback });
      const work = [];
      for (let i = 0; i < 12; i++) {
        work.push(a.edit(0, 0, String.fromCharCode(97 + i)));
        work.push(b.append(String.fromCharCode(65 + i)));
      }
      await Promise.all(work);
      const text = await converge([a, b]);
      for (let i = 0; i < 12; i++) for (const base of [97, 65]) assert.equal(occurrences(text, String.fromCharCode(base + i)), 1, text);
      close();
    });

    test('a change typed on the answer to the first of two in flight has both in its text', async () => {
      const { people, id, clients: [a], close } = await texts(1, { start: '|', callback });
      const base = a.version;
      const one = a.send('1|', base);
      const two = a.send('21|', base);
      const { version } = await one;
      // The client now counts from the acknowledged version; its text holds the second change, which may or may not be acknowledged.
      const three = a.send('321|', version);
      await Promise.all([two, three]);
      assert.equal((await fresh(people[0], id)).current_content, '321|');
      close();
    });
  });
}

test('a change typed after a peer\'s text replaced one\'s own does not undo a change still in flight', async () => {
  const { people, id, clients: [a, b], close } = await texts(2, { start: 'x' });
  const base = a.version;
  await b.append(' B');
  const theirs = await a.peer.next('code_updated');
  // In flight on the old version, then at once another one typed on the text that came from Bob: it has no "1" in it, and must not delete it.
  const both = [a.send('1x', base), a.send(theirs.content + ' 2', theirs.version)];
  await Promise.all(both);
  assert.equal((await fresh(people[0], id)).current_content, '1x B 2');
  assert.equal(await converge([a, b]), '1x B 2');
  close();
});

test('a Yjs edit reaches whole-text clients as code_updated, and the other way round', async () => {
  const { people, id, clients: [a], close } = await texts(1, { start: 'shared\n' });
  const y = await YjsClient.enter(people[0], id);
  await y.append('from yjs\n');
  const shown = match(await a.peer.next('code_updated'), { content: exactly('shared\nfrom yjs\n'), version: int, user_id: exactly(people[0].id) });
  assert.equal(a.version, shown.version);
  await a.append('from text\n');
  assert.equal(await converge([a, y], (text) => text.includes('from text')), 'shared\nfrom yjs\nfrom text\n');
  y.close();
  close();
});

test('a synced socket gets doc_update and no code_updated', async () => {
  const { people: [ada, bob], id, clients: [a, b], close } = await texts(2);
  const y = await YjsClient.enter(bob, id);
  y.peer.forget();
  await a.append('whole text');
  await b.peer.next('code_updated');
  await converge([a, b, y]);
  await y.peer.barrier();
  assert.equal(y.codeUpdated, 0);
  assert.equal(y.peer.left('doc_update').length, 1);
  assert.deepEqual(b.peer.left('doc_update'), [], 'a whole-text client gets no bytes');
  assert.ok(ada);
  y.close();
  close();
});

test('code_updated may be coalesced, but the last text always comes', async () => {
  const { people, id, clients: [a, b], close } = await texts(2, { start: '' });
  const y = await YjsClient.enter(people[0], id);
  for (let round = 0; round < 5; round++) {
    const work = [];
    for (let i = 0; i < 60; i++) work.push(y.append(String.fromCharCode(97 + (i % 26))));
    await Promise.all(work);
    await converge([a, b, y], (text) => text.length === (round + 1) * 60);
  }
  y.close();
  close();
});

test('a Yjs client that was away brings its edits back and gets the others\'', async () => {
  const { people, id, clients: [a], close } = await texts(1, { start: 'start\n' });
  const y = await YjsClient.enter(people[0], id);
  const { doc } = y;
  y.close();
  doc.getText('content').insert(0, 'offline\n');
  await a.append('meanwhile\n');
  const back = await YjsClient.enter(people[0], id, { doc });
  assert.equal(await converge([a, back], (text) => text.includes('offline')), 'offline\nstart\nmeanwhile\n');
  // Nothing is missing now: a second sync brings an empty update.
  const again = await back.sync();
  assert.ok(new Uint8Array(again.update).length <= 2 || Y.encodeStateAsUpdate(doc).length > 0);
  assert.deepEqual(Y.decodeStateVector(new Uint8Array(again.state_vector)), Y.decodeStateVector(Y.encodeStateVector(doc)));
  back.close();
  close();
});

test('updates that come twice or out of order are integrated once', async () => {
  const { people, id, clients: [a], close } = await texts(1, { start: '' });
  const peer = await people[0].enter(id);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, new Uint8Array((await peer.ask('doc_sync', { room_id: id, state_vector: Y.encodeStateVector(doc) })).update));
  const updates = [];
  doc.on('update', (update) => updates.push(update));
  for (const letter of 'abc') doc.getText('content').insert(doc.getText('content').length, letter);
  for (const index of [2, 0, 0, 1, 2, 1]) assert.equal((await peer.ask('doc_update', { room_id: id, update: updates[index] })).ok, true, `update ${index}`);
  assert.equal(await converge([a], (text) => text === 'abc'), 'abc');
  assert.equal((await fresh(people[0], id)).current_content, 'abc');
  peer.close();
  close();
});

test('characters of two code units, combining marks and line ends survive a merge', async () => {
  const start = '👩‍🚀 é e\u0301 \u2028 \r\n tail';
  const { people, id, clients: [a, b], close } = await texts(2, { start });
  const y = await YjsClient.enter(people[0], id);
  await Promise.all([a.edit(0, 0, '😀'), b.append('😁'), y.edit(y.text.indexOf(' tail'), 0, '👍🏽')]);
  const text = await converge([a, b, y], (now) => now.length === start.length + 8);
  assert.equal(text, `😀${start.replace(' tail', '👍🏽 tail')}😁`);
  // Replacing one emoji by another that shares its first half must not leave half a character anywhere.
  await a.send(text.replace('😀', '😂'), a.version);
  const after = await converge([a, b, y]);
  assert.ok(after.startsWith('😂') && after.isWellFormed(), JSON.stringify(after));
  y.close();
  close();
});

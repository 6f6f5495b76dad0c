// A room's past: which versions there were, what each said and who typed it, going back, and the session as a film.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { converge, guests, TextClient, within, YjsClient } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { refused } from './shapes.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

/** A room in which Ada (whole texts) and Bob (Yjs) have typed; the texts by version as the server acknowledged them. */
async function session() {
  const [ada, bob] = await guests(server, 'Ada', 'Bob');
  const { id } = await ada.room();
  await bob.post(`/api/rooms/${id}/join`);
  const whole = await TextClient.enter(ada, id);
  const yjs = await YjsClient.enter(bob, id);
  const texts = new Map([[whole.version, whole.text]]);
  const note = async (client, done) => {
    const { version } = await done;
    texts.set(version, client.text);
    await converge([whole, yjs]);
    return version;
  };
  return { ada, bob, id, whole, yjs, texts, note, close: () => [whole, yjs].forEach((client) => client.close()) };
}

test('versions: newest first, with author, kind, time and what they changed', async () => {
  const { ada, bob, id, whole, yjs, note, texts, close } = await session();
  const first = await note(whole, whole.send('one', whole.version));
  const second = await note(yjs, yjs.append(' two'));
  const reply = await bob.get(`/api/rooms/${id}/history`);
  assert.equal(reply.status, 200, reply.what);
  const { versions, pagination, first_version, last_version } = reply.body;
  assert.deepEqual(versions.map((v) => [v.version, v.user_id, v.user_name, v.kind]),
    [[second, bob.id, 'Bob', 'yjs'], [first, ada.id, 'Ada', 'text'], [1, ada.id, 'Ada', 'template']]);
  assert.deepEqual([versions[0].inserted, versions[0].deleted], [4, 0]);
  assert.deepEqual([versions[2].inserted, versions[2].deleted], [texts.get(1).length, 0]);
  assert.ok(versions.every((v) => !Number.isNaN(Date.parse(v.created_at))));
  assert.deepEqual([first_version, last_version, pagination.total, pagination.per_page], [1, second, 3, 50]);
  const middle = await bob.get(`/api/rooms/${id}/history?from=${first}&to=${first}`);
  assert.deepEqual(middle.body.versions.map((v) => v.version), [first]);
  const page = await bob.get(`/api/rooms/${id}/history?per_page=1&page=2`);
  assert.deepEqual([page.body.versions[0].version, page.body.pagination.pages], [first, 3]);
  refused(await bob.get(`/api/rooms/${id}/history?from=x`), 400);
  close();
});

test('a version: its text and who typed each character', async () => {
  const { ada, bob, id, whole, yjs, note, texts, close } = await session();
  await note(whole, whole.send('aaaa', whole.version));
  await note(yjs, yjs.edit(2, 0, 'BB'));
  const last = await note(whole, whole.send('aaBBaaA', whole.version));
  for (const [version, text] of texts) {
    const reply = await bob.get(`/api/rooms/${id}/history/${version}`);
    assert.equal(reply.status, 200, reply.what);
    assert.deepEqual([reply.body.version, reply.body.content], [version, text]);
  }
  const { body } = await bob.get(`/api/rooms/${id}/history/${last}`);
  assert.deepEqual(body.attribution, [
    { index: 0, length: 2, user_id: ada.id }, { index: 2, length: 2, user_id: bob.id }, { index: 4, length: 3, user_id: ada.id }]);
  assert.deepEqual(body.authors.map((a) => [a.user_id, a.user_name]).sort(), [[ada.id, 'Ada'], [bob.id, 'Bob']].sort());
  assert.deepEqual([body.user_id, body.user_name], [ada.id, 'Ada']);
  refused(await bob.get(`/api/rooms/${id}/history/${last + 1}`), 404, 'Version not found');
  refused(await bob.get(`/api/rooms/${id}/history/0`), 404, 'Version not found');
  refused(await bob.get(`/api/rooms/${id}/history/x`), 404, 'Version not found');
  close();
});

describe('going back', () => {
  test('is an edit that everybody gets; nothing is lost by it', async () => {
    const { ada, bob, id, whole, yjs, note, close } = await session();
    const good = await note(whole, whole.send('line one\nline two\nline three\n', whole.version));
    const bad = await note(yjs, yjs.edit(0, yjs.text.length, 'all gone'));
    refused(await bob.post(`/api/rooms/${id}/history/${good}/restore`), 403);
    const reply = await ada.post(`/api/rooms/${id}/history/${good}/restore`);
    assert.equal(reply.status, 200, reply.what);
    assert.ok(reply.body.version > bad && reply.body.message);
    assert.equal(reply.body.content, 'line one\nline two\nline three\n');
    assert.equal(await converge([whole, yjs], (text) => text === reply.body.content), reply.body.content);
    assert.equal((await bob.get(`/api/rooms/${id}/history/${bad}`)).body.content, 'all gone');
    const { versions } = (await bob.get(`/api/rooms/${id}/history`)).body;
    assert.deepEqual([versions[0].kind, versions[0].user_id, versions[0].version], ['restore', ada.id, reply.body.version]);
    // Once more changes nothing, and is no version.
    assert.equal((await ada.post(`/api/rooms/${id}/history/${good}/restore`)).body.version, reply.body.version);
    refused(await ada.post(`/api/rooms/${id}/history/${reply.body.version + 1}/restore`), 404, 'Version not found');
    close();
  });

  test('leaves alone what is the same: a place in the text stays where it was', async () => {
    const { ada, id, whole, yjs, note, close } = await session();
    const good = await note(whole, whole.send('keep this\nchange this\nkeep that\n', whole.version));
    await note(yjs, yjs.edit(10, 11, 'CHANGED'));
    const { createRelativePositionFromTypeIndex, createAbsolutePositionFromRelativePosition } = (await import('./clients.mjs')).Y;
    const cursor = createRelativePositionFromTypeIndex(yjs.content, yjs.text.indexOf('that'));
    await ada.post(`/api/rooms/${id}/history/${good}/restore`);
    const text = await converge([whole, yjs], (text) => text.includes('change this'));
    assert.equal(createAbsolutePositionFromRelativePosition(cursor, yjs.doc).index, text.indexOf('that'));
    close();
  });

  test('while others type: what they type stays', async () => {
    const { ada, id, whole, yjs, note, close } = await session();
    const good = await note(whole, whole.send('the good old text\n', whole.version));
    await note(yjs, yjs.edit(4, 4, 'bad new'));
    const typing = [];
    const restoring = ada.post(`/api/rooms/${id}/history/${good}/restore`);
    for (let i = 0; i < 20; i++) typing.push(yjs.append(`<${i}>`));
    assert.equal((await restoring).status, 200);
    await Promise.all(typing);
    await yjs.append('and on');
    await converge([whole, yjs], (text) => text.startsWith('the good old text\n') && text.endsWith('and on'));
    close();
  });

  test('a moderator may, too', async () => {
    const { ada, bob, id, whole, note, close } = await session();
    const good = await note(whole, whole.send('good', whole.version));
    await note(whole, whole.send('bad', whole.version));
    const promoted = await ada.put(`/api/rooms/${id}/participants/${bob.id}`, { role: 'moderator' });
    assert.equal(promoted.status, 200, promoted.what);
    const reply = await bob.post(`/api/rooms/${id}/history/${good}/restore`);
    assert.deepEqual([reply.status, reply.body.content], [200, 'good']);
    assert.equal((await ada.get(`/api/rooms/${id}/history`)).body.versions[0].user_id, bob.id);
    close();
  });

  test('works when nobody is in the room', async () => {
    const { ada, id, whole, note, close } = await session();
    const good = await note(whole, whole.send('before', whole.version));
    await note(whole, whole.send('after', whole.version));
    close();
    const reply = await ada.post(`/api/rooms/${id}/history/${good}/restore`);
    assert.equal(reply.body.content, 'before');
    const back = await ada.enter(id);
    assert.deepEqual([back.joined.current_content, back.joined.content_version], ['before', reply.body.version]);
    back.close();
  });
});

test('the replay plays the session: edits, runs and chat on one timeline', async () => {
  const { ada, bob, id, whole, yjs, note, texts, close } = await session();
  await note(whole, whole.send('print(1)', whole.version));
  await bob.post(`/api/chat/room/${id}/messages`, { content: 'shall I run it?' });
  const gone = await bob.post(`/api/chat/room/${id}/messages`, { content: 'taken back' });
  await bob.delete(`/api/chat/messages/${gone.body.data.id}`);
  const started = whole.peer.next('execution_completed', undefined, 60_000);
  const run = await ada.post('/api/execution/submit', { room_id: id, language: 'javascript', source_code: 'console.log(42)' });
  assert.equal(run.status, 201, run.what);
  const completed = await started;
  await note(yjs, yjs.append(' // ran'));

  const reply = await bob.get(`/api/rooms/${id}/replay`);
  assert.equal(reply.status, 200, reply.what);
  assert.match(reply.headers.get('content-type'), /^application\/x-ndjson/);
  const [head, ...lines] = reply.text.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual([head.room_id, head.base_version, head.base_content, head.truncated], [id, 0, '', false]);
  assert.deepEqual(head.users.map((u) => u.name).sort(), ['Ada', 'Bob']);
  const who = (index) => head.users[index].id;
  let text = head.base_content;
  let time = 0;
  for (const line of lines) {
    assert.ok(line[0] >= time, 'time goes on');
    time = line[0];
    if (line[1] !== 'e') continue;
    const [, , version, , edits] = line;
    for (const [index, deleted, inserted] of [...edits].reverse()) text = text.slice(0, index) + inserted + text.slice(index + deleted);
    assert.equal(text, texts.get(version), `the film at version ${version}`);
  }
  assert.equal(text, whole.text);
  const kinds = lines.map((line) => line[1]).join('');
  assert.match(kinds, /^eecrre$|^eecrr?e?r?e$/);
  const runs = lines.filter((line) => line[1] === 'r');
  assert.deepEqual(runs.map((line) => [line[2], who(line[3]), line[4]]), [[run.body.execution_id, ada.id, 'javascript'], [run.body.execution_id, ada.id, 'javascript']]);
  assert.deepEqual([runs[0][5], runs[1][5]], ['running', completed.status]);
  if (completed.status === 'completed') assert.equal(runs[1][6].trim(), '42');
  const said = lines.filter((line) => line[1] === 'c');
  assert.deepEqual(said.map((line) => [who(line[2]), line[4]]), [[bob.id, 'shall I run it?']]);
  close();
});

test('who reads the past too often is told to wait; others are not', async () => {
  const { ada, bob, id, close } = await session();
  // A film counts five times; thirty may be asked for at once, and three more a second.
  const replies = await Promise.all(Array.from({ length: 14 }, () => ada.get(`/api/rooms/${id}/replay`)));
  const limited = replies.filter((reply) => reply.status === 429);
  assert.ok(limited.length > 0 && limited.length <= 8, replies.map((reply) => reply.status).join());
  for (const reply of limited) {
    refused(reply, 429, 'Rate limit exceeded');
    assert.ok(Number(reply.headers.get('retry-after')) > 0, 'retry-after');
  }
  assert.equal((await bob.get(`/api/rooms/${id}/history`)).status, 200);
  close();
});

test('a long session: pages, versions and the film stay right over snapshots and checkpoints', async (t) => {
  const { ada, bob, id, whole, texts, note, close } = await session();
  await note(whole, whole.send('', whole.version));
  close();
  // Beyond a snapshot (500 edits) and a checkpoint (2,000); each typist stays below what one may send at once.
  const expected = new Map(texts);
  const typists = await guests(server, ...'ABCDEFG');
  let text = '';
  for (const typist of typists) {
    const client = await YjsClient.enter(typist, id);
    const done = [];
    for (let i = 0; i < 350; i++) {
      const sent = client.append(typist.name);
      const after = client.text;
      done.push(sent.then((answer) => {
        assert.equal(answer.ok, true, JSON.stringify(answer));
        expected.set(answer.version, after);
      }));
    }
    await within(Promise.all(done), 'acknowledged', 60_000);
    text = client.text;
    client.close();
  }
  const total = 2 + 7 * 350;
  const { body } = await bob.get(`/api/rooms/${id}/history?per_page=200&page=5`);
  assert.deepEqual([body.versions.length, body.pagination.total, body.last_version], [200, total, total]);
  assert.ok(body.versions.every((version) => version.inserted === 1 && version.deleted === 0));
  for (const version of [3, 499, 501, 1_234, 2_001, 2_250, total]) {
    const reply = await bob.get(`/api/rooms/${id}/history/${version}`);
    assert.equal(reply.body.content, expected.get(version), reply.what.slice(0, 100));
  }
  const { attribution } = (await ada.get(`/api/rooms/${id}/history/${total}`)).body;
  assert.deepEqual(attribution, typists.map((typist, i) => ({ index: i * 350, length: 350, user_id: typist.id })));
  const film = (await ada.get(`/api/rooms/${id}/replay`)).text.trimEnd().split('\n').map((line) => JSON.parse(line)).slice(1);
  let played = '';
  for (const [, , , , edits] of film) for (const [index, deleted, inserted] of [...edits].reverse()) played = played.slice(0, index) + inserted + played.slice(index + deleted);
  assert.equal(played, text);
  t.diagnostic(`${film.length} edits`);
});

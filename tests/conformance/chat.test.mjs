// Chat over REST, and how it reaches the room's sockets.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { guests } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, listOf, match, message, ok, pagination, refused, string } from './shapes.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

async function room() {
  const [ada, bob, eve] = await guests(server, 'Ada', 'Bob', 'Eve');
  const { id } = await ada.room();
  await bob.post(`/api/rooms/${id}/join`);
  return { ada, bob, eve, id, path: `/api/chat/room/${id}/messages` };
}

const said = async (person, path, content, extra) => ok(await person.post(path, { content, ...extra }), { message: string, data: message }, 201).data;

test('a message is stored, answered and read back', async () => {
  const { ada, bob, id, path } = await room();
  const data = await said(ada, path, 'Hello <b>&amp; 👋\nworld');
  assert.deepEqual([data.content, data.message_type, data.is_edited, data.reply_to, data.user_id, data.room_id, data.user_name, data.edited_at],
    ['Hello <b>&amp; 👋\nworld', 'text', false, null, ada.id, id, 'Ada', null]);
  const reply = await said(bob, path + '/', 'and back', { message_type: 'code', reply_to: data.id });
  assert.deepEqual([reply.message_type, reply.reply_to], ['code', data.id]);
  for (const slash of ['', '/']) {
    const page = ok(await bob.get(path + slash), { messages: listOf(message), pagination });
    assert.deepEqual(page.messages.map((m) => m.id), [data.id, reply.id]);
    assert.deepEqual(page.pagination, { ...page.pagination, page: 1, per_page: 50, total: 2, pages: 1, has_next: false, has_prev: false });
  }
});

test('pages come from the newest, each in time order', async () => {
  const { ada, path } = await room();
  const ids = [];
  for (let i = 0; i < 7; i++) ids.push((await said(ada, path, `message ${i}`)).id);
  const page = async (n) => ok(await ada.get(`${path}?per_page=3&page=${n}`), { messages: listOf(message), pagination });
  const [first, second, third, fourth] = [await page(1), await page(2), await page(3), await page(4)];
  assert.deepEqual([first, second, third, fourth].map((p) => p.messages.map((m) => ids.indexOf(m.id))), [[4, 5, 6], [1, 2, 3], [0], []]);
  assert.deepEqual([first.pagination.has_next, first.pagination.has_prev, first.pagination.pages, first.pagination.total], [true, false, 3, 7]);
  assert.deepEqual([third.pagination.has_next, third.pagination.has_prev], [false, true]);
  assert.equal((await ada.get(`${path}?per_page=1000`)).body.pagination.per_page, 100);
});

test('messages are validated', async () => {
  const { ada, path, id } = await room();
  for (const content of [undefined, null, '', '   ', 'x'.repeat(1001), 7, {}, []]) refused(await ada.post(path, { content }), 400);
  refused(await ada.post(path, { content: 'x', message_type: 'shout' }), 400);
  refused(await ada.post(path, { content: 'x', reply_to: randomUUID() }), 400, 'Parent message not found');
  const elsewhere = await ada.room();
  const foreign = await said(ada, `/api/chat/room/${elsewhere.id}/messages`, 'elsewhere');
  refused(await ada.post(path, { content: 'x', reply_to: foreign.id }), 400, 'Parent message not found');
  assert.equal((await said(ada, path, 'x'.repeat(1000))).content.length, 1000);
  assert.equal((await ada.get(path)).body.pagination.total, 1, id);
});

test('strangers neither read nor write', async () => {
  const { eve, path, id } = await room();
  refused(await eve.get(path), 403);
  refused(await eve.post(path, { content: 'let me in' }), 403);
  refused(await eve.get(`/api/chat/room/${id}/search?q=hello`), 403);
  refused(await eve.get(`/api/chat/room/${randomUUID()}/messages`), [403, 404]);
});

test('only the author edits', async () => {
  const { ada, bob, eve, path } = await room();
  const data = await said(bob, path, 'teh');
  const edited = ok(await bob.put(`/api/chat/messages/${data.id}`, { content: 'the' }), { message: string, data: message }).data;
  assert.deepEqual([edited.id, edited.content, edited.is_edited, typeof edited.edited_at], [data.id, 'the', true, 'string']);
  refused(await ada.put(`/api/chat/messages/${data.id}/`, { content: 'owner edits' }), 403);
  refused(await eve.put(`/api/chat/messages/${data.id}`, { content: 'stranger edits' }), [403, 404]);
  refused(await bob.put(`/api/chat/messages/${data.id}`, { content: '' }), 400);
  refused(await bob.put(`/api/chat/messages/${data.id}`, { content: 'x'.repeat(1001) }), 400);
  refused(await bob.put(`/api/chat/messages/${randomUUID()}`, { content: 'nothing' }), 404);
  refused(await bob.put('/api/chat/messages/nonsense', { content: 'nothing' }), [400, 404]);
  assert.equal((await ada.get(path)).body.messages[0].content, 'the');
});

test('the author and the owner delete, leaving a mark', async () => {
  const { ada, bob, eve, path } = await room();
  const [byBob, byBob2, byAda] = [await said(bob, path, 'one'), await said(bob, path, 'two'), await said(ada, path, 'three')];
  refused(await bob.delete(`/api/chat/messages/${byAda.id}`), 403);
  refused(await eve.delete(`/api/chat/messages/${byAda.id}`), [403, 404]);
  ok(await bob.delete(`/api/chat/messages/${byBob.id}`), { message: string });
  ok(await ada.delete(`/api/chat/messages/${byBob2.id}/`), { message: string });
  const { messages } = (await bob.get(path)).body;
  assert.deepEqual(messages.map((m) => [m.id, m.content, m.message_type]), [
    [byBob.id, '[Message deleted]', 'system'], [byBob2.id, '[Message deleted]', 'system'], [byAda.id, 'three', 'text']]);
  refused(await bob.put(`/api/chat/messages/${byBob.id}`, { content: 'undo' }), [400, 403, 404]);
  refused(await bob.delete(`/api/chat/messages/${randomUUID()}`), 404);
  assert.ok(!(await bob.get(path)).text.includes('"one"'));
});

test('search finds what contains the words', async () => {
  const { ada, bob, path, id } = await room();
  for (const content of ['alpha beta', '100% sure', 'beta gamma', 'nothing', 'a_b']) await said(ada, path, content);
  const search = async (q, extra = '') => ok(await bob.get(`/api/chat/room/${id}/search?q=${encodeURIComponent(q)}${extra}`), { messages: listOf(message), query: exactly(q), pagination });
  assert.deepEqual((await search('beta')).messages.map((m) => m.content).sort(), ['alpha beta', 'beta gamma']);
  assert.deepEqual((await search('0%')).messages.map((m) => m.content), ['100% sure']);
  assert.deepEqual((await search('a_b')).messages.map((m) => m.content), ['a_b']);
  assert.deepEqual((await search('zzz')).messages, []);
  const paged = await search('beta', '&per_page=1&page=2');
  assert.deepEqual([paged.messages.length, paged.pagination.total, paged.pagination.pages, paged.pagination.has_prev], [1, 2, 2, true]);
  for (const q of ['', 'a']) refused(await bob.get(`/api/chat/room/${id}/search?q=${q}`), 400);
  refused(await bob.get(`/api/chat/room/${id}/search/`), 400);
  const gone = (await search('nothing')).messages[0];
  await ada.delete(`/api/chat/messages/${gone.id}`);
  assert.deepEqual((await search('nothing')).messages, [], 'deleted text is found');
});

test('what is said, edited and deleted over REST reaches the room\'s sockets', async () => {
  const { ada, bob, path, id } = await room();
  const peers = [await ada.enter(id), await bob.enter(id)];
  const data = await said(bob, path, 'over REST');
  for (const peer of peers) assert.equal(match(await peer.next('new_message'), message).id, data.id);
  await bob.put(`/api/chat/messages/${data.id}`, { content: 'edited' });
  for (const peer of peers) {
    const updated = match(await peer.next('message_updated'), { id: exactly(data.id), content: exactly('edited'), is_edited: exactly(true) });
    assert.equal(updated.room_id, id);
  }
  await bob.delete(`/api/chat/messages/${data.id}`);
  for (const peer of peers) {
    const deleted = await peer.next('message_deleted');
    assert.ok(deleted.id === data.id || deleted.message_id === data.id, JSON.stringify(deleted));
    peer.close();
  }
});

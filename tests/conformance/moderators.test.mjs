// Moderators: who may make one, what one may do, and that whoever is put out loses the room at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { guests } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { exactly, match, ok, refused, text } from './shapes.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

async function world(fields) {
  const [owner, mia, bob, eve] = await guests(server, 'Owner', 'Mia', 'Bob', 'Eve');
  const { id } = await owner.room(fields);
  for (const person of [mia, bob]) assert.equal((await person.post(`/api/rooms/${id}/join`, { password: fields?.password })).status, 200);
  const path = (person) => `/api/rooms/${id}/participants/${person.id}`;
  const role = async (person) => (await owner.get(`/api/rooms/${id}/participants`)).body.participants.find((p) => p.user_id === person.id)?.role;
  return { owner, mia, bob, eve, id, path, role };
}

test('the owner makes moderators and takes it back; everybody hears of it', async () => {
  const { owner, mia, bob, eve, id, path, role } = await world();
  const peer = await bob.enter(id);
  ok(await owner.put(path(mia), { role: 'moderator' }), { message: text, user_id: exactly(mia.id), role: exactly('moderator') });
  match(await peer.next('participant_updated'), { room_id: exactly(id), user_id: exactly(mia.id), role: exactly('moderator') });
  assert.equal(await role(mia), 'moderator');
  const said = (await bob.post(`/api/chat/room/${id}/messages`, { content: 'rude words' })).body.data.id;
  assert.equal((await mia.delete(`/api/chat/messages/${said}`)).status, 200, 'a moderator may delete');

  ok(await owner.put(`${path(mia)}/`, { role: 'participant' }), {});
  assert.equal((await peer.next('participant_updated')).role, 'participant');
  const again = (await bob.post(`/api/chat/room/${id}/messages`, { content: 'rude words' })).body.data.id;
  refused(await mia.delete(`/api/chat/messages/${again}`), 403);

  for (const person of [mia, bob, eve]) refused(await person.put(path(bob), { role: 'moderator' }), 403);
  refused(await owner.put(path(owner), { role: 'participant' }), 400);
  refused(await owner.put(path(eve), { role: 'moderator' }), 404);
  refused(await owner.put(`/api/rooms/${id}/participants/nonsense`, { role: 'moderator' }), 404);
  for (const wrong of ['owner', 'admin', '', null, 7, undefined]) refused(await owner.put(path(mia), { role: wrong }), 400);
  peer.close();
});

test('whoever is put out loses the room at once, on every socket and over REST', async () => {
  const { owner, mia, bob, id, path, role } = await world({ is_private: true, password: 'sesame' });
  const [o, first, second] = [await owner.enter(id), await bob.enter(id), await bob.enter(id)];
  await owner.put(path(mia), { role: 'moderator' });
  ok(await mia.delete(path(bob)), { message: text });
  for (const peer of [first, second]) match(await peer.next('kicked'), { room_id: exactly(id), message: text });
  assert.equal((await o.next('participant_removed')).user_id, bob.id);
  assert.equal((await o.next('user_left', (e) => e.user_id === bob.id)).room_id, id);
  assert.equal(await role(bob), undefined);

  const refusal = await first.ask('send_message', { content: 'still here?' });
  assert.equal(refusal.ok, false);
  assert.equal((await first.ask('code_change', { content: 'mine', version: 0 })).ok, false);
  refused(await bob.get(`/api/rooms/${id}/participants`), 403);
  refused(await bob.get(`/api/chat/room/${id}/messages`), 403);
  await owner.post(`/api/chat/room/${id}/messages`, { content: 'among us' });
  await o.next('new_message', (m) => m.content === 'among us');
  await second.ask('send_message', { content: 'x' });
  assert.deepEqual([...first.left('new_message'), ...second.left('new_message')], [], 'nothing more reaches them');
  // Back only as everybody comes: with the password.
  refused(await bob.post(`/api/rooms/${id}/join`, {}), 401);
  assert.equal((await bob.post(`/api/rooms/${id}/join`, { password: 'sesame' })).status, 200);
  [o, first, second].forEach((p) => p.close());
});

test('moderators put out participants, not each other and not the owner', async () => {
  const { owner, mia, bob, eve, path } = await world();
  refused(await bob.delete(path(mia)), 403);
  refused(await eve.delete(path(mia)), 403);
  await owner.put(path(mia), { role: 'moderator' });
  await owner.put(path(bob), { role: 'moderator' });
  refused(await mia.delete(path(bob)), 403);
  refused(await mia.delete(path(owner)), 400);
  refused(await owner.delete(path(owner)), 400);
  refused(await owner.delete(path(eve)), 404);
  ok(await owner.delete(path(bob)), { message: text });
  // What somebody was does not come back with them.
  await bob.post(path(bob).replace(/participants.*/, 'join'), {});
  refused(await bob.delete(path(mia)), 403);
});

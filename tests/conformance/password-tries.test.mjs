// Guessing a room's password: ten tries, and neither the end of the room's activation nor of the process gives ten more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { guests } from './clients.mjs';
import { ServerProcess } from './server.mjs';
import { refused } from './shapes.mjs';

let server;
before(async () => { server = await new ServerProcess().start(); });
after(() => server?.dispose());

test('a restart forgives no wrong password', async () => {
  const [owner, mallory, bob] = await guests(server, 'Owner', 'Mallory', 'Bob');
  const { id } = await owner.room({ is_private: true, password: 'sesame' });
  const join = (person, password) => person.post(`/api/rooms/${id}/join`, { password });
  for (let i = 0; i < 10; i++) refused(await join(mallory, `guess ${i}`), 401, 'Invalid password');
  refused(await join(mallory, 'sesame'), 429);

  await server.kill9();
  await server.start();
  const still = await join(mallory, 'sesame');
  refused(still, 429);
  assert.ok(Number(still.headers.get('retry-after')) > 0);
  // Others are not held up by it, and the right password is.
  assert.equal((await join(bob, 'sesame')).status, 200);
});

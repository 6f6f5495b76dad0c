// Whoever opens a room, or changes its language, will run something before long: the server has a box waiting by then.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { guest } from './clients.mjs';
import { ServerProcess } from './server.mjs';

const skip = process.arch !== 'x64' ? 'boxes are prepared on x86-64 only'
  : !process.env.CI && !(process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/bwrap`))
    ? 'bubblewrap is not installed: apt-get install -y --no-install-recommends bubblewrap' : false;

/** The programs for which a child of the server waits, by their file's name. */
function waiting(server) {
  const files = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
      if (parent === server.pid && line.includes('/.gate')) files.push(line[line.indexOf('/.gate') + 2].slice(1));
    } catch {
      // It ended while it was looked at.
    }
  }
  return files;
}

async function until(condition, what) {
  for (const end = Date.now() + 30_000; !condition(); await pause(20)) assert.ok(Date.now() < end, what());
}

describe('a box waits for the first program', { skip }, () => {
  let server;
  before(async () => { server = await new ServerProcess().start(); });
  after(() => server?.stop());

  test('of whoever opens a room, in its language, and again when that changes', async (t) => {
    const ada = await guest(server, 'Ada');
    // Until its self-test is through the sandbox prepares nothing.
    const ready = /Sandbox ready \((\w+)\): (.*)/;
    await until(() => ready.test(server.logs), () => server.logs);
    const [, limits, languages] = server.logs.match(ready);
    if (limits === 'Rlimits') return t.skip('boxes are prepared with control groups only');
    if (!/python/.test(languages) || !/javascript/.test(languages)) return t.skip(`no Python or no JavaScript here: ${languages}`);
    const { id } = await ada.room({ language: 'python' });
    assert.deepEqual(waiting(server), []);
    const peer = await ada.enter(id);
    await until(() => waiting(server).includes('/box/main.py'), () => `for Python: ${waiting(server)}`);
    assert.equal((await ada.put(`/api/rooms/${id}`, { language: 'javascript' })).status, 200);
    await until(() => waiting(server).includes('/box/main.js'), () => `for JavaScript: ${waiting(server)}`);
    // The next person finds it there.
    const before = waiting(server).length;
    const bob = await guest(server, 'Bob');
    await bob.post(`/api/rooms/${id}/join`);
    const second = await bob.enter(id);
    await second.barrier();
    assert.equal(waiting(server).length, before);
    peer.close();
    second.close();
  });
});

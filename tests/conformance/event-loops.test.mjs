// The suites about sockets once more against a server whose connections are carried by the event loops (Server:EventLoops).
// CODECHILL_EVENT_LOOPS=1 runs any suite so.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));

test('protocol, sockets and y-websocket pass on the event loops', async () => {
  const server = new ServerProcess({ env: { Server__EventLoops: 'true' } });
  try {
    await server.start();
    const { NODE_TEST_CONTEXT, CODECHILL_LOG, ...env } = process.env;
    const child = spawn(process.execPath, ['--test', '--test-reporter', 'tap', '--test-concurrency', '1', 'protocol.test.mjs', 'sockets.test.mjs', 'y-websocket.test.mjs'],
      { cwd: here, env: { ...env, CODECHILL_URL: server.url }, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { output += text; });
    const [code] = await once(child, 'close');
    assert.equal(code, 0, output.slice(-8000));
    assert.match(output, /# pass [1-9]\d/);
    assert.ok(server.alive);
    assert.deepEqual(server.logs.split('\n').filter((line) => /unhandled|unobserved/i.test(line)), []);
  } finally {
    await server.dispose();
  }
});

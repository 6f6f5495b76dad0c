// deploy/nginx/codechill.conf, as it is, in a real nginx in front of a real server: REST, sockets, big bodies, and who is believed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Api, guest, transports } from './clients.mjs';
import { ServerProcess, freePort, root } from './server.mjs';
import { refused } from './shapes.mjs';

const nginx = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
const skip = nginx ? false : 'nginx is not installed: apt-get install -y --no-install-recommends nginx-light';
const deploy = join(root, 'deploy/nginx');

/** An nginx of our own: a private folder, a free port, and the shipped configuration with nothing but addresses changed. */
class Nginx {
  static async start(serverPort) {
    const self = new Nginx();
    self.port = await freePort();
    self.folder = mkdtempSync(join(tmpdir(), 'codechill-nginx-'));
    for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(self.folder, name));
    const upstream = join(self.folder, 'upstream.conf');
    writeFileSync(upstream, swap(readFileSync(join(deploy, 'upstream.conf'), 'utf8'), '127.0.0.1:5000', `127.0.0.1:${serverPort}`));
    let site = readFileSync(join(deploy, 'codechill.conf'), 'utf8');
    site = swap(site, '/etc/nginx/codechill-upstream.conf', upstream);
    site = swap(site, 'listen 80;', `listen 127.0.0.1:${self.port};`);
    site = swap(site, 'listen [::]:80;', '');
    writeFileSync(join(self.folder, 'site.conf'), site);
    writeFileSync(join(self.folder, 'nginx.conf'), `
      ${process.getuid() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${self.folder}/pid; error_log ${self.folder}/error.log warn;
      events { worker_connections 512; }
      http {
        access_log ${self.folder}/access.log; client_body_temp_path ${self.folder}/body; proxy_temp_path ${self.folder}/proxy;
        fastcgi_temp_path ${self.folder}/fastcgi; uwsgi_temp_path ${self.folder}/uwsgi; scgi_temp_path ${self.folder}/scgi;
        include ${self.folder}/site.conf;
      }`);
    const args = ['-p', self.folder, '-c', join(self.folder, 'nginx.conf'), '-e', join(self.folder, 'error.log')];
    const checked = spawnSync(nginx, ['-t', ...args], { encoding: 'utf8' });
    assert.equal(checked.status, 0, checked.stderr);
    self.child = spawn('setpriv', ['--pdeathsig', 'TERM', nginx, ...args], { stdio: 'ignore' });
    for (let tries = 0; tries < 200; tries++) {
      if ((await fetch(`${self.url}/health/live`).catch(() => undefined))?.status === 200) return self;
      await pause(50); // the only way to learn that another process listens
    }
    throw new Error('nginx did not come up: ' + self.errors());
  }

  get url() { return `http://127.0.0.1:${this.port}`; }
  errors() { return readFileSync(join(this.folder, 'error.log'), 'utf8'); }

  async stop() {
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function swap(text, from, to) {
  assert.ok(text.includes(from), `the configuration has no ${from}`);
  return text.replaceAll(from, to);
}

/** One request from an address of our own choice (all of 127.0.0.0/8 is this machine). */
function from(localAddress, url, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { localAddress, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end();
  });
}

let server, proxy;
before(async () => {
  if (skip) return;
  server = await new ServerProcess({ env: { TRUSTED_PROXIES: '127.0.0.1' } }).start();
  proxy = await Nginx.start(server.port);
});
after(async () => {
  await proxy?.stop();
  await server?.dispose();
});

test('REST passes, with the answers unchanged', { skip }, async () => {
  const direct = await new Api(server.url).get('/api');
  const passed = await new Api(proxy.url).get('/api');
  assert.equal(passed.status, 200);
  assert.deepEqual(passed.body, direct.body);
  assert.equal(passed.headers.get('content-security-policy'), direct.headers.get('content-security-policy'));
  refused(await new Api(proxy.url).get('/api/nothing'), 404);
  refused(await new Api(proxy.url).get('/api/rooms'), 401);
});

for (const [name, options] of Object.entries(transports)) {
  test(`two people type through it: ${name}`, { skip }, async () => {
    const through = { url: proxy.url };
    const [ada, bob] = [await guest(through, 'Ada'), await guest(through, 'Bob')];
    const room = await ada.room();
    const one = await ada.enter(room.id, options);
    const two = await bob.enter(room.id, options);
    const heard = two.next('code_updated');
    const ack = await one.ask('code_change', { content: 'typed behind a proxy', version: one.joined.content_version });
    assert.equal(ack.ok, true, JSON.stringify(ack));
    assert.equal((await heard).content, 'typed behind a proxy');
    if (name !== 'polling only') assert.equal(one.socket.io.engine.transport.name, 'websocket');
    one.close();
    two.close();
  });
}

test('a body as long as a program may be reaches the server; a longer one is refused', { skip }, async () => {
  const ada = await guest({ url: proxy.url }, 'Ada');
  const long = await ada.post('/api/rooms', JSON.stringify({ name: 'Room', description: 'y'.repeat(1_900_000) }));
  refused(long, 400, /Description/);
  const tooLong = await ada.post('/api/rooms', JSON.stringify({ name: 'Room', description: 'y'.repeat(3_000_000) })).catch((failure) => failure);
  if (tooLong instanceof Error) assert.match(String(tooLong.cause), /EPIPE|ECONNRESET|other side closed/);
  else assert.equal(tooLong.status, 413);
});

test('an export streams through', { skip }, async () => {
  const ada = await guest({ url: proxy.url }, 'Ada');
  const reply = await ada.get('/api/users/export');
  assert.equal(reply.status, 200, reply.what);
  assert.equal(reply.body.user.id, ada.id);
});

test('metrics stay inside', { skip }, async () => {
  assert.equal((await fetch(`${proxy.url}/metrics`)).status, 404);
  assert.equal((await fetch(`${server.url}/metrics`)).status, 200);
});

test('an upgrade of /yjs reaches the server as an upgrade', { skip }, async () => {
  const [status, text] = await new Promise((resolve, reject) => {
    const sent = request(`${proxy.url}/yjs/0198c0de-0000-7000-8000-000000000001?token=none`, {
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    });
    sent.on('upgrade', (response, socket) => { socket.destroy(); resolve([response.statusCode, '']); });
    sent.on('response', (response) => { let body = ''; response.on('data', (d) => { body += d; }).on('end', () => resolve([response.statusCode, body])); });
    sent.on('error', reject).end();
  });
  assert.doesNotMatch(text, /nginx/);
  assert.ok([101, 401, 403, 404].includes(status), `${status} ${text}`);
});

test('who a client is, nginx says and not the client', { skip }, async () => {
  const strict = await new ServerProcess({ env: { TRUSTED_PROXIES: '127.0.0.1', Limits__AddressBurst: '8', Limits__AddressPerSecond: '1' } }).start();
  const front = await Nginx.start(strict.port);
  try {
    // A made-up address for every request: all of them count for the real one.
    const made = [];
    for (let i = 0; i < 40; i++) made.push(await from('127.0.0.1', `${front.url}/api`, { 'x-forwarded-for': `192.0.2.${i}`, forwarded: `for=192.0.2.${i}`, 'x-real-ip': `192.0.2.${i}` }));
    assert.ok(made.filter((status) => status === 429).length >= 10, `a made-up address got past the limit: ${made}`);
    // Another real address has a bucket of its own.
    assert.equal(await from('127.0.0.9', `${front.url}/api`), 200);
    // Past the proxy, only a trusted address may speak for others: 127.0.0.1 may, 127.0.0.9 may not.
    const direct = [];
    for (let i = 0; i < 40; i++) direct.push(await from('127.0.0.9', `${strict.url}/api`, { 'x-forwarded-for': `198.51.100.${i}` }));
    assert.ok(direct.filter((status) => status === 429).length >= 10, `an untrusted address spoke for others: ${direct}`);
    for (let i = 0; i < 20; i++) assert.equal(await from('127.0.0.1', `${strict.url}/api`, { 'x-forwarded-for': `203.0.113.${i}` }), 200);
  } finally {
    await front.stop();
    await strict.dispose();
  }
});

test('nginx had nothing to complain about', { skip }, () => {
  const lines = proxy.errors().split('\n').filter((line) => line
    && !/client intended to send too large body|request body is buffered to a temporary file/.test(line)
    // A client that cut its connection: what it had sent last is not read any more.
    && !/Connection reset by peer\) while proxying upgraded connection/.test(line));
  assert.deepEqual(lines, []);
});

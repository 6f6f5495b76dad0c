// What belongs to no slice: health, the API's description, routes that don't exist, bodies that aren't JSON, trailing slashes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Api, guest } from './clients.mjs';
import { sharedServer } from './server.mjs';
import { anything, match, object, ok, refused, string, text } from './shapes.mjs';

let server, api, ada;
before(async () => {
  server = await sharedServer();
  api = new Api(server.url);
  ada = await guest(server, 'Ada');
});
after(() => server?.dispose());

for (const slash of ['', '/']) {
  test(`GET /health${slash} says what works`, async () => {
    ok(await api.get('/health' + slash), { status: text, version: text, environment: text });
  });

  test(`GET /api${slash} describes the API`, async () => {
    const { body } = await api.get('/api' + slash);
    match(body, { name: text, version: text, description: string, endpoints: anything, features: anything });
    assert.ok(object(body.endpoints) || Array.isArray(body.endpoints));
  });
}

test('a route that does not exist is 404 with an error', async () => {
  refused(await ada.get('/api/nothing-here'), 404);
  refused(await ada.get('/api/rooms/x/y/z'), 404);
});

test('a method that a route does not know is refused with an error', async () => {
  refused(await ada.call('PATCH', '/api/rooms', {}), [404, 405]);
});

for (const [name, body] of Object.entries({
  'half an object': '{"name": "x"',
  'a list': '[1,2]',
  'a string': '"x"',
  'a number': '12345',
  'null': 'null',
  'bytes that are no UTF-8': Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d),
  'deeply nested': '{"name":' + '['.repeat(20_000) + ']'.repeat(20_000) + '}',
  'a wrong type in a field': '{"name": {"x": 1}}',
})) {
  test(`a body that is ${name} is refused with 400`, async () => {
    // Sign-in takes small bodies only, so a long one may be refused for its length.
    for (const path of ['/api/rooms', '/api/auth/guest']) refused(await ada.post(path, body), body.length > 10_000 ? [400, 413] : 400);
  });
}

test('a body over the limit is refused, not read to its end', async () => {
  // The answer may come, or the connection may end, while the rest is still being sent.
  const reply = await ada.post('/api/rooms', JSON.stringify({ name: 'Too long', description: 'y'.repeat(8 << 20) })).catch((failure) => failure);
  if (reply instanceof Error) assert.match(String(reply.cause), /EPIPE|ECONNRESET|other side closed/);
  else refused(reply, [400, 413]);
  assert.deepEqual((await ada.get('/api/rooms/my-rooms')).body.rooms, []);
});

test('a failure carries no stack trace and a machine-readable body', async () => {
  const reply = await ada.get('/api/rooms/not-a-uuid');
  refused(reply, 404);
  assert.match(reply.headers.get('content-type'), /^application\/(problem\+)?json/);
});

test('a foreign origin gets no CORS permission, and its polling handshake is refused', async () => {
  const evil = { headers: { origin: 'https://evil.example' } };
  const reply = await ada.get('/api/rooms', evil);
  assert.notEqual(reply.headers.get('access-control-allow-origin'), '*');
  assert.notEqual(reply.headers.get('access-control-allow-origin'), 'https://evil.example');
  const handshake = await api.get('/socket.io/?EIO=4&transport=polling', evil);
  assert.ok(handshake.status >= 400, handshake.what);
  const own = await api.get('/socket.io/?EIO=4&transport=polling', { headers: { origin: server.url } });
  assert.equal(own.status, 200, own.what);
});

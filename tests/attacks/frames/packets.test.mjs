// Malformed frames, packets and handshakes, by families, hand-picked and mutated: each is answered or closed, and two bystanders notice nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { chance, guest, within } from '../../conformance/clients.mjs';
import { ServerProcess } from '../../conformance/server.mjs';
import { Bystanders } from '../bystanders.mjs';
import { engine, frame, RawPolling, RawSocket, tcp, upgradeRequest, WebSocket } from '../raw.mjs';

const server = new ServerProcess();
let attacker, bystanders;
before(async () => {
  await server.start();
  attacker = await guest(server, 'Mallory');
  bystanders = await Bystanders.start(server);
});
after(() => server.dispose());

/** Resolves when a WebSocket opened or failed to. */
const settled = (ws) => new Promise((resolve) => ['open', 'close', 'error'].forEach((event) => ws.once(event, resolve)));

const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

// What ends a connection on the reference server, after the namespace is joined.
const closing = {
  'unknown engine type': ['9'],
  'letter as engine type': ['x'],
  'empty frame': [''],
  'message without a packet': ['4'],
  'ping from a client': ['2'],
  'unknown packet type': ['47'],
  'unknown packet type 9': ['49["x"]'],
  'event that is an object': ['42{}'],
  'event that is an empty list': ['42[]'],
  'event cut short': ['42["x"'],
  'event with two values': ['42["x"]["y"]'],
  'event name null': ['42[null]'],
  'event name object': ['42[{"a":1}]'],
  'event name list': ['42[["x"]]'],
  'event name boolean': ['42[true]'],
  ...Object.fromEntries(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].map((name) => [`reserved name ${name}`, [`42["${name}"]`]])),
  'disconnect with a payload': ['41{}'],
  'second CONNECT': ['40{}'],
  'CONNECT with a list': ['40/other,[]'],
  'CONNECT_ERROR from a client': ['44{"message":"no"}'],
  'packet for a namespace not joined': ['42/other,["x"]'],
  'ack id that is no number': ['42x["x"]'],
  'negative ack id': ['42-1["x"]'],
  'ack of 400 digits': [`42${'9'.repeat(400)}["x"]`],
  'deep JSON': [`42["x",${nested(10_000)}]`],
  'bad escape': ['42["\\x41"]'],
  'half a surrogate escape': ['42["x","\\ud8"]'],
  'control character in a string': ['42["x","\u0001"]'],
  'NaN': ['42["x",NaN]'],
  'trailing comma': ['42["x",]'],
  'attachments: a thousand million announced': ['451000000000-["x",{"_placeholder":true,"num":0}]'],
  'attachments: eleven': [`4511-["x"${Array.from({ length: 11 }, (_, i) => `,{"_placeholder":true,"num":${i}}`).join('')}]`],
  'attachments: none announced': ['450-["x"]'],
  'attachments: negative': ['45-1-["x"]'],
  'attachments: fraction': ['451.5-["x"]'],
  'attachments: no dash': ['451["x"]'],
  'attachments: no number': ['45-["x"]'],
  'attachments: text while one is awaited': ['451-["x",{"_placeholder":true,"num":0}]', '42["y"]'],
  'placeholder out of range': ['451-["x",{"_placeholder":true,"num":5}]', Buffer.from('a')],
  'placeholder negative': ['451-["x",{"_placeholder":true,"num":-1}]', Buffer.from('a')],
  'placeholder not a number': ['451-["x",{"_placeholder":true,"num":"splice"}]', Buffer.from('a')],
  'binary without a header': [Buffer.from('a')],
  'text over the limit': ['42["x","' + 'a'.repeat(3 << 20) + '"]'],
  'binary over the limit': ['451-["x",{"_placeholder":true,"num":0}]', Buffer.alloc(3 << 20)],
};

// What may be ignored, answered or punished; it must not hurt.
const tolerated = {
  'event "error"': ['42["error",{"message":"x"}]'],
  'event "__proto__"': ['42["__proto__",{"a":1}]', '42["constructor"]', '42["toString",1]'],
  'numeric event name': ['42[7,1]'],
  'event of 100,000 characters': [`42["${'e'.repeat(100_000)}"]`],
  'unknown ack': ['4399[]', '43999999999["x"]'],
  'ack cut short': ['437[', '43'],
  'pong unasked': ['3', '3', '3'],
  'open, upgrade and noop from a client': ['0', '5', '6'],
  'close from a client': ['1'],
  'huge numbers': ['42["code_change",{"content":"x","version":1e400}]', '42["code_change",{"content":"x","version":99999999999999999999999999}]'],
  'unknown event': ['421["no_such_event",{"a":[1,2,3]}]'],
  'unknown namespace': ['40/unknown,'],
  'namespace of 64 KB': [`40/${'n'.repeat(65_536)},`],
  'namespace with NUL and spaces': ['40/a\u0000b ,', '40/../..,'],
  'a thousand namespaces': Array.from({ length: 1000 }, (_, i) => `40/n${i},`),
  'an attachment that never comes': ['451-["x",{"_placeholder":true,"num":0}]'],
  'the same attachment twice': ['451-["doc_update",{"update":{"_placeholder":true,"num":0},"room_id":{"_placeholder":true,"num":0}}]', Buffer.from('a')],
  'ten attachments nobody asked for': [`4510-["x"${Array.from({ length: 10 }, (_, i) => `,{"_placeholder":true,"num":${i}}`).join('')}]`, ...Array(10).fill(Buffer.from('a'))],
  'a thousand events at once': Array.from({ length: 1000 }, (_, i) => `42["cursor_update",{"cursor_position":{"line":${i}}}]`),
  'invalid UTF-8 in a text frame': [[Buffer.from([0x34, 0x32, 0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d]), { binary: false }]],
};

describe('packets over a WebSocket', { concurrency: 4 }, () => {
  for (const [name, frames] of Object.entries(closing)) {
    test(`${name}: the connection ends`, async () => {
      const socket = await RawSocket.open(server.url, attacker.token);
      for (const data of frames) socket.send(data);
      assert.equal(await socket.fate(), 'closed');
    });
  }
  for (const [name, frames] of Object.entries(tolerated)) {
    test(`${name}: nothing happens`, async () => {
      const socket = await RawSocket.open(server.url, attacker.token);
      for (const data of frames) Array.isArray(data) ? socket.send(...data) : socket.send(data);
      // An attachment that is awaited makes the probe itself a fault: both fates are fine, silence is not.
      assert.match(await socket.fate(), /closed|answered/);
      socket.end();
    });
  }

  test('300 mutated packets', async (t) => {
    const dice = chance(t);
    const seeds = ['421["join_room",{"room_id":"a"}]', '42["code_change",{"content":"text","version":1,"cursor_position":{"line":1}}]', '40{"token":"x"}', '4312["ok"]',
      '452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', '42/chat,7["send_message",{"content":"\\u00e9👋"}]', '41', '2probe', '3', '1'];
    const odd = ['"', '{', '}', '[', ']', ',', ':', '-', '/', '\\', '0', '9', '\u0000', '\ud800', '\u2028', 'é', '42', '1e999', '{"_placeholder":true,"num":0}'];
    const fates = { closed: 0, answered: 0 };
    let socket;
    for (let i = 0; i < 300; i++) {
      if (!socket?.open) socket = await RawSocket.open(server.url, attacker.token);
      let packet = dice.pick(seeds);
      for (let n = 1 + dice.below(4); n > 0; n--) {
        const at = dice.below(packet.length + 1);
        const kind = dice.below(4);
        packet = kind === 0 ? packet.slice(0, at) : kind === 1 ? packet.slice(0, at) + dice.pick(odd) + packet.slice(at) : kind === 2 ? packet.slice(0, at) + packet.slice(at + 1) : packet.slice(0, at) + packet.slice(at - 3) ;
      }
      socket.send(dice.below(8) === 0 ? Buffer.from(packet) : packet);
      const fate = await within(socket.fate(), `the fate of ${JSON.stringify(packet)}, seed ${dice.seed}`, 6_000);
      fates[fate]++;
      if (fate === 'closed') socket.end();
    }
    socket.end();
    assert.ok(fates.closed > 20 && fates.answered > 5, `the mutations are too tame or too wild: ${JSON.stringify(fates)}`);
  });
});

describe('before the namespace is joined', { concurrency: 4 }, () => {
  for (const [name, frames] of Object.entries({
    'event before CONNECT': ['42["send_message",{"content":"x"}]'],
    'binary before CONNECT': [Buffer.alloc(1000)],
    'attachments before CONNECT': ['451-["x",{"_placeholder":true,"num":0}]', Buffer.from('a')],
    'ack before CONNECT': ['431["x"]'],
    'CONNECT with a list': ['40[]'],
    'CONNECT with a string': ['40"x"'],
    'CONNECT with deep JSON': [`40{"token":${nested(5_000)}}`],
    'CONNECT with a token of a megabyte': [`40{"token":"${'x'.repeat(900_000)}"}`],
    'CONNECT with a bad token, a hundred times': Array(100).fill('40{"token":"x"}'),
  })) {
    test(`${name}: refused or closed`, async () => {
      const socket = await RawSocket.open(server.url);
      for (const data of frames) socket.send(data);
      const answer = await Promise.race([socket.closed.then(() => 'closed'), socket.until((text) => typeof text === 'string' && text.startsWith('44')).catch(() => 'silence')]);
      assert.ok(answer === false || answer === 'closed' || String(answer).startsWith('44'), String(answer));
      socket.end();
    });
  }
});

describe('handshakes and polling', { concurrency: 4 }, () => {
  for (const [name, query, status, code] of [
    ['no EIO', 'transport=polling', 400, 5],
    ['EIO=3', 'EIO=3&transport=polling', 400, 5],
    ['EIO=abc', 'EIO=abc&transport=polling', 400, 5],
    ['no transport', 'EIO=4', 400, 0],
    ['odd transport', 'EIO=4&transport=carrier-pigeon', 400, 0],
    ['prototype words', 'EIO=4&transport=__proto__', 400, 0],
    ['transport twice', 'EIO=4&transport=polling&transport=websocket', 400],
    ['unknown sid', 'EIO=4&transport=polling&sid=unknown', 400, 1],
    ['prototype sid', 'EIO=4&transport=polling&sid=__proto__', 400, 1],
    ['sid of 10,000 characters', `EIO=4&transport=polling&sid=${'s'.repeat(6_000)}`, 400, 1],
    ['websocket as a plain GET', 'EIO=4&transport=websocket', 400, 3],
  ]) {
    test(`${name} -> ${status}`, async () => {
      const response = await fetch(engine(server.url, query));
      const answer = await response.text();
      assert.equal(response.status, status, answer);
      if (code !== undefined) assert.equal(JSON.parse(answer).code, code, answer);
    });
  }

  test('methods that are none', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await fetch(engine(server.url, 'EIO=4&transport=polling'), { method, body: method === 'DELETE' ? undefined : '40' });
      assert.ok(response.status >= 400 && response.status < 500, `${method} ${response.status}`);
      await response.text();
    }
    const polling = await RawPolling.open(server.url, attacker.token);
    const response = await fetch(polling.address, { method: 'PUT', body: '42["x"]' });
    assert.ok(response.status >= 400 && response.status < 500, `PUT with a sid: ${response.status}`);
  });

  for (const [name, body, headers] of [
    ['empty', ''],
    ['nothing but a separator', '\x1e'],
    ['a trailing separator', '42["x"]\x1e'],
    ['not a packet', 'hello'],
    ['bad base64', 'b!!!'],
    ['binary without a header', 'bAAAA'],
    ['bad JSON', '42["x"'],
    ['octets', Buffer.from([0, 1, 2, 255]), { 'content-type': 'application/octet-stream' }],
    ['a gzip bomb', gzipSync(Buffer.alloc(16 << 20)), { 'content-encoding': 'gzip' }],
    ['over the limit', '42["x","' + 'a'.repeat(3 << 20) + '"]'],
  ]) {
    test(`polling body: ${name}: the session ends or the request is refused`, async () => {
      const polling = await RawPolling.open(server.url, attacker.token);
      const answer = await polling.post(body, headers).catch((failure) => ({ status: 0, failure }));
      if (answer.status >= 400 || answer.status === 0) return;
      const next = await polling.get(3_000).catch((failure) => ({ status: 0, text: String(failure) }));
      // 1 is the close packet: a poll may carry it before the session is forgotten.
      assert.ok(next.status === 400 || next.text.includes('1'), `${answer.status} ${answer.text}, then ${next.status} ${next.text}`);
    });
  }

  test('a thousand packets in one body are taken', async () => {
    const polling = await RawPolling.open(server.url, attacker.token);
    const answer = await polling.post(Array.from({ length: 1000 }, () => '42["leave_room",{}]').join('\x1e'));
    assert.ok([200, 400, 413, 429].includes(answer.status), `${answer.status} ${answer.text}`);
  });

  test('two polls at once: one is refused and the server lives', async () => {
    const polling = await RawPolling.open(server.url, attacker.token);
    await polling.get(300).catch(() => {});
    const [one, two] = await Promise.all([polling.get(4_000), polling.get(4_000)].map((poll) => poll.catch((failure) => ({ status: 0, text: String(failure) }))));
    assert.ok([one, two].some((reply) => reply.status !== 200 || reply.text.includes('1')), JSON.stringify([one, two]));
  });

  test('a body that never ends, a body that is shorter than it said, a request of slow bytes', async () => {
    const polling = await RawPolling.open(server.url, attacker.token);
    const path = polling.address.slice(server.url.length);
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n`;
    await Promise.all([
      tcp(server.url, (socket) => socket.write(head + 'Transfer-Encoding: chunked\r\n\r\n' + '5\r\n42["x\r\n'.repeat(20))),
      tcp(server.url, (socket) => socket.end(head + 'Content-Length: 1000\r\n\r\n42["x"')),
      tcp(server.url, (socket) => socket.write(head + 'Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n')),
      tcp(server.url, (socket) => socket.write('GET /socket.io/?EIO=4&transp')),
      tcp(server.url, (socket) => socket.write(head + 'Content-Length: -5\r\n\r\nx')),
      tcp(server.url, (socket) => socket.write(head + 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n')),
    ]);
  });

  test('2,000 headers, a header of 100 KB, a line of 100 KB, no HTTP at all', async () => {
    const answers = await Promise.all([
      tcp(server.url, (socket) => socket.write(`GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 2000 }, (_, i) => `x-${i}: 1\r\n`).join('')}\r\n`), 3_000),
      tcp(server.url, (socket) => socket.write(`GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`), 3_000),
      tcp(server.url, (socket) => socket.write(`GET /${'y'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`), 3_000),
      tcp(server.url, (socket) => socket.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.repeat(50)), 3_000),
    ]);
    for (const answer of answers.slice(0, 3)) assert.match(answer, /^HTTP\/1\.1 4\d\d/);
  });
});

describe('upgrades', { concurrency: 4 }, () => {
  const upgrading = async (frames) => {
    const polling = await RawPolling.open(server.url, attacker.token);
    const ws = new WebSocket(engine(server.url, `EIO=4&transport=websocket&sid=${polling.sid}`).replace('http', 'ws'));
    ws.on('error', () => {});
    await settled(ws);
    for (const data of frames) if (ws.readyState === WebSocket.OPEN) ws.send(data);
    return { polling, ws };
  };
  for (const [name, frames] of Object.entries({
    'probe twice': ['2probe', '2probe'],
    'upgrade without a probe': ['5'],
    'a packet instead of a probe': ['42["x"]'],
    'binary instead of a probe': [Buffer.from('2probe')],
    'wrong probe': ['2prob'],
    'probe, then garbage': ['2probe', 'xxxx'],
    'probe, upgrade, upgrade': ['2probe', '5', '5'],
  })) {
    test(name, async () => {
      const { polling, ws } = await upgrading(frames);
      // A failed probe leaves polling alive; a broken one may end the session. Both answer.
      const answer = await polling.post('42["leave_room",{}]').catch(() => ({ status: 0 }));
      assert.notEqual(answer.status, 500, answer.text);
      ws.terminate();
    });
  }

  test('an upgrade that is never finished leaves polling alive', async () => {
    const { polling, ws } = await upgrading(['2probe']);
    const answer = await polling.post('42["leave_room",{}]');
    assert.equal(answer.status, 200, answer.text);
    ws.terminate();
  });

  test('a second upgrade of the same session, and one of an unknown session', async () => {
    const { polling, ws } = await upgrading(['2probe', '5']);
    for (const sid of [polling.sid, 'unknown', '', '__proto__']) {
      const second = new WebSocket(engine(server.url, `EIO=4&transport=websocket&sid=${sid}`).replace('http', 'ws'));
      second.on('error', () => {});
      await settled(second);
      second.terminate();
    }
    ws.terminate();
  });

  test('a foreign origin is refused on the WebSocket too', async () => {
    const ws = new WebSocket(engine(server.url, 'EIO=4&transport=websocket').replace('http', 'ws'), { headers: { origin: 'https://evil.example' } });
    const opened = await Promise.race([once(ws, 'open').then(() => true), once(ws, 'error').then(() => false)]).catch(() => false);
    ws.on('error', () => {});
    ws.terminate();
    assert.equal(opened, false);
  });
});

describe('frames of a WebSocket, written by hand', { concurrency: 4 }, () => {
  const text = (payload, rest) => frame({ payload, ...rest });
  for (const [name, frames] of Object.entries({
    'unmasked': [text('42["x"]', { masked: false })],
    'reserved bits': [text('42["x"]', { rsv: 4 }), text('42["x"]', { rsv: 7 })],
    'reserved opcodes': [frame({ opcode: 3, payload: 'x' }), frame({ opcode: 15, payload: 'x' })],
    'continuation of nothing': [frame({ opcode: 0, payload: 'x' })],
    'a message begun twice': [text('42', { fin: false }), text('["x"]')],
    'fragmented control frame': [frame({ opcode: 9, fin: false, payload: 'x' })],
    'control frame of 126 bytes': [frame({ opcode: 9, payload: 'x'.repeat(126) })],
    'length of 2^63': [frame({ length: 1n << 63n, payload: 'x' })],
    'length of 2^62, and nothing comes': [frame({ length: 1n << 62n, payload: 'x' })],
    'length of 10 MB, and little comes': [frame({ length: 10n << 20n, payload: 'x'.repeat(1000) })],
    'close in the middle of a message': [text('42["x', { fin: false }), frame({ opcode: 8, payload: Buffer.from([3, 232]) })],
    'close with one byte': [frame({ opcode: 8, payload: 'x' })],
    'close with an odd code': [frame({ opcode: 8, payload: Buffer.from([0, 1]) })],
    'close with invalid UTF-8': [frame({ opcode: 8, payload: Buffer.from([3, 232, 255, 254]) })],
    'invalid UTF-8 in a text': [frame({ payload: Buffer.from([0x34, 0x32, 0xc3, 0x28]) })],
    'a flood of pings': Array.from({ length: 2000 }, () => frame({ opcode: 9, payload: 'ping' })),
    'a flood of pongs': Array.from({ length: 2000 }, () => frame({ opcode: 10, payload: 'pong' })),
    '20,000 fragments of one byte': [text('4', { fin: false }), ...Array.from({ length: 20_000 }, () => frame({ opcode: 0, fin: false, payload: '2' }))],
    'empty fragments': [text('4', { fin: false }), ...Array.from({ length: 5_000 }, () => frame({ opcode: 0, fin: false }))],
    'garbage': [Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 31 + 7) & 255))],
  })) {
    test(`${name}: the server lives`, async () => {
      const answer = await tcp(server.url, (socket) => {
        socket.write(upgradeRequest(server.url));
        socket.once('data', () => { for (const data of frames) socket.write(data); });
      });
      assert.match(answer, /^HTTP\/1\.1 101/);
    });
  }

  test('the connection is reset while an upgrade is answered, 50 times', async () => {
    await Promise.all(Array.from({ length: 50 }, () => tcp(server.url, (socket) => {
      socket.write(upgradeRequest(server.url));
      socket.resetAndDestroy();
    })));
    await Promise.all(Array.from({ length: 50 }, () => tcp(server.url, (socket) => {
      socket.write(upgradeRequest(server.url, 'EIO=4&transport=websocket&sid=unknown'));
      socket.resetAndDestroy();
    })));
  });

  test('100 sockets that never join anything', async () => {
    const silent = await Promise.all(Array.from({ length: 100 }, () => RawSocket.open(server.url).catch(() => undefined)));
    for (const socket of silent) socket?.end();
  });
});

test('the bystanders noticed nothing', (t) => bystanders.stop(t));

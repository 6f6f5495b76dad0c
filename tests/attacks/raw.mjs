// Below the official client: Engine.IO and Socket.IO by hand, so that what no client would send can be sent.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { createRequire } from 'node:module';
import { within } from '../conformance/clients.mjs';

const require = createRequire(new URL('../conformance/package.json', import.meta.url));
const WebSocket = require('ws');
export { WebSocket };

export const engine = (url, query) => `${url}/socket.io/?${query}`;

/** A WebSocket with its handshake done; with a token, the namespace is joined too. */
export class RawSocket {
  received = [];
  #wake = () => {};

  static async open(url, token, query = 'EIO=4&transport=websocket') {
    const self = new RawSocket();
    self.ws = new WebSocket(engine(url, query).replace('http', 'ws'));
    self.closed = new Promise((resolve) => self.ws.on('close', (code) => resolve(code)));
    self.ws.on('error', () => {}); // a close follows
    self.ws.on('message', (data, binary) => {
      const text = binary ? data : data.toString();
      if (text === '2') self.ws.send('3');
      else self.received.push(text);
      self.#wake();
    });
    self.closed.then(() => self.#wake());
    await within(Promise.race([once(self.ws, 'open'), self.closed]), 'open');
    if (token !== undefined) {
      await self.until((text) => typeof text === 'string' && text.startsWith('0'));
      self.ws.send(`40${JSON.stringify({ token })}`);
      await self.until((text) => typeof text === 'string' && /^4[04]/.test(text));
    }
    return self;
  }

  get open() { return this.ws.readyState === WebSocket.OPEN; }
  send(frame, options) { if (this.open) this.ws.send(frame, options); }

  /** Waits for a message; false when the socket closed instead. */
  async until(matches, ms = 5_000) {
    return within((async () => {
      for (;;) {
        const index = this.received.findIndex(matches);
        if (index >= 0) return this.received.splice(index, 1)[0];
        if (!this.open) return false;
        await new Promise((resolve) => { this.#wake = resolve; });
      }
    })(), () => `a packet (got ${JSON.stringify(this.received).slice(0, 500)})`, ms);
  }

  /** 'closed' when the server ends the connection, 'answered' when it still answers an ordinary event after what was sent. */
  async fate(ms = 5_000) {
    const id = 100_000 + randomBytes(2).readUInt16LE();
    try {
      this.send(`42${id}["get_room_state",{}]`);
    } catch {
      return 'closed';
    }
    const answered = this.until((text) => typeof text === 'string' && text.startsWith(`43${id}`), ms).then((answer) => (answer ? 'answered' : 'closed'));
    return Promise.race([answered, this.closed.then(() => 'closed')]);
  }

  end() { this.ws.terminate(); }
}

/** Polling by hand: the handshake, and the namespace joined when there is a token. */
export class RawPolling {
  static async open(url, token) {
    const self = new RawPolling();
    self.url = url;
    const opened = await (await fetch(engine(url, 'EIO=4&transport=polling'))).text();
    self.sid = JSON.parse(opened.slice(1)).sid;
    if (token !== undefined) {
      await self.post(`40${JSON.stringify({ token })}`);
      await self.get();
    }
    return self;
  }

  get address() { return engine(this.url, `EIO=4&transport=polling&sid=${this.sid}`); }

  async post(body, headers = {}) {
    const response = await fetch(this.address, { method: 'POST', body, headers: { 'content-type': 'text/plain;charset=UTF-8', ...headers }, signal: AbortSignal.timeout(10_000) });
    return { status: response.status, text: await response.text() };
  }

  async get(ms = 10_000) {
    const response = await fetch(this.address, { signal: AbortSignal.timeout(ms) });
    return { status: response.status, text: await response.text() };
  }
}

/** A TCP connection to the server on which anything is written; resolves to what came back by the time it closed or `ms` passed. */
export function tcp(url, write, ms = 1_000) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = net.connect({ host: hostname, port: Number(port) });
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on('data', (data) => { answer = Buffer.concat([answer, data]).subarray(0, 65_536); });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer.toString('latin1'));
    });
    socket.on('connect', () => write(socket, () => answer.toString('latin1')));
  });
}

/** The upgrade request of a WebSocket, written by hand. */
export const upgradeRequest = (url, query = 'EIO=4&transport=websocket', extra = '') =>
  `GET /socket.io/?${query} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${extra}\r\n`;

/** One WebSocket frame, with every bit to be chosen. */
export function frame({ fin = true, rsv = 0, opcode = 1, masked = true, payload = '', length } = {}) {
  const body = Buffer.from(payload);
  const size = length ?? BigInt(body.length);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  if (size < 126n) head.push((masked ? 0x80 : 0) | Number(size));
  else if (size < 65_536n) head.push((masked ? 0x80 : 0) | 126, Number(size) >> 8, Number(size) & 255);
  else {
    head.push((masked ? 0x80 : 0) | 127);
    for (let shift = 56n; shift >= 0n; shift -= 8n) head.push(Number((size >> shift) & 255n));
  }
  if (!masked) return Buffer.concat([Buffer.from(head), body]);
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, Buffer.from(body.map((byte, i) => byte ^ mask[i & 3]))]);
}

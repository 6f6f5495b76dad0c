// A dozen lines of test framework: the suites must run with nothing but node and ws.
import assert from "node:assert/strict";
import { WebSocket } from "ws";

export const equal = assert.deepEqual;
export const ok = assert.ok;
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A WebSocket that remembers what arrives before anybody waits for it. */
export function dial(url, options) {
  const socket = new WebSocket(url, options);
  socket.binaryType = "arraybuffer";
  socket.seen = { open: [], message: [], close: [], error: [] };
  socket.waiters = { open: [], message: [], close: [], error: [] };
  for (const type of Object.keys(socket.seen)) {
    socket.addEventListener(type, (event) => {
      const waiter = socket.waiters[type].shift();
      if (waiter) waiter(event);
      else socket.seen[type].push(event);
    });
  }
  return socket;
}

export function waitFor(socket, type, limit = 3000) {
  if (socket.seen[type].length) return Promise.resolve(socket.seen[type].shift());
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} within ${limit} ms`)), limit);
    socket.waiters[type].push((event) => { clearTimeout(timer); resolve(event); });
  });
}

export const waitClose = (socket) => waitFor(socket, "close");

export function suite() {
  const cases = [];
  const test = (name, body) => cases.push([name, body]);
  test.cases = cases;
  return test;
}

/**
 * Cases that wait for real heartbeats and deadlines start together when the times are stretched (CONFORMANCE_SCALE above 1); the rest, and
 * everything at the suites' own times, runs one after the other.
 */
export async function run(test) {
  let failed = 0;
  const one = async ([name, body]) => {
    const start = Date.now();
    try {
      await body();
      console.log(`ok ${name} (${Date.now() - start} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAILED ${name}\n${error.stack}`);
    }
  };
  const waits = ([name]) => Number(process.env.CONFORMANCE_SCALE ?? 1) > 1 && /heartbeat|no handshake/.test(name);
  await Promise.all(test.cases.filter(waits).map(one));
  for (const next of test.cases.filter((next) => !waits(next))) await one(next);
  console.log(`${test.cases.length - failed} of ${test.cases.length} passed`);
  process.exit(failed ? 1 : 0);
}

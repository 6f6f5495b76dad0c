// Drives a server with the official client. Usage: node client.mjs <url> <transports, comma separated>
import assert from "node:assert/strict";
import { io, Manager } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const base = { transports: transports.split(","), reconnection: false, forceNew: true };
const open = [];
const connect = (nsp = "", options = {}) => {
  const socket = io(url + nsp, { ...base, ...options });
  open.push(socket);
  return socket;
};
const once = (emitter, event) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no "${event}" within 5 s`)), 5000);
  emitter.once(event, (...args) => { clearTimeout(timer); resolve(args); });
});
const cases = [];
const test = (name, run) => cases.push([name, run]);

test("connects and gets an id of its own", async () => {
  const socket = connect();
  await once(socket, "connect");
  assert.equal(socket.id.length, 20);
  assert.notEqual(socket.id, socket.io.engine.id);
});

test("echoes every kind of argument", async () => {
  const socket = connect();
  await once(socket, "connect");
  const args = [1, -1.5, "text", "", "\u2028 \u{1F600} \"quoted\" \\ \n", true, false, null, [1, [2, []]], { a: { b: [1, { c: "d" }] } }, {}];
  socket.emit("echo", ...args);
  assert.deepEqual(await once(socket, "echo-back"), args);
});

test("acknowledges with arguments", async () => {
  const socket = connect();
  await once(socket, "connect");
  assert.deepEqual(await socket.timeout(3000).emitWithAck("ack", 1, { x: [2] }, "3"), 1);
  socket.emit("add", 2, 3, (sum) => socket.emit("sum", sum));
  assert.deepEqual(await once(socket, "sum-back"), [5]);
});

test("carries binary both ways, nested, in order", async () => {
  const socket = connect();
  await once(socket, "connect");
  const blob = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 255));
  socket.emit("echo", { a: blob, b: [Buffer.from([1, 2]), "x"] }, Buffer.alloc(0), "end");
  const [first, second, third] = await once(socket, "echo-back");
  assert.deepEqual(Buffer.from(first.a), blob);
  assert.deepEqual(Buffer.from(first.b[0]), Buffer.from([1, 2]));
  assert.equal(Buffer.from(second).length, 0);
  assert.equal(third, "end");
  const answer = await socket.timeout(3000).emitWithAck("reverse", Buffer.from([1, 2, 3]));
  assert.deepEqual(Buffer.from(answer), Buffer.from([3, 2, 1]));
  const dto = await socket.timeout(3000).emitWithAck("dto", { name: "n", data: Buffer.from([9, 8]), parts: [Buffer.from([7])] });
  assert.equal(dto.name, "n!");
  assert.deepEqual(Buffer.from(dto.data), Buffer.from([8, 9]));
  assert.deepEqual(Buffer.from(dto.parts[0]), Buffer.from([7]));
});

test("answers the server's acknowledgement requests", async () => {
  const socket = connect();
  socket.on("question", (n, cb) => cb(n * 2, Buffer.from([n])));
  await once(socket, "connect");
  socket.emit("ask-me", 21);
  assert.deepEqual(await once(socket, "asked"), ["Acknowledged", 42, 21]);
  socket.off("question");
  socket.emit("ask-me", 1);
  assert.deepEqual(await once(socket, "asked"), ["TimedOut", 0, 0]);
});

test("keeps the order of a thousand events", async () => {
  const socket = connect();
  await once(socket, "connect");
  const got = [];
  const done = new Promise((resolve) => socket.on("n-back", (n) => { got.push(n); if (got.length === 1000) resolve(); }));
  for (let i = 0; i < 1000; i++) socket.emit("n", i);
  await done;
  assert.deepEqual(got, Array.from({ length: 1000 }, (_, i) => i));
});

test("passes auth, query and headers to the handshake", async () => {
  const socket = connect("/", { auth: { token: "abc" }, query: { x: "y z" }, extraHeaders: { "x-custom": "h" } });
  await once(socket, "connect");
  const seen = await socket.timeout(3000).emitWithAck("handshake");
  assert.deepEqual(seen, { auth: { token: "abc" }, query: "y z", header: "h", address: "127.0.0.1", secure: false });
});

test("refuses in a middleware, with data", async () => {
  const socket = connect("/guarded", { auth: { key: "wrong" } });
  const [error] = await once(socket, "connect_error");
  assert.equal(error.message, "not you");
  assert.deepEqual(error.data, { code: 7 });
  const good = connect("/guarded", { auth: { key: "right" } });
  await once(good, "connect");
  const broken = connect("/guarded", { auth: { key: "throw" } });
  const [internal] = await once(broken, "connect_error");
  assert.equal(internal.message, "Internal error");
  assert.equal(internal.data, undefined);
});

test("refuses unknown namespaces", async () => {
  const socket = connect("/nowhere");
  const [error] = await once(socket, "connect_error");
  assert.equal(error.message, "Invalid namespace");
});

test("admits matched namespaces", async () => {
  const socket = connect("/dynamic-42");
  await once(socket, "connect");
  assert.equal(await socket.timeout(3000).emitWithAck("where"), "/dynamic-42");
});

test("multiplexes namespaces and survives leaving and joining one", async () => {
  const manager = new Manager(url, { ...base });
  const main = manager.socket("/"), other = manager.socket("/other");
  open.push(main, other);
  await Promise.all([once(main, "connect"), once(other, "connect")]);
  const first = other.id;
  other.disconnect().connect();
  await once(other, "connect");
  assert.notEqual(other.id, first);
  main.emit("echo", "still here");
  assert.deepEqual(await once(main, "echo-back"), ["still here"]);
});

test("delivers to rooms, once, without the sender", async () => {
  const [a, b, c] = [connect(), connect(), connect()];
  await Promise.all([a, b, c].map((s) => once(s, "connect")));
  const room = "r" + Math.random();
  for (const s of [a, b]) await s.timeout(3000).emitWithAck("join", [room, room + "2"]);
  const got = { a: 0, b: 0, c: 0 };
  a.on("hi", () => got.a++); b.on("hi", () => got.b++); c.on("hi", () => got.c++);
  await a.timeout(3000).emitWithAck("say", [room, room + "2"]);
  await b.timeout(3000).emitWithAck("ack", 0);
  await c.timeout(3000).emitWithAck("ack", 0);
  assert.deepEqual(got, { a: 0, b: 1, c: 0 });
});

test("is told when the server disconnects it", async () => {
  const socket = connect();
  await once(socket, "connect");
  const gone = once(socket, "disconnect");
  socket.emit("kick-me");
  assert.equal((await gone)[0], "io server disconnect");
  const second = connect();
  await once(second, "connect");
  const closed = once(second, "disconnect");
  second.emit("close-me");
  assert.equal((await closed)[0], "io server disconnect");
});

test("is heard leaving, after what it sent before", async () => {
  const watcher = connect(), leaver = connect();
  await Promise.all([once(watcher, "connect"), once(leaver, "connect")]);
  await watcher.timeout(3000).emitWithAck("join", ["watchers"]);
  const id = leaver.id;
  const seen = [];
  const done = new Promise((resolve) => watcher.on("seen", (what, who) => { if (who === id) { seen.push(what); if (seen.length === 4) resolve(); } }));
  leaver.emit("slow", 1);
  leaver.emit("slow", 2);
  leaver.disconnect();
  await done;
  assert.deepEqual(seen, ["slow 1", "slow 2", "disconnecting client namespace disconnect", "disconnect client namespace disconnect"]);
});

test("upgrades when it may", async () => {
  if (transports !== "polling,websocket") return;
  const socket = connect();
  await once(socket, "connect");
  if (socket.io.engine.transport.name !== "websocket") await once(socket.io.engine, "upgrade");
  assert.equal(socket.io.engine.transport.name, "websocket");
  socket.emit("echo", "after");
  assert.deepEqual(await once(socket, "echo-back"), ["after"]);
});

test("carries large messages", async () => {
  const socket = connect();
  await once(socket, "connect");
  const text = "x".repeat(300_000);
  socket.emit("echo", text);
  assert.equal((await once(socket, "echo-back"))[0], text);
});

let failed = 0;
for (const [name, run] of cases) {
  try {
    const start = Date.now();
    await run();
    console.log(`ok ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}\n${error.stack}`);
  }
  for (const socket of open.splice(0)) socket.disconnect();
}
console.log(`${failed} failed`);
process.exit(failed ? 1 : 0);

// The cases of the Engine.IO v4 conformance suite, written anew. Usage: node engine-conformance.mjs <http url> <path>
import { suite, run, equal, ok, sleep, waitFor, waitClose, dial } from "./harness.mjs";

const [url, path = "/engine.io/"] = process.argv.slice(2);
const http = url + path, ws = url.replace("http", "ws") + path;
const scale = Number(process.env.CONFORMANCE_SCALE ?? 1);
const INTERVAL = 300 * scale, TIMEOUT = 200 * scale, MAX = 1_000_000;
const poll = (sid, init) => fetch(`${http}?EIO=4&transport=polling&sid=${sid}`, init);
const post = (sid, body) => poll(sid, { method: "post", body });
async function openPolling() {
  const response = await fetch(`${http}?EIO=4&transport=polling`);
  return JSON.parse((await response.text()).substring(1)).sid;
}
async function openSocket() {
  const socket = dial(`${ws}?EIO=4&transport=websocket`);
  await waitFor(socket, "message");
  return socket;
}
function checkOpen(text, upgrades) {
  ok(text.startsWith("0"));
  const value = JSON.parse(text.substring(1));
  equal(Object.keys(value), ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
  equal([typeof value.sid, value.upgrades, value.pingInterval, value.pingTimeout, value.maxPayload], ["string", upgrades, INTERVAL, TIMEOUT, MAX]);
}

const test = suite();
test("polling handshake: opens a session", async () => {
  const response = await fetch(`${http}?EIO=4&transport=polling`);
  equal(response.status, 200);
  checkOpen(await response.text(), ["websocket"]);
});
test("polling handshake: refuses an invalid EIO", async () => {
  equal((await fetch(`${http}?transport=polling`)).status, 400);
  equal((await fetch(`${http}?EIO=abc&transport=polling`)).status, 400);
});
test("polling handshake: refuses an invalid transport", async () => {
  equal((await fetch(`${http}?EIO=4`)).status, 400);
  equal((await fetch(`${http}?EIO=4&transport=abc`)).status, 400);
});
test("polling handshake: refuses other methods", async () => {
  equal((await fetch(`${http}?EIO=4&transport=polling`, { method: "post" })).status, 400);
  equal((await fetch(`${http}?EIO=4&transport=polling`, { method: "put" })).status, 400);
});
test("websocket handshake: opens a session", async () => {
  const socket = dial(`${ws}?EIO=4&transport=websocket`);
  checkOpen((await waitFor(socket, "message")).data, []);
  socket.close();
});
for (const query of ["?transport=websocket", "?EIO=abc&transport=websocket", "?EIO=4", "?EIO=4&transport=abc"]) {
  test(`websocket handshake: refuses ${query}`, async () => {
    const socket = dial(ws + query);
    await waitFor(socket, "error");
    await waitClose(socket);
  });
}
test("polling: a payload with a string", async () => {
  const sid = await openPolling();
  const pushed = await post(sid, "4hello");
  equal([pushed.status, await pushed.text()], [200, "ok"]);
  const pulled = await poll(sid);
  equal([pulled.status, await pulled.text()], [200, "4hello"]);
});
test("polling: a payload with several messages", async () => {
  const sid = await openPolling();
  equal((await post(sid, "4test1\x1e4test2\x1e4test3")).status, 200);
  equal(await (await poll(sid)).text(), "4test1\x1e4test2\x1e4test3");
});
test("polling: text and binary mixed", async () => {
  const sid = await openPolling();
  equal((await post(sid, "4hello\x1ebAQIDBA==")).status, 200);
  equal(await (await poll(sid)).text(), "4hello\x1ebAQIDBA==");
});
test("polling: closes the session upon an invalid packet", async () => {
  const sid = await openPolling();
  await post(sid, "abc");
  equal((await poll(sid)).status, 400);
});
test("polling: closes the session upon two polls at a time", async () => {
  const sid = await openPolling();
  const [first, second] = await Promise.all([poll(sid), sleep(5).then(() => poll(sid + "&t=burst"))]);
  equal([first.status, await first.text()], [200, "1"]);
  ok([400, 500].includes(second.status));
  equal((await poll(sid)).status, 400);
});
test("polling: closes the session upon a cancelled poll", async () => {
  const sid = await openPolling();
  const abort = new AbortController();
  const polled = poll(sid, { signal: abort.signal }).catch(() => {});
  await sleep(20);
  abort.abort();
  await polled;
  await sleep(20);
  equal((await poll(sid)).status, 400);
});
test("websocket: text", async () => {
  const socket = await openSocket();
  socket.send("4hello");
  equal((await waitFor(socket, "message")).data, "4hello");
  socket.close();
});
test("websocket: binary", async () => {
  const socket = await openSocket();
  socket.send(Uint8Array.from([1, 2, 3, 4]));
  equal([...new Uint8Array((await waitFor(socket, "message")).data)], [1, 2, 3, 4]);
  socket.close();
});
test("websocket: closes upon an invalid packet", async () => {
  const socket = await openSocket();
  socket.send("abc");
  await waitClose(socket);
});
test("polling heartbeat: ping and pong", async () => {
  const sid = await openPolling();
  for (let i = 0; i < 3; i++) {
    const pulled = await poll(sid);
    equal([pulled.status, await pulled.text()], [200, "2"]);
    equal((await post(sid, "3")).status, 200);
  }
});
test("polling heartbeat: closes without a pong", async () => {
  const sid = await openPolling();
  await sleep(INTERVAL + TIMEOUT);
  equal((await poll(sid)).status, 400);
});
test("websocket heartbeat: ping and pong", async () => {
  const socket = await openSocket();
  for (let i = 0; i < 3; i++) {
    equal((await waitFor(socket, "message")).data, "2");
    socket.send("3");
  }
  socket.close();
});
test("websocket heartbeat: closes without a pong", async () => {
  const start = Date.now();
  await waitClose(await openSocket());
  ok(Date.now() - start >= INTERVAL + TIMEOUT - 20, "too early");
  ok(Date.now() - start < INTERVAL + TIMEOUT + 300, "too late");
});
test("polling: the client closes", async () => {
  const sid = await openPolling();
  const [pulled] = await Promise.all([poll(sid), post(sid, "1")]);
  equal([pulled.status, await pulled.text()], [200, "6"]);
  equal((await poll(sid)).status, 400);
});
test("websocket: the client closes", async () => {
  const socket = await openSocket();
  socket.send("1");
  await waitClose(socket);
});
async function upgraded(sid) {
  const socket = dial(`${ws}?EIO=4&transport=websocket&sid=${sid}`);
  await waitFor(socket, "open");
  socket.send("2probe");
  equal((await waitFor(socket, "message")).data, "3probe");
  socket.send("5");
  return socket;
}
test("upgrade: from polling to websocket", async () => {
  const socket = await upgraded(await openPolling());
  socket.send("4hello");
  equal((await waitFor(socket, "message")).data, "4hello");
  socket.close();
});
test("upgrade: later polls of the session are refused", async () => {
  const sid = await openPolling();
  const socket = await upgraded(sid);
  await sleep(20);
  equal((await poll(sid)).status, 400);
  equal((await post(sid, "4hello")).status, 400);
  socket.send("4hello");
  equal((await waitFor(socket, "message")).data, "4hello");
  socket.close();
});
test("upgrade: a second websocket of the session is closed", async () => {
  const sid = await openPolling();
  const socket = await upgraded(sid);
  const second = dial(`${ws}?EIO=4&transport=websocket&sid=${sid}`);
  await waitClose(second);
  socket.send("4hello");
  equal((await waitFor(socket, "message")).data, "4hello");
  socket.close();
});
test("upgrade: frees the waiting poll with a noop and keeps what was queued", async () => {
  const sid = await openPolling();
  const waiting = poll(sid).then((r) => r.text());
  await sleep(20);
  const socket = dial(`${ws}?EIO=4&transport=websocket&sid=${sid}`);
  await waitFor(socket, "open");
  socket.send("2probe");
  equal((await waitFor(socket, "message")).data, "3probe");
  equal(await waiting, "6");
  equal((await post(sid, "4queued")).status, 200);
  socket.send("5");
  equal((await waitFor(socket, "message")).data, "4queued");
  socket.close();
});
test("upgrade: a wrong probe leaves polling alive", async () => {
  const sid = await openPolling();
  const socket = dial(`${ws}?EIO=4&transport=websocket&sid=${sid}`);
  await waitFor(socket, "open");
  socket.send("4nonsense");
  await waitClose(socket);
  equal((await post(sid, "4hello")).status, 200);
  equal(await (await poll(sid)).text(), "4hello");
});
await run(test);

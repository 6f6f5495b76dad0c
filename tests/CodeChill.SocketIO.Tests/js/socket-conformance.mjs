// The cases of the Socket.IO v5 conformance suite, written anew. Usage: node socket-conformance.mjs <http url>
import { suite, run, equal, ok, sleep, waitFor, waitClose, dial } from "./harness.mjs";

const [url] = process.argv.slice(2);
const http = url + "/socket.io/", ws = url.replace("http", "ws") + "/socket.io/";
const scale = Number(process.env.CONFORMANCE_SCALE ?? 1);
const INTERVAL = 300 * scale, TIMEOUT = 200 * scale;
const poll = (sid, init) => fetch(`${http}?EIO=4&transport=polling&sid=${sid}`, init);
async function openPolling() {
  return JSON.parse((await (await fetch(`${http}?EIO=4&transport=polling`)).text()).substring(1)).sid;
}
const open = () => dial(`${ws}?EIO=4&transport=websocket`);
async function joined() {
  const socket = open();
  await waitFor(socket, "message");
  socket.send("40");
  ok((await waitFor(socket, "message")).data.startsWith('40{"sid":"'));
  equal((await waitFor(socket, "message")).data, '42["auth",{}]');
  return socket;
}
async function connects(send, nsp, auth) {
  const socket = open();
  await waitFor(socket, "message");
  socket.send(send);
  const { data } = await waitFor(socket, "message");
  ok(data.startsWith(`40${nsp}{`), data);
  const handshake = JSON.parse(data.substring(2 + nsp.length));
  equal(Object.keys(handshake), ["sid"]);
  equal(typeof handshake.sid, "string");
  equal((await waitFor(socket, "message")).data, `42${nsp}["auth",${auth}]`);
  socket.close();
}

const test = suite();
test("polling handshake: opens a session", async () => {
  const response = await fetch(`${http}?EIO=4&transport=polling`);
  equal(response.status, 200);
  const value = JSON.parse((await response.text()).substring(1));
  equal(Object.keys(value), ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
  equal(value.upgrades, ["websocket"]);
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
  const socket = open();
  const { data } = await waitFor(socket, "message");
  equal(JSON.parse(data.substring(1)).upgrades, []);
  socket.close();
});
test("websocket handshake: refuses an invalid EIO", async () => {
  for (const query of ["?transport=websocket", "?EIO=abc&transport=websocket"]) {
    const socket = dial(ws + query);
    await waitFor(socket, "error");
    await waitClose(socket);
  }
});
test("websocket handshake: refuses an invalid transport", async () => {
  for (const query of ["?EIO=4", "?EIO=4&transport=abc"]) {
    const socket = dial(ws + query);
    await waitFor(socket, "error");
    await waitClose(socket);
  }
});
test("polling heartbeat: ping and pong", async () => {
  const sid = await openPolling();
  for (let i = 0; i < 3; i++) {
    equal(await (await poll(sid)).text(), "2");
    equal((await poll(sid, { method: "post", body: "3" })).status, 200);
  }
});
test("polling heartbeat: closes without a pong", async () => {
  const sid = await openPolling();
  await sleep(INTERVAL + TIMEOUT);
  equal((await poll(sid)).status, 400);
});
test("websocket heartbeat: ping and pong", async () => {
  const socket = await joined();
  for (let i = 0; i < 3; i++) {
    equal((await waitFor(socket, "message")).data, "2");
    socket.send("3");
  }
  socket.close();
});
test("websocket heartbeat: closes without a pong", async () => {
  await waitClose(await joined());
});
test("polling: the client closes", async () => {
  const sid = await openPolling();
  const [pulled] = await Promise.all([poll(sid), sleep(5).then(() => poll(sid, { method: "post", body: "1" }))]);
  equal([pulled.status, await pulled.text()], [200, "6"]);
  equal((await poll(sid)).status, 400);
});
test("websocket: the client closes", async () => {
  const socket = await joined();
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
  socket.send("40");
  ok((await waitFor(socket, "message")).data.startsWith("40{"));
  socket.close();
});
test("upgrade: later polls of the session are refused", async () => {
  const sid = await openPolling();
  const socket = await upgraded(sid);
  await sleep(20);
  equal((await poll(sid)).status, 400);
  socket.close();
});
test("upgrade: a second websocket of the session is closed", async () => {
  const sid = await openPolling();
  const socket = await upgraded(sid);
  await waitClose(dial(`${ws}?EIO=4&transport=websocket&sid=${sid}`));
  socket.close();
});
test("connect: the main namespace", () => connects("40", "", "{}"));
test("connect: the main namespace with a payload", () => connects('40{"token":"123"}', "", '{"token":"123"}'));
test("connect: a custom namespace", () => connects("40/custom,", "/custom,", "{}"));
test("connect: a custom namespace with a payload", () => connects('40/custom,{"token":"abc"}', "/custom,", '{"token":"abc"}'));
test("connect: an unknown namespace is refused", async () => {
  const socket = open();
  await waitFor(socket, "message");
  socket.send("40/random");
  equal((await waitFor(socket, "message")).data, '44/random,{"message":"Invalid namespace"}');
  socket.close();
});
test("connect: an invalid handshake closes", async () => {
  const socket = open();
  await waitFor(socket, "message");
  socket.send("4abc");
  await waitClose(socket);
});
test("connect: no handshake closes", async () => {
  const start = Date.now();
  const socket = open();
  await waitFor(socket, "message");
  // Alive, or the heartbeat would close it first.
  socket.addEventListener("message", ({ data }) => { if (data === "2") socket.send("3"); });
  await waitFor(socket, "close", 3000 * scale);
  ok(Date.now() - start > 900 * scale, "too early");
});
test("disconnect: from the main namespace", async () => {
  const socket = await joined();
  socket.send("41");
  equal((await waitFor(socket, "message")).data, "2");
  socket.close();
});
test("disconnect: from a custom namespace", async () => {
  const socket = await joined();
  socket.send("40/custom");
  ok((await waitFor(socket, "message")).data.startsWith("40/custom,{"));
  equal((await waitFor(socket, "message")).data, '42/custom,["auth",{}]');
  socket.send("41/custom");
  socket.send('42["message","message to main namespace"]');
  equal((await waitFor(socket, "message")).data, '42["message-back","message to main namespace"]');
  socket.close();
});
test("message: JSON", async () => {
  const socket = await joined();
  socket.send('42["message",1,"2",{"3":[true]}]');
  equal((await waitFor(socket, "message")).data, '42["message-back",1,"2",{"3":[true]}]');
  socket.close();
});
async function binary(send, back) {
  const socket = await joined();
  socket.send(send);
  socket.send(Uint8Array.from([1, 2, 3]));
  socket.send(Uint8Array.from([4, 5, 6]));
  const frames = [];
  for (let i = 0; i < 3; i++) frames.push((await waitFor(socket, "message")).data);
  equal(frames[0], back);
  equal([[...new Uint8Array(frames[1])], [...new Uint8Array(frames[2])]], [[1, 2, 3], [4, 5, 6]]);
  socket.close();
}
test("message: binary", () => binary(
  '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
  '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'));
test("message: JSON with acknowledgement", async () => {
  const socket = await joined();
  socket.send('42456["message-with-ack",1,"2",{"3":[false]}]');
  equal((await waitFor(socket, "message")).data, '43456[1,"2",{"3":[false]}]');
  socket.close();
});
test("message: binary with acknowledgement", () => binary(
  '452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
  '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'));
for (const [name, frame] of [["packet type", "4abc"], ["payload", "42{}"], ["acknowledgement id", '42abc["message-with-ack",1]']]) {
  test(`message: an invalid ${name} closes`, async () => {
    const socket = await joined();
    socket.send(frame);
    await waitClose(socket);
  });
}
await run(test);

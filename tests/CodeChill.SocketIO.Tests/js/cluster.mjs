// Clients on a .NET and a Node server of one cluster. Usage: node cluster.mjs <.NET url> <Node url>
import { io } from "socket.io-client";
import { suite, run, equal, ok, sleep } from "./harness.mjs";

const [dotnet, node] = process.argv.slice(2);
const open = [];
async function connect(url) {
  const socket = io(url, { forceNew: true, reconnection: false });
  open.push(socket);
  await next(socket, "connect");
  return socket;
}
const next = (socket, event) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no ${event}`)), 8000);
  socket.once(event, (...args) => { clearTimeout(timer); resolve(args); });
});
const ask = (socket, ...args) => socket.timeout(8000).emitWithAck(...args);
const test = suite();
for (const [name, from, to] of [["from .NET to Node", dotnet, node], ["from Node to .NET", node, dotnet]]) {
  test(`broadcast ${name}: everybody, a room, binary, without the sender`, async () => {
    const [a, b] = [await connect(from), await connect(to)];
    let heard = next(b, "said");
    a.emit("all", 1, "two", { three: [3.5, null, true, -7, 12345678901] }, "\u00e9\u{1F600}");
    equal(await heard, [1, "two", { three: [3.5, null, true, -7, 12345678901] }, "\u00e9\u{1F600}"]);
    const room = "room " + name;
    await ask(b, "join", room);
    await ask(a, "join", room);
    heard = next(b, "said");
    const own = next(a, "said").then(() => "echoed", () => "quiet");
    a.emit("say", room, { data: Buffer.from([1, 2, 3]) }, Buffer.from([4]));
    const [first, second] = await heard;
    equal([Buffer.from(first.data), Buffer.from(second)], [Buffer.from([1, 2, 3]), Buffer.from([4])]);
    ok((await Promise.race([own, sleep(200)])) !== "echoed");
  });
  test(`fetchSockets ${name}`, async () => {
    const [a, b] = [await connect(from), await connect(to)];
    await ask(b, "join", "fetched");
    const all = await ask(a, "fetch");
    const other = all.find((s) => s.id === b.id), own = all.find((s) => s.id === a.id);
    equal(other.data, { home: to === node ? "node" : "dotnet" });
    ok(other.rooms.includes("fetched") && other.rooms.includes(b.id));
    ok(own);
  });
  test(`broadcast with acknowledgements ${name}`, async () => {
    const [a, b] = [await connect(from), await connect(to)];
    a.on("question", (n, cb) => cb(n + 1));
    b.on("question", (n, cb) => cb(n + 2));
    equal((await ask(a, "ask-all")).sort(), [6, 7]);
  });
  test(`socketsJoin and disconnectSockets ${name}`, async () => {
    const [a, b] = [await connect(from), await connect(to)];
    await ask(b, "join", "here");
    await ask(a, "move", "here", "there " + name);
    const heard = next(b, "said"), gone = next(b, "disconnect");
    await sleep(100);
    a.emit("say", "there " + name, "moved");
    equal(await heard, ["moved"]);
    a.emit("kick", "there " + name);
    equal((await gone)[0], "io server disconnect");
  });
}
const cases = test.cases.splice(0);
for (const [name, body] of cases) test(name, async () => { try { await body(); } finally { for (const s of open.splice(0)) s.disconnect(); await sleep(50); } });
await run(test);

// A Node server in the cluster. Usage: node cluster-node.mjs <redis port>; prints its port, ends with its standard input.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { createClient } from "redis";
import { createAdapter } from "@socket.io/redis-adapter";

const pub = createClient({ url: `redis://127.0.0.1:${process.argv[2]}` });
const sub = pub.duplicate();
await Promise.all([pub.connect(), sub.connect()]);
const http = createServer();
const io = new Server(http, { adapter: createAdapter(pub, sub, { requestsTimeout: 5000 }) });
io.on("connection", (socket) => {
  socket.data = { home: "node" };
  socket.on("join", (room, cb) => { socket.join(room); cb?.(); });
  socket.on("say", (room, ...args) => socket.to(room).emit("said", ...args));
  socket.on("all", (...args) => io.emit("said", ...args));
  socket.on("fetch", async (cb) => cb((await io.fetchSockets()).map((s) => ({ id: s.id, data: s.data, rooms: [...s.rooms] }))));
  socket.on("ask-all", async (cb) => cb(await io.timeout(3000).emitWithAck("question", 5)));
  socket.on("move", (from, to, cb) => { io.in(from).socketsJoin(to); cb(); });
  socket.on("kick", (room) => io.in(room).disconnectSockets());
});
http.listen(0, "127.0.0.1", () => console.log(`listening ${http.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();

// The official client loses its connection and gets its state back. Usage: node recovery.mjs <url>
import { io } from "socket.io-client";
import { suite, run, equal, ok } from "./harness.mjs";

const [url] = process.argv.slice(2);
const next = (socket, event) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no ${event}`)), 8000);
  socket.once(event, (...args) => { clearTimeout(timer); resolve(args); });
});
const test = suite();
test("recovers id and missed events", async () => {
  const socket = io(url, { forceNew: true, transports: ["websocket"], reconnectionDelay: 300 });
  const other = io(url, { forceNew: true, transports: ["websocket"] });
  await Promise.all([next(socket, "connect"), next(other, "connect")]);
  const id = socket.id;
  ok(!socket.recovered);
  other.emit("cast", 1);
  equal((await next(socket, "cast"))[0], 1);
  const missed = next(socket, "cast"), again = next(socket, "connect"), lost = next(socket, "disconnect");
  socket.io.engine.close();
  await lost;
  other.emit("cast", 2);
  await again;
  equal((await missed)[0], 2);
  equal([socket.recovered, socket.id], [true, id]);
  socket.disconnect();
  other.disconnect();
});
await run(test);

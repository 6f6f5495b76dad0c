// A TCP relay between a browser and the server, so that a test can cut one person's network for real: connections end
// and new ones are refused, or (stall) stay open and carry nothing, as behind a router that has forgotten them.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Proxy {
  #server;
  #pairs = new Set();
  #mode = 'open';

  constructor(target) {
    this.target = target;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  async start() {
    this.#server = createServer((client) => this.#relay(client));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = this.#server.address().port;
    return this;
  }

  /** Ends all connections; new ones end at once. */
  cut() {
    this.#mode = 'cut';
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Connections stay, bytes don't move. */
  stall() {
    this.#mode = 'stall';
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  open() {
    this.#mode = 'open';
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  async stop() {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client) {
    if (this.#mode === 'cut') return client.destroy();
    const server = connect(this.target, '127.0.0.1');
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.on('data', (chunk) => {
        if (!to.write(chunk)) {
          from.pause();
          to.once('drain', () => this.#mode !== 'stall' && from.resume());
        }
      });
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#mode === 'stall') from.pause();
    }
  }
}

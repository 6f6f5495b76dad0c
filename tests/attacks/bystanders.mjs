// Two people who work on quietly while somebody attacks the server: a whole-text client and a Yjs client that answer each other. They must never
// wait long, never lose a character, never be thrown out.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { converge, guests, TextClient, within, YjsClient } from '../conformance/clients.mjs';

export const PATIENCE_MS = Number(process.env.CODECHILL_PATIENCE_MS ?? 5_000);

export class Bystanders {
  rounds = 0;
  waits = [];
  #over = false;

  static async start(server) {
    const self = new Bystanders();
    self.server = server;
    self.pid = server.pid;
    const people = await guests(server, 'Quiet Ada', 'Quiet Bob');
    self.people = people;
    self.room = await people[0].room({ name: 'Quiet room' });
    self.text = await TextClient.enter(people[0], self.room.id);
    self.yjs = await YjsClient.enter(people[1], self.room.id);
    await self.text.send('', self.text.version);
    await converge([self.text, self.yjs], (text) => text === '');
    self.working = self.#work();
    self.working.catch(() => {}); // `stop` tells
    return self;
  }

  async #work() {
    while (!this.#over) {
      for (const client of [this.text, this.yjs]) {
        const asked = performance.now();
        const before = client.text.length;
        const answer = await within(client.append('x'), `${client.constructor.name}'s acknowledgement`, PATIENCE_MS);
        assert.equal(answer.ok, true, JSON.stringify(answer));
        await converge([this.text, this.yjs], (text) => text.length === before + 1, PATIENCE_MS);
        this.waits.push(performance.now() - asked);
        await pause(15); // as fast as people could, far below what a typist is allowed
      }
      this.rounds++;
    }
  }

  /** Ends the work and says what it suffered. */
  async stop(t, atLeast = 3) {
    this.#over = true;
    await this.working;
    assert.equal(this.server.alive, true, `the server died:\n${this.server.logs.slice(-4000)}`);
    assert.equal(this.server.pid, this.pid, 'the server was started again');
    assert.equal(this.text.conflicts, 0);
    assert.equal(this.text.text, 'x'.repeat(this.rounds * 2));
    assert.equal((await this.people[0].enter(this.room.id)).joined.current_content, this.text.text);
    assert.equal((await fetch(`${this.server.url}/health`)).status, 200);
    const escaped = this.server.logs.split('\n').filter((line) => /unhandled|unobserved/i.test(line));
    assert.deepEqual(escaped, [], 'an exception reached the last handler');
    assert.ok(this.rounds >= atLeast, `only ${this.rounds} rounds: the test shows nothing`);
    const sorted = this.waits.sort((x, y) => x - y);
    t.diagnostic(`bystanders: ${this.waits.length} edits, p50 ${sorted[sorted.length >> 1].toFixed(0)} ms, p99 ${sorted[Math.floor(sorted.length * 0.99)].toFixed(0)} ms`);
    [this.text, this.yjs].forEach((client) => client.close());
  }
}

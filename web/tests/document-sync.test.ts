import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { ANSWER_TIMEOUT_MS, BATCH_MS, covers, DocumentSync, MAX_IN_FLIGHT } from '../src/document-sync';
import { MAX_UPDATE_BYTES } from '../src/wire';
import { FakeServer } from './fake-server';

describe('DocumentSync', () => {
  let server: FakeServer;
  let doc: Y.Doc;
  let sync: DocumentSync;
  const text = () => doc.getText('content');
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    server = new FakeServer();
    doc = new Y.Doc();
    sync = new DocumentSync(doc);
  });
  afterEach(() => {
    sync.destroy();
    vi.useRealTimers();
  });

  async function attach(): Promise<void> {
    void sync.attach(server.channel());
    await settle();
  }

  it('takes over the text of the server and is saved without sending anything', async () => {
    server.memory.getText('content').insert(0, 'hello');
    await attach();
    expect(text().toString()).toBe('hello');
    expect(sync.status).toMatchObject({ phase: 'live', unsaved: false, opened: true });
    expect(server.pushes).toBe(0);
  });

  it('sends what was typed within the batch time as one update', async () => {
    await attach();
    text().insert(0, 'a');
    await settle(BATCH_MS - 10);
    text().insert(1, 'b');
    expect(server.pushes).toBe(0);
    await settle(10);
    expect(server.pushes).toBe(1);
    expect(server.text).toBe('ab');
  });

  it('is not saved from the keystroke until the acknowledgement', async () => {
    server.autoCommit = false;
    await attach();
    text().insert(0, 'a');
    expect(sync.status).toMatchObject({ unsaved: true, edits: 1 });
    await settle(BATCH_MS);
    text().insert(1, 'b');
    await settle(BATCH_MS);
    expect(server.text).toBe('ab');
    expect(sync.status).toMatchObject({ unsaved: true, edits: 2 });
    server.pending.shift()!.commit();
    await settle();
    expect(sync.status).toMatchObject({ unsaved: true, edits: 1 });
    server.commitAll();
    await settle();
    expect(sync.status).toMatchObject({ unsaved: false, edits: 0, since: null });
  });

  it('remembers when the oldest unsaved edit was made', async () => {
    server.autoCommit = false;
    await attach();
    const at = Date.now();
    text().insert(0, 'a');
    await settle(5_000);
    text().insert(1, 'b');
    expect(sync.status.since).toBe(at);
  });

  it('holds back when many updates are unanswered, and goes on with the next answer', async () => {
    server.autoCommit = false;
    await attach();
    for (let i = 0; i < MAX_IN_FLIGHT + 5; i++) {
      text().insert(i, 'x');
      await settle(BATCH_MS);
    }
    expect(server.pushes).toBe(MAX_IN_FLIGHT);
    server.pending.shift()!.commit();
    await settle();
    expect(server.pushes).toBe(MAX_IN_FLIGHT + 1);
    expect(server.text).toBe('x'.repeat(MAX_IN_FLIGHT + 5));
  });

  it('brings edits made while disconnected, and merges with what others typed meanwhile', async () => {
    server.memory.getText('content').insert(0, 'base ');
    await attach();
    sync.detach();
    text().insert(5, 'mine ');
    text().insert(10, 'more ');
    server.memory.getText('content').insert(0, 'theirs ');
    expect(sync.status).toMatchObject({ phase: 'detached', edits: 2, unsaved: true });
    await attach();
    expect(server.text).toBe(text().toString());
    expect(server.text).toBe('theirs base mine more ');
    expect(server.durableText).toBe(server.text);
    expect(sync.status.unsaved).toBe(false);
  });

  it('sends deletions made while disconnected although the state vectors are equal', async () => {
    await attach();
    text().insert(0, 'delete me');
    await settle(BATCH_MS);
    sync.detach();
    text().delete(0, 7);
    await attach();
    expect(server.durableText).toBe('me');
  });

  it('sends deletions restored from a local copy, of which nobody counted the edits', async () => {
    server.memory.getText('content').insert(0, 'delete me');
    const earlier = new Y.Doc();
    Y.applyUpdate(earlier, Y.encodeStateAsUpdate(server.memory));
    earlier.getText('content').delete(0, 7);
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(earlier));
    server.autoCommit = false;
    await attach();
    expect(server.text).toBe('me');
    expect(sync.status).toMatchObject({ unsaved: true, edits: 0 });
    server.commitAll();
    await settle();
    expect(sync.status.unsaved).toBe(false);
  });

  it('does not take the server\'s memory for its disk: unacknowledged edits are sent and awaited again', async () => {
    server.autoCommit = false;
    await attach();
    text().insert(0, 'abc');
    await settle(BATCH_MS);
    expect(server.text).toBe('abc');
    sync.detach();
    server.pending.length = 0;
    await attach();
    expect(sync.status).toMatchObject({ phase: 'live', unsaved: true, edits: 1 });
    server.commitAll();
    await settle();
    expect(sync.status.unsaved).toBe(false);
    server.crash();
    expect(server.text).toBe('abc');
  });

  it('brings back what a crashed server had not committed', async () => {
    server.autoCommit = false;
    await attach();
    text().insert(0, 'abc');
    await settle(BATCH_MS);
    server.crash();
    sync.detach();
    server.autoCommit = true;
    await attach();
    expect(server.durableText).toBe('abc');
    expect(sync.status.unsaved).toBe(false);
  });

  it('ignores answers that belong to a connection that is gone', async () => {
    server.autoCommit = false;
    await attach();
    text().insert(0, 'a');
    await settle(BATCH_MS);
    const late = server.pending.shift()!;
    sync.detach();
    late.commit();
    await settle();
    expect(sync.status).toMatchObject({ unsaved: true, edits: 1 });
  });

  it('keeps a refused edit, says why, and tries again', async () => {
    server.autoCommit = false;
    await attach();
    text().insert(0, 'a');
    await settle(BATCH_MS);
    server.pending.shift()!.refuse('the database is not available');
    await settle();
    expect(sync.status).toMatchObject({ phase: 'refused', unsaved: true, edits: 1, refusal: 'the database is not available' });
    server.autoCommit = true;
    text().insert(1, 'b');
    await settle(60_000);
    expect(sync.status).toMatchObject({ phase: 'live', unsaved: false, refusal: null });
    expect(server.durableText).toBe('ab');
  });

  it('waits longer after each refusal', async () => {
    server.refuseSync = 'busy';
    let tries = 0;
    const channel = server.channel();
    void sync.attach({ ...channel, sync: (vector) => (tries++, channel.sync(vector)) });
    await settle(10_000);
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(tries).toBeLessThanOrEqual(5);
  });

  it('asks again when an answer never comes', async () => {
    server.autoCommit = false;
    await attach();
    text().insert(0, 'a');
    await settle(BATCH_MS);
    server.pending.length = 0;
    server.autoCommit = true;
    await settle(ANSWER_TIMEOUT_MS + 2_000);
    expect(sync.status.unsaved).toBe(false);
    expect(server.durableText).toBe('a');
  });

  it('does not send an update over the size limit, and does once it has been undone', async () => {
    await attach();
    text().insert(0, 'x'.repeat(MAX_UPDATE_BYTES + 1));
    await settle(BATCH_MS);
    expect(server.pushes).toBe(0);
    expect(sync.status).toMatchObject({ phase: 'refused', unsaved: true });
    expect(sync.status.refusal).toMatch(/too large/);
    text().delete(0, text().length);
    text().insert(0, 'ok');
    await settle(60_000);
    expect(server.durableText).toBe('ok');
    expect(sync.status.unsaved).toBe(false);
  });

  it('does not echo what it received', async () => {
    await attach();
    const other = new Y.Doc();
    other.getText('content').insert(0, 'from elsewhere');
    sync.receive(Y.encodeStateAsUpdate(other));
    await settle(BATCH_MS * 2);
    expect(text().toString()).toBe('from elsewhere');
    expect(server.pushes).toBe(0);
    expect(sync.status.unsaved).toBe(false);
  });

  it('fetches what is missing when an update was lost on the way', async () => {
    await attach();
    const other = new Y.Doc();
    other.getText('content').insert(0, 'one ');
    const after = Y.encodeStateVector(other);
    other.getText('content').insert(4, 'two');
    Y.applyUpdate(server.memory, Y.encodeStateAsUpdate(other));
    sync.receive(Y.encodeStateAsUpdate(other, after));
    expect(text().toString()).toBe('');
    await settle(1_500);
    expect(text().toString()).toBe('one two');
  });

  it('converges over random cuts, crashes and edits, and never says saved too early', async () => {
    const seed = Number(import.meta.env.VITE_SEED ?? Math.floor(Math.random() * 2 ** 31));
    const random = mulberry(seed);
    const clients = [0, 1, 2].map(() => {
      const own = new Y.Doc();
      return { doc: own, sync: new DocumentSync(own), attached: false };
    });
    server.autoCommit = false;
    try {
      for (let step = 0; step < 600; step++) {
        const client = clients[Math.floor(random() * 3)]!;
        const content = client.doc.getText('content');
        const dice = random();
        if (dice < 0.5) content.insert(Math.floor(random() * (content.length + 1)), String.fromCharCode(97 + Math.floor(random() * 26)));
        else if (dice < 0.6 && content.length > 0) content.delete(Math.floor(random() * content.length), 1);
        else if (dice < 0.7) {
          if (client.attached) client.sync.detach();
          else void client.sync.attach(server.channel());
          client.attached = !client.attached;
        } else if (dice < 0.73) {
          server.crash();
          for (const each of clients) {
            each.sync.detach();
            each.attached = false;
          }
        } else if (dice < 0.9) server.pending.shift()?.commit();
        await settle(Math.floor(random() * 40));
        for (const each of clients) {
          if (each.sync.status.unsaved || !each.sync.status.opened) continue;
          // Everything of this client's own must be on the disk.
          const own = Y.decodeStateVector(Y.encodeStateVector(each.doc)).get(each.doc.clientID) ?? 0;
          const there = Y.decodeStateVector(Y.encodeStateVector(server.durable)).get(each.doc.clientID) ?? 0;
          expect(there, `seed ${seed}, step ${step}`).toBeGreaterThanOrEqual(own);
        }
      }
      server.autoCommit = true;
      server.commitAll();
      // The server relays nothing in this test: two handshakes each bring everything to everyone.
      for (let round = 0; round < 2; round++) {
        for (const each of clients) void each.sync.attach(server.channel());
        await settle(100);
      }
      for (const each of clients) {
        expect(each.doc.getText('content').toString(), `seed ${seed}`).toBe(server.durableText);
        expect(each.sync.status.unsaved, `seed ${seed}`).toBe(false);
      }
    } finally {
      clients.forEach((each) => each.sync.destroy());
    }
  });
});

describe('covers', () => {
  it('compares delete sets whose ranges are split differently', () => {
    const set = (ranges: [number, number][]) => ({ clients: new Map([[1, ranges.map(([clock, len]) => ({ clock, len }))]]) }) as never;
    expect(covers(set([[0, 5], [5, 5]]), set([[2, 6]]))).toBe(true);
    expect(covers(set([[5, 5], [0, 5]]), set([[0, 10]]))).toBe(true);
    expect(covers(set([[0, 5], [6, 4]]), set([[2, 6]]))).toBe(false);
    expect(covers(set([]), set([[0, 1]]))).toBe(false);
    expect(covers(set([[0, 1]]), set([]))).toBe(true);
  });
});

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

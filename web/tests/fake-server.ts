// A server for one document, as far as DocumentSync can tell: it holds updates in memory when they come and acknowledges
// when the test says that they are committed. An acknowledgement means that everything the document held when the update
// came is on the disk, also for an update that brought nothing new. It can lose its memory (crash) down to what was committed.

import * as Y from 'yjs';
import { Refusal, type SyncChannel, type SyncReply } from '../src/document-sync';

interface Pending {
  commit(): void;
  refuse(message: string, code?: string): void;
}

export class FakeServer {
  durable = new Y.Doc();
  memory = new Y.Doc();
  readonly pending: Pending[] = [];
  pushes = 0;
  autoCommit = true;
  refuseSync: string | null = null;

  channel(): SyncChannel {
    return {
      sync: (stateVector) => this.#sync(stateVector),
      push: (update) => this.#push(update),
    };
  }

  get text(): string {
    return this.memory.getText('content').toString();
  }

  get durableText(): string {
    return this.durable.getText('content').toString();
  }

  commitAll(): void {
    for (const each of this.pending.splice(0)) each.commit();
  }

  /** kill -9: what wasn't committed is gone, and so are the answers. */
  crash(): void {
    this.pending.length = 0;
    this.memory = new Y.Doc();
    Y.applyUpdate(this.memory, Y.encodeStateAsUpdate(this.durable));
  }

  async #sync(stateVector: Uint8Array): Promise<SyncReply> {
    if (this.refuseSync) throw new Refusal(this.refuseSync);
    return { update: Y.encodeStateAsUpdate(this.memory, stateVector), stateVector: Y.encodeStateVector(this.memory) };
  }

  #push(update: Uint8Array): Promise<void> {
    this.pushes++;
    Y.applyUpdate(this.memory, update);
    const state = Y.encodeStateAsUpdate(this.memory);
    return new Promise((resolve, reject) => {
      const entry: Pending = {
        commit: () => {
          Y.applyUpdate(this.durable, state);
          resolve();
        },
        refuse: (message, code) => reject(new Refusal(message, code)),
      };
      if (this.autoCommit) entry.commit();
      else this.pending.push(entry);
    });
  }
}

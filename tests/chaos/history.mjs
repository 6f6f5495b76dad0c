// The record of what clients did, and the judge of what was left. Every typed character is a code point of its own, so it can be followed
// through any number of merges and restarts.

/** @typedef {{ inserted: string, deleted: string, acked: boolean, client: string, round: number }} Operation */

export class History {
  operations = [];
  messages = [];
  #code = 0x4e00;

  /** Characters that nobody has typed before. All are in the basic plane: an index is a character. */
  tag(n) {
    let text = '';
    while (text.length < n) {
      text += String.fromCharCode(this.#code++);
      // Past the CJK block come private-use characters; surrogates in between would not stand alone.
      if (this.#code === 0xa000) this.#code = 0xe000;
      if (this.#code === 0xf900) throw new Error('out of characters: fewer rounds or slower typists');
    }
    return text;
  }

  record(operation) {
    this.operations.push(operation);
    return operation;
  }

  message(content) {
    const message = { content, acked: false };
    this.messages.push(message);
    return message;
  }

  get acked() { return this.operations.filter((operation) => operation.acked).length; }
}

/**
 * Judges a text and the stored chat against a history. Returns the faults found, none when all is well:
 * lost: acknowledged as typed, deleted by nobody, not there · revived: acknowledged as deleted, there · doubled: there more than once ·
 * foreign: there, typed by nobody · lostMessages, doubledMessages: the same for chat.
 */
export function judge({ operations, messages = [] }, text, stored = []) {
  const typed = new Set();
  const ackedTyped = new Set();
  const deleted = new Set();
  const ackedDeleted = new Set();
  for (const operation of operations) {
    for (const character of operation.inserted) {
      typed.add(character);
      if (operation.acked) ackedTyped.add(character);
    }
    for (const character of operation.deleted) {
      deleted.add(character);
      if (operation.acked) ackedDeleted.add(character);
    }
  }
  const count = new Map();
  for (const character of text) count.set(character, (count.get(character) ?? 0) + 1);
  const storedCount = new Map();
  for (const content of stored) storedCount.set(content, (storedCount.get(content) ?? 0) + 1);

  const faults = {
    lost: [...ackedTyped].filter((character) => !deleted.has(character) && !count.has(character)),
    revived: [...ackedDeleted].filter((character) => count.has(character)),
    doubled: [...count].filter(([, times]) => times > 1).map(([character]) => character),
    foreign: [...count.keys()].filter((character) => !typed.has(character)),
    lostMessages: messages.filter((message) => message.acked && !storedCount.has(message.content)).map((message) => message.content),
    doubledMessages: [...storedCount].filter(([, times]) => times > 1).map(([content]) => content),
  };
  return Object.fromEntries(Object.entries(faults).filter(([, list]) => list.length > 0));
}

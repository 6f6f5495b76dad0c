// Whole-text and Yjs clients type at random, all at once. At the end everyone, a newcomer and the server hold the same text, and it is exactly
// what was typed minus what somebody deleted: every character is a code point of its own, so it can be followed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { chance, converge, guests, TextClient, YjsClient } from './clients.mjs';
import { sharedServer } from './server.mjs';

let server;
before(async () => { server = await sharedServer(); });
after(() => server?.dispose());

/** Characters nobody has used: CJK first, all in the basic plane, so an index is a character. */
function tags() {
  let code = 0x4e00;
  return (n) => String.fromCharCode(...Array.from({ length: n }, () => code++));
}

async function type(client, dice, tag, edits, book) {
  const answers = [];
  for (let i = 0; i < edits; i++) {
    const { text } = client;
    const index = dice.below(text.length + 1);
    const removed = dice.next() < 0.25 ? Math.min(text.length - index, 1 + dice.below(4)) : 0;
    const inserted = removed > 0 && dice.next() < 0.5 ? '' : tag(1 + dice.below(3));
    for (const character of text.slice(index, index + removed)) book.deleted.add(character);
    for (const character of inserted) book.typed.add(character);
    if (removed > 0 || inserted) answers.push(client.edit(index, removed, inserted));
    // People pause between keystrokes: the network gets its turn, several changes are often in flight.
    if (dice.next() < 0.7) await pause(dice.below(12));
  }
  for (const answer of await Promise.all(answers)) assert.equal(answer.ok, true, JSON.stringify(answer));
}

for (const [name, wholeText, yjs, edits] of [
  ['whole-text clients only', 4, 0, 60],
  ['Yjs clients only', 0, 4, 60],
  ['both kinds', 3, 3, 60],
  ['two of each, long', 2, 2, 150],
]) {
  test(`${name}: ${wholeText} whole-text and ${yjs} Yjs clients, ${edits} edits each`, async (t) => {
    const dice = chance(t);
    const people = await guests(server, ...Array.from({ length: wholeText + yjs }, (_, i) => `Typist ${i}`));
    const { id } = await people[0].room({ max_participants: 20 });
    const starter = await TextClient.enter(people[0], id);
    const tag = tags();
    const book = { typed: new Set(), deleted: new Set() };
    const start = tag(20);
    for (const character of start) book.typed.add(character);
    await starter.send(start, starter.version);
    starter.close();

    const clients = [];
    for (const [index, person] of people.entries()) {
      clients.push(index < wholeText ? await TextClient.enter(person, id, { callback: index % 2 === 1 }) : await YjsClient.enter(person, id));
    }
    await Promise.all(clients.map((client) => type(client, dice, tag, edits, book)));
    const text = await converge(clients);
    const newcomer = await people[0].enter(id);
    const replica = await YjsClient.enter(people[0], id);

    const wanted = [...book.typed].filter((character) => !book.deleted.has(character)).sort();
    const found = [...text].sort();
    const lost = wanted.filter((character) => !text.includes(character));
    const revived = [...new Set(found)].filter((character) => !wanted.includes(character));
    const doubled = found.filter((character, index) => character === found[index - 1]);
    assert.deepEqual({ lost, revived, doubled }, { lost: [], revived: [], doubled: [] }, `seed ${dice.seed}`);
    assert.equal(newcomer.joined.current_content, text, `a newcomer sees another text, seed ${dice.seed}`);
    assert.equal(replica.text, text, `a new replica sees another text, seed ${dice.seed}`);
    for (const client of clients) assert.equal(client.conflicts ?? 0, 0, 'a version in flight was forgotten');
    for (const client of clients) assert.deepEqual(client.refused ?? [], []);
    [...clients, replica].forEach((client) => client.close());
    newcomer.close();
  });
}

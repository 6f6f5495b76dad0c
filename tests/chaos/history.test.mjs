// The judge must bite: every kind of damage, forged into a sound history, is found; a sound history is passed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chance } from '../conformance/clients.mjs';
import { History, judge } from './history.mjs';

/** A random history and the text a perfect server would hold. */
function sound(dice) {
  const history = new History();
  let text = '';
  for (let i = 0; i < 200; i++) {
    const index = dice.below(text.length + 1);
    const removed = dice.next() < 0.2 ? Math.min(3, text.length - index) : 0;
    const operation = history.record({ inserted: history.tag(1 + dice.below(3)), deleted: text.slice(index, index + removed), acked: dice.next() < 0.8, client: 'a', round: 0 });
    // What is not acknowledged may or may not have happened.
    if (operation.acked || dice.next() < 0.5) text = text.slice(0, index) + operation.inserted + text.slice(index + removed);
  }
  const stored = [];
  for (let i = 0; i < 20; i++) {
    const message = history.message(`m${i}`);
    message.acked = dice.next() < 0.7;
    if (message.acked || dice.next() < 0.5) stored.push(message.content);
  }
  return { history, text, stored };
}

test('a sound history is passed', (t) => {
  const dice = chance(t);
  for (let i = 0; i < 50; i++) {
    const { history, text, stored } = sound(dice);
    assert.deepEqual(judge(history, text, stored), {}, `seed ${dice.seed}`);
  }
});

test('a server that acknowledges before it commits is found out', (t) => {
  const dice = chance(t);
  for (let i = 0; i < 50; i++) {
    // The last commit never happened although it was acknowledged.
    const { history, text } = sound(dice);
    const last = history.record({ inserted: history.tag(2), deleted: '', acked: true, client: 'a', round: 0 });
    assert.deepEqual(judge(history, text), { lost: [...last.inserted], ...lostMessages(history) }, `seed ${dice.seed}`);
  }
  function lostMessages({ messages }) {
    const lost = messages.filter((m) => m.acked).map((m) => m.content);
    return lost.length > 0 ? { lostMessages: lost } : {};
  }
});

test('each kind of damage is found alone', (t) => {
  const dice = chance(t);
  for (let i = 0; i < 50; i++) {
    const { history, text, stored } = sound(dice);
    const deleted = new Set(history.operations.flatMap((operation) => [...operation.deleted]));
    const kept = [...text].find((character) => history.operations.some((o) => o.acked && o.inserted.includes(character)) && !deleted.has(character));
    assert.deepEqual(judge(history, text.replace(kept, ''), stored), { lost: [kept] });
    assert.deepEqual(judge(history, text + kept, stored), { doubled: [kept] });
    assert.deepEqual(judge(history, text + '\u0001', stored), { foreign: ['\u0001'] });
    const gone = history.operations.filter((operation) => operation.acked).map((operation) => operation.deleted[0]).find(Boolean);
    if (gone) assert.deepEqual(judge(history, text + gone, stored), { revived: [gone] });
    const said = history.messages.find((message) => message.acked).content;
    assert.deepEqual(judge(history, text, stored.filter((content) => content !== said)), { lostMessages: [said] });
    assert.deepEqual(judge(history, text, [...stored, said]), { doubledMessages: [said] });
  }
});

// kill -9 while people type, over and over on the same data: everything that was acknowledged is in the text after the restart, nothing is in
// it twice, and what the log replays is what the server showed. CODECHILL_CHAOS_ROUNDS (20) sets how often.
//
// The typists: two whole-text clients with several changes in flight; one that has one in flight and sends it again after the restart, with its
// operation id, as a client does that never saw the acknowledgement; a Yjs client whose tab survives every kill and one whose tab dies too;
// somebody who chats.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { chance, converge, guests, TextClient, within, Y, YjsClient } from '../conformance/clients.mjs';
import { ServerProcess } from '../conformance/server.mjs';
import { History, judge } from './history.mjs';

const ROUNDS = Number(process.env.CODECHILL_CHAOS_ROUNDS ?? 20);
// Snapshots, checkpoints and merging often enough that kills fall into them.
const server = new ServerProcess({ env: { Rooms__SnapshotEvery: '20', Rooms__HistoryKeep: '30', History__CheckpointEvery: '25' } });
before(() => server.start());
after(() => server.dispose());

async function storedMessages(person, id) {
  const stored = [];
  for (let page = 1; ; page++) {
    const reply = await person.get(`/api/chat/room/${id}/messages?per_page=100&page=${page}`);
    assert.equal(reply.status, 200, reply.what);
    stored.push(...reply.body.messages.map((message) => message.content));
    if (!reply.body.pagination.has_next) return stored;
  }
}

test(`${ROUNDS} times kill -9 at a random moment`, { timeout: 120_000 + 40_000 * ROUNDS }, async (t) => {
  const dice = chance(t);
  const history = new History();
  const people = await guests(server, 'Ada', 'Bob', 'Cid', 'Dot', 'Eve', 'Fay');
  const { id } = await people[0].room();
  for (const person of people.slice(1)) await person.post(`/api/rooms/${id}/join`);
  const starter = await TextClient.enter(people[0], id);
  await starter.send('', starter.version);
  starter.close();

  const survivor = new Y.Doc();
  let resend; // the one change of the careful client that nobody acknowledged
  let resent = { again: 0, answered: 0 };
  let operations = 0;

  async function roundOfTyping(round) {
    let over = false;
    const texts = await Promise.all(people.slice(0, 3).map((person, i) => TextClient.enter(person, id, { callback: i === 1 })));
    const careful = texts[2];
    const yjs = [await YjsClient.enter(people[3], id, { doc: survivor }), await YjsClient.enter(people[4], id)];
    const all = [...texts, ...yjs];

    if (resend) {
      resent.again++;
      const { operation, content, version, extra } = resend;
      // It goes back to what it held: the text it had typed, on the version it names.
      careful.version = version;
      resend = undefined;
      const answer = await careful.send(content, version, extra);
      if (answer.ok) {
        operation.acked = true;
        resent.answered++;
      }
    }
    const settled = await converge(all);
    assert.deepEqual(judge(history, settled, await storedMessages(people[5], id)), {}, `round ${round}, seed ${dice.seed}`);

    const edit = (client, extra) => {
      const { text, version } = client;
      const index = dice.below(text.length + 1);
      const removed = text.length > 400 ? Math.min(text.length - index, dice.below(40)) : dice.next() < 0.2 ? Math.min(2, text.length - index) : 0;
      const operation = history.record({ inserted: history.tag(1 + dice.below(2)), deleted: text.slice(index, index + removed), acked: false, client: client.peer.person.name, round });
      operations++;
      const answered = client.edit(index, removed, operation.inserted, extra).then((answer) => {
        operation.acked = answer.ok === true;
        return answer;
      });
      answered.catch(() => {});
      return { operation, content: client.text, version, extra, answered };
    };
    const alive = () => !over && server.alive;
    const typists = [texts[0], texts[1], ...yjs].map(async (client) => {
      while (alive()) {
        edit(client);
        await pause(1 + dice.below(25));
      }
    });
    typists.push((async () => {
      while (alive()) {
        const sent = edit(careful, { operation_id: `careful-${round}-${operations}` });
        resend = sent;
        await Promise.race([sent.answered.catch(() => {}), careful.peer.closed]);
        if (!sent.operation.acked) return;
        resend = undefined;
      }
    })());
    typists.push((async () => {
      while (alive()) {
        const message = history.message(`message ${history.messages.length}`);
        const reply = await people[5].post(`/api/chat/room/${id}/messages`, { content: message.content }).catch(() => undefined);
        message.acked = reply?.status === 201;
        await pause(5 + dice.below(30));
      }
    })());

    await pause(30 + dice.below(400));
    // One time in five while the server is stopping politely, which is when buffers are being emptied.
    if (dice.next() < 0.2) {
      server.stop();
      await pause(dice.below(60));
    }
    await server.kill9();
    over = true;
    await Promise.all(typists);
    for (const client of all) client.close();
  }

  for (let round = 1; round <= ROUNDS; round++) {
    await roundOfTyping(round);
    await server.start();
  }

  // In the end: what everyone holds, what a newcomer is given, and what the log replays after one more kill are the same.
  const whole = await TextClient.enter(people[0], id);
  const back = await YjsClient.enter(people[3], id, { doc: survivor });
  await Promise.all([whole.append(history.record({ inserted: history.tag(1), deleted: '', acked: true, client: 'Ada', round: ROUNDS }).inserted),
    back.append(history.record({ inserted: history.tag(1), deleted: '', acked: true, client: 'Dot', round: ROUNDS }).inserted)]);
  const live = await converge([whole, back]);
  const { version } = await back.sync();
  await server.kill9();
  [whole, back].forEach((client) => client.close());
  await server.start();
  const replayed = await YjsClient.enter(people[4], id);
  const newcomer = await people[1].enter(id);
  const stored = await storedMessages(people[5], id);
  assert.equal(replayed.text, live, `seed ${dice.seed}`);
  assert.equal(newcomer.joined.current_content, live);
  assert.equal(newcomer.joined.content_version, version);
  assert.deepEqual(Y.encodeStateVector(replayed.doc), Y.encodeStateVector(survivor), 'the log holds less, or more, than the server showed');
  assert.deepEqual(judge(history, live, stored), {}, `seed ${dice.seed}`);
  // The past is whole too: the newest version is the text, and the film of all of it ends there.
  assert.equal((await people[0].get(`/api/rooms/${id}/history/${version}`)).body.content, live);
  const [head, ...film] = (await people[0].get(`/api/rooms/${id}/replay`)).text.trimEnd().split('\n').map((line) => JSON.parse(line));
  let played = head.base_content;
  for (const [, kind, , , edits] of film.filter(([, kind]) => kind !== 'c')) {
    assert.equal(kind, 'e', 'nothing is damaged');
    for (const [index, deleted, inserted] of [...edits].reverse()) played = played.slice(0, index) + inserted + played.slice(index + deleted);
  }
  assert.equal(played, live, `the film, seed ${dice.seed}`);
  assert.equal(head.base_version, 0, 'it begins at the beginning');
  assert.ok(history.acked > ROUNDS * 5, `only ${history.acked} acknowledged edits: the test shows nothing`);
  assert.doesNotMatch(server.logs, /unhandled/i);
  t.diagnostic(`${ROUNDS} rounds, ${operations} edits of which ${history.acked} acknowledged, ${history.messages.filter((m) => m.acked).length} messages, ${resent.again} changes sent again (${resent.answered} accepted)`);
  replayed.close();
  newcomer.close();
  await within(server.stop(), 'the last stop');
});

// Whatever people call themselves, their rooms, or say: it is shown as text and does nothing.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { Stage } from './people.mjs';

const HOSTILE = [
  '<script>window.__xss=1</script>',
  '<img src=x onerror="window.__xss=1">',
  '<svg onload="window.__xss=1">',
  '"><script>window.__xss=1</script>',
  '\'"><img src=x onerror=window.__xss=1>',
  '<iframe srcdoc="<script>parent.__xss=1</script>">',
  '<a href="javascript:window.__xss=1">click</a>',
  'javascript:window.__xss=1',
  '<math><mtext><img src=x onerror=window.__xss=1>',
  '<style>@import url(//evil.example/x.css);*{display:none}</style>',
  '<body onload=window.__xss=1>',
  '<input autofocus onfocus=window.__xss=1>',
  '<details open ontoggle=window.__xss=1>',
  '{{constructor.constructor("window.__xss=1")()}}',
  '${window.__xss=1}',
  '</textarea><script>window.__xss=1</script>',
  '<!--><img src=x onerror=window.__xss=1>-->',
  '&lt;script&gt;window.__xss=1&lt;/script&gt;',
  '<base href="//evil.example/">',
  '\u202eevil \u2066<b onmouseover=window.__xss=1>x</b>',
];

describe('hostile text', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** Nothing ran, nothing was built from the text, nothing was fetched elsewhere. */
  async function isInert(person) {
    const found = await person.page.evaluate(() => ({
      ran: window.__xss ?? null,
      elements: document.querySelectorAll('#app script, #app img:not(.cm-widgetBuffer), #app iframe, #app base, #app style, #app input[autofocus], #app [onerror], #app [onload], #app [onmouseover], #app [ontoggle]').length,
      links: [...document.querySelectorAll('a')].filter((a) => !/^https?:/.test(a.href)).length,
    }));
    assert.deepEqual(found, { ran: null, elements: 0, links: 0 });
    assert.deepEqual(person.foreign, []);
    person.noTroubles();
  }

  function watch(person) {
    person.foreign = [];
    person.page.on('request', (request) => {
      if (!request.url().startsWith(person.base) && !request.url().startsWith(person.base.replace('http', 'ws'))) person.foreign.push(request.url());
    });
  }

  test('in chat messages', async () => {
    const { ada, bob } = await stage.pair();
    watch(bob);
    for (const text of HOSTILE) {
      await ada.say(text);
      await bob.page.waitForFunction((wanted) => [...document.querySelectorAll('[data-testid=chat-messages] .message-text')].some((each) => each.textContent === wanted), text);
    }
    await isInert(bob);
    await bob.page.reload();
    await bob.inRoom();
    await bob.page.waitForFunction((count) => document.querySelectorAll('[data-testid=chat-messages] article').length === count, HOSTILE.length);
    await isInert(bob);
  });

  test('in the names and descriptions of rooms', async () => {
    const ada = await stage.guest('Ada');
    watch(ada);
    let maker;
    for (const [index, text] of HOSTILE.entries()) {
      if (index % 5 === 0) maker = await stage.apiGuest(`Maker ${index}`);
      const made = await stage.api(maker.token, 'POST', '/api/rooms', { name: text, description: text });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      if (index % 5 !== 0) continue;
      await ada.page.goto(`${ada.base}/room/${made.body.room.id}`);
      await ada.inRoom();
      assert.equal(await ada.at('room-title').textContent(), text.trim());
      await isInert(ada);
    }
    await ada.page.goto(ada.base);
    await ada.at('public-rooms').locator('a').first().waitFor();
    await isInert(ada);
    await ada.at('room-search').fill('__xss');
    await ada.at('public-rooms').getByText('window.__xss', { exact: false }).first().waitFor();
    await isInert(ada);
  });

  test('in people\'s names, wherever they are shown', async () => {
    const host = await stage.guest('Host');
    const id = await host.createRoom({ capacity: 50 });
    watch(host);
    for (const text of HOSTILE) {
      const { token, user } = await stage.apiGuest(text.slice(0, 40));
      const socket = io(stage.server.url, { auth: { token }, transports: ['websocket'], reconnection: false });
      try {
        const joined = await socket.timeout(60_000).emitWithAck('join_room', { room_id: id });
        assert.equal(joined.ok, true, JSON.stringify(joined));
        await socket.timeout(60_000).emitWithAck('send_message', { content: 'hello', type: 'text' });
        await host.page.waitForFunction((userId) => document.querySelector(`[data-user="${userId}"]`), user.id);
        await isInert(host);
      } finally {
        socket.disconnect();
      }
    }
  });

  test('in cursors: names, colours and positions that other clients made up', async () => {
    const host = await stage.guest('Host');
    const id = await host.createRoom();
    watch(host);
    const { token } = await stage.apiGuest('Mallory');
    const socket = io(stage.server.url, { auth: { token }, transports: ['websocket'], reconnection: false });
    const joined = await socket.timeout(60_000).emitWithAck('join_room', { room_id: id });
    assert.equal(joined.ok, true, JSON.stringify(joined));
    const good = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(new Y.Doc().getText('content'), 0));
    for (const user of [
      { id: 'x', name: HOSTILE[1], color: 'red;position:fixed;inset:0;z-index:9999;background:url(//evil.example/a)', colorLight: '"><img src=x onerror=window.__xss=1>' },
      { id: 'x', name: 'n'.repeat(20_000), color: '#ff0000' },
      { id: { toString: 'x' }, name: 7, color: null },
    ]) {
      for (const cursor of [{ anchor: good, head: good }, { anchor: { item: { client: 'x' } }, head: 5 }, 'cursor', null]) {
        const doc = new Y.Doc();
        const awareness = new Awareness(doc);
        awareness.setLocalState({ user, cursor });
        const update = encodeAwarenessUpdate(awareness, [doc.clientID]);
        awareness.destroy();
        socket.emit('awareness_update', { room_id: id, update: Buffer.from(update) });
      }
    }
    // A well-behaved cursor is shown after them: the bad ones broke nothing. Said again and again, as cursors may be dropped
    // on their way when many come at once.
    const doc = new Y.Doc();
    const awareness = new Awareness(doc);
    awareness.setLocalState({ user: { id: 'm', name: 'Mallory', color: '#123456' }, cursor: { anchor: good, head: good } });
    const repeat = setInterval(() => {
      awareness.setLocalState(awareness.getLocalState());
      socket.emit('awareness_update', { room_id: id, update: Buffer.from(encodeAwarenessUpdate(awareness, [doc.clientID])) });
    }, 200);
    try {
      await host.page.locator('.cm-ySelectionInfo', { hasText: 'Mallory' }).waitFor();
    } finally {
      clearInterval(repeat);
      awareness.destroy();
    }
    const styles = await host.page.evaluate(() => [...document.querySelectorAll('.cm-ySelectionCaret')].map((each) => getComputedStyle(each).position));
    assert.ok(styles.every((position) => position === 'relative'), styles.join());
    await isInert(host);
    await host.typeAtEnd('still works');
    await host.saved();
    socket.disconnect();
  });
});

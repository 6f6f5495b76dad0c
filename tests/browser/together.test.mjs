// The main job: two people type, see each other, talk, and run what they wrote.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { Stage } from './people.mjs';

describe('two people in a room', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('type at the same time and end with the same text, which is also the server\'s', async () => {
    const { ada, bob, id } = await stage.pair();
    const before = await ada.text();
    await bob.waitForText(before);
    // Both ends of the text at once, with corrections in between.
    const adaTypes = (async () => {
      await ada.code.focus();
      await ada.page.keyboard.press('Control+Home');
      for (let i = 0; i < 12; i++) {
        await ada.page.keyboard.type(`top${i} `, { delay: 5 });
        if (i % 4 === 3) await ada.page.keyboard.press('Backspace');
      }
    })();
    const bobTypes = (async () => {
      await bob.code.focus();
      await bob.page.keyboard.press('Control+End');
      for (let i = 0; i < 12; i++) {
        await bob.page.keyboard.type(`end${i} `, { delay: 5 });
        if (i % 5 === 4) await bob.page.keyboard.press('Control+Backspace');
      }
    })();
    await Promise.all([adaTypes, bobTypes]);
    await Promise.all([ada.saved(), bob.saved()]);
    const text = await ada.text();
    await bob.waitForText(text);
    assert.match(text, /^top0 top1 top2 top3top4 /);
    assert.match(text, /end11 $/);
    const { token } = await stage.apiGuest('Checker');
    assert.equal(await stage.serverText(id, token), text);
    ada.noTroubles();
    bob.noTroubles();
  });

  test('see each other\'s text and cursor', async () => {
    const { ada, bob } = await stage.pair();
    await bob.code.focus();
    await bob.page.keyboard.press('Control+End');
    await ada.page.locator('.cm-ySelectionInfo', { hasText: 'Bob' }).waitFor();
    for (let i = 0; i < 5; i++) {
      await bob.page.keyboard.insertText(`<${i}>`);
      await ada.waitForTextToHave(`<${i}>`);
    }
    ada.noTroubles();
  });

  test('undo takes back only what one typed oneself', async () => {
    const { ada, bob } = await stage.pair();
    await ada.typeAtEnd('ADA');
    await bob.waitForTextToHave('ADA');
    await bob.typeAtEnd('BOB');
    await ada.waitForTextToHave('BOB');
    await ada.code.focus();
    await ada.page.keyboard.press('Control+z');
    await ada.page.waitForFunction(() => !window.__codechill.text().includes('ADA'));
    assert.match(await ada.text(), /BOB$/);
    await ada.page.keyboard.press('Control+y');
    await bob.waitForTextToHave('ADABOB');
  });

  test('chat, with a mark for what was not seen yet', async () => {
    const { ada, bob } = await stage.pair();
    await ada.say('Hello **Bob** <b>!');
    await bob.at('chat-messages').getByText('Hello **Bob** <b>!').waitFor();
    await bob.say('Hi Ada');
    await ada.at('chat-messages').getByText('Hi Ada').waitFor();
    assert.equal(await ada.at('chat-messages').locator('article').count(), 2);
    // A phone shows one part of the room at a time; the tab tells of unread messages.
    await bob.page.setViewportSize({ width: 360, height: 740 });
    await ada.say('Are you there?');
    await bob.at('chat-unread').waitFor();
    assert.equal(await bob.at('chat-unread').textContent(), '1');
    await bob.at('tab-chat').click();
    await bob.at('chat-unread').waitFor({ state: 'hidden' });
    ada.noTroubles();
    bob.noTroubles();
  });

  test('a message can be corrected and taken back, for everyone', async () => {
    const { ada, bob } = await stage.pair();
    await ada.say('Helo');
    await bob.at('chat-messages').getByText('Helo').waitFor();
    const message = ada.at('chat-messages').locator('article');
    await message.hover();
    await message.getByRole('button', { name: 'Edit message' }).click();
    await ada.at('edit-message').getByLabel('Message').fill('Hello');
    await ada.at('edit-message').getByRole('button', { name: 'Save' }).click();
    await bob.at('chat-messages').getByText('Hello', { exact: true }).waitFor();
    await message.hover();
    await message.getByRole('button', { name: 'Delete message' }).click();
    await ada.at('confirm-yes').click();
    await bob.at('chat-messages').getByText('[Message deleted]').waitFor();
  });

  test('Run shows the output to both, streams apart, with its input', async () => {
    const { ada, bob } = await stage.pair({ language: 'python' });
    await ada.code.focus();
    await ada.page.keyboard.press('Control+a');
    await ada.page.keyboard.insertText('import sys\nname = input()\nprint("Hello,", name)\nprint("to stderr", file=sys.stderr)\n');
    await ada.page.locator('.stdin summary').click();
    await ada.at('stdin').fill('world\n');
    await ada.code.focus();
    await ada.page.keyboard.press('Control+Enter');
    for (const person of [ada, bob]) {
      await person.at('output').locator('[data-tone=good]').waitFor();
      // The streams may be interleaved anywhere, as on a terminal.
      const printed = (stream) => person.at('output').locator(`[data-stream=${stream}]`).allTextContents().then((parts) => parts.join(''));
      assert.equal(await printed('stdout'), 'Hello, world\n');
      assert.equal(await printed('stderr'), 'to stderr\n');
      assert.match(await person.at('output').textContent(), /Ada · Python.*exit code 0/);
    }
    ada.noTroubles();
    bob.noTroubles();
  });

  test('a failing program is shown as failed', async () => {
    const { ada, bob } = await stage.pair({ language: 'javascript' });
    await ada.code.focus();
    await ada.page.keyboard.press('Control+a');
    await ada.page.keyboard.insertText('throw new Error("on purpose");\n');
    await ada.at('run-button').click();
    await bob.at('output').locator('[data-tone=bad]').waitFor();
    await bob.at('output').locator('[data-stream=stderr]', { hasText: 'on purpose' }).first().waitFor();
  });

  test('output arrives while the program still runs', async () => {
    const { ada, bob } = await stage.pair({ language: 'python' });
    // It goes on when somebody says so, not after some time.
    await ada.replaceText('print("first", flush=True)\ninput()\nprint("second")\n');
    await ada.at('run-button').click();
    await bob.at('output').getByText('first').waitFor();
    await bob.at('output').locator('[data-tone=running]').waitFor();
    await ada.at('live-input').waitFor();
    await ada.at('live-send').click();
    await bob.at('output').locator('[data-tone=good]').waitFor();
    assert.equal(await bob.printed('stdout'), 'first\nsecond\n');
  });

  test('text with Windows line ends from another client keeps everybody\'s positions right', async () => {
    const { ada, bob, id } = await stage.pair();
    const { token } = await stage.apiGuest('Windows');
    const socket = io(stage.server.url, { auth: { token }, transports: ['websocket'], reconnection: false });
    try {
      const joined = await socket.timeout(60_000).emitWithAck('join_room', { room_id: id });
      assert.equal(joined.ok, true, JSON.stringify(joined));
      const changed = await socket.timeout(60_000).emitWithAck('code_change', { content: 'one\r\ntwo\r\nthree', version: joined.content_version });
      assert.equal(changed.ok ?? changed.success, true, JSON.stringify(changed));
      await ada.waitForText('one\r\ntwo\r\nthree');
      await ada.typeAtEnd('!');
      await bob.waitForText('one\r\ntwo\r\nthree!');
    } finally {
      socket.disconnect();
    }
    await ada.saved();
    assert.equal(await stage.serverText(id, token), 'one\r\ntwo\r\nthree!');
    ada.noTroubles();
  });

  test('people come and go, and the list says so', async () => {
    const { ada, bob } = await stage.pair();
    await ada.at('participants').getByText('Bob').waitFor();
    await bob.page.getByRole('link', { name: 'All rooms' }).click();
    await bob.at('create-room').waitFor();
    await ada.at('participants').getByText('Bob').waitFor({ state: 'detached' });
    await ada.page.locator('.cm-ySelectionInfo').waitFor({ state: 'detached' });
    assert.equal(await ada.at('participants').locator('li').count(), 1);
  });
});

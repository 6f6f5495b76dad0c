// What a person sees, and keeps, when the network or the server goes away.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { LONG, Stage } from './people.mjs';

describe('outages', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  beforeEach(() => stage.ready());
  afterEach(() => stage.clear());
  after(() => stage?.close());

  for (const [how, cut, mend] of [
    ['the browser goes offline', (bob) => bob.context.setOffline(true), (bob) => bob.context.setOffline(false)],
    ['the connection is cut', (bob) => bob.proxy.cut(), (bob) => bob.proxy.open()],
  ]) {
    test(`${how}: edits made meanwhile on both sides merge`, async () => {
      const { ada, bob, id } = await stage.pair();
      await bob.watchSaveState();
      await cut(bob);
      await bob.typeAtEnd('\n// from bob, offline');
      await bob.waitForSaveState(/^Not saved – offline, \d+ edits kept here$/);
      await ada.code.focus();
      await ada.page.keyboard.press('Control+Home');
      await ada.page.keyboard.type('// from ada, meanwhile');
      await ada.saved();
      assert.doesNotMatch(await ada.text(), /from bob/);
      assert.equal(await bob.page.evaluate(() => document.querySelector('[data-testid=connection-state]').textContent !== 'Connected'), true);
      await mend(bob);
      await Promise.all([bob.saved(), ada.waitForTextToHave('from bob, offline'), bob.waitForTextToHave('from ada, meanwhile')]);
      const text = await ada.text();
      await bob.waitForText(text);
      const { token } = await stage.apiGuest('Checker');
      assert.equal(await stage.serverText(id, token), text);
      // Bob's cursor is back on Ada's screen although he hasn't moved it.
      await ada.page.locator('.cm-ySelectionInfo', { hasText: 'Bob' }).waitFor();
      bob.noTroubles();
    });
  }

  test('deletions made while cut off survive, and do not bring deleted text back', async () => {
    const { ada, bob } = await stage.pair();
    await ada.typeAtEnd('DELETE-ME');
    await bob.waitForTextToHave('DELETE-ME');
    await ada.saved();
    await bob.proxy.cut();
    await bob.code.focus();
    await bob.page.keyboard.press('Control+End');
    for (let i = 0; i < 'DELETE-ME'.length; i++) await bob.page.keyboard.press('Backspace');
    await bob.waitForSaveState(/^Not saved/);
    await bob.proxy.open();
    await bob.saved();
    await ada.page.waitForFunction(() => !window.__codechill.text().includes('DELETE'));
    await ada.waitForText(await bob.text());
  });

  test('a connection that carries nothing is noticed, and never called saved', async () => {
    const { ada, bob } = await stage.pair();
    await bob.watchSaveState();
    bob.proxy.stall();
    await bob.typeAtEnd('x');
    await bob.waitForSaveState(/^Saving… \d+ s$/);
    const said = (await bob.said()).map(({ text }) => text);
    assert.equal(said[0], 'Saved');
    assert.ok(said.slice(1).every((text) => !/^Saved/.test(text)), said.join(' | '));
    bob.proxy.open();
    await bob.saved();
    await ada.waitForText(await bob.text());
  });

  test('a frozen server: the page never says Saved, and does when the server thaws', async () => {
    const { ada } = await stage.pair();
    await ada.watchSaveState();
    stage.server.freeze();
    try {
      await ada.typeAtEnd('typed into a frozen server');
      await ada.waitForSaveState(/^Saving… (?:[5-9]|\d{2,}) s$/);
      const said = (await ada.said()).map(({ text }) => text);
      assert.equal(said[0], 'Saved');
      assert.ok(said.slice(1).every((text) => !/^Saved/.test(text)), said.join(' | '));
    } finally {
      stage.server.thaw();
    }
    await ada.saved();
  });

  test('kill -9 while typing: what was called saved is there after the restart, and what was not comes from the tab', async () => {
    const { ada, bob, id } = await stage.pair();
    await ada.typeAtEnd('\n// saved before the crash');
    await ada.saved();
    const typing = ada.typeAtEnd('\n// and typed through it: 0123456789 0123456789 0123456789', { delay: 15 });
    await ada.waitForTextToHave('through it: 01');
    await stage.server.kill9();
    await typing;
    await ada.waitForSaveState(/^(Not saved – offline, \d+ edits kept here|Reconnecting…)$/);
    // The saved part doesn't need any tab: ask before the tabs are back.
    ada.proxy.cut();
    bob.proxy.cut();
    await stage.ready();
    const { token } = await stage.apiGuest('Checker');
    assert.match(await stage.serverText(id, token), /saved before the crash/);
    ada.proxy.open();
    bob.proxy.open();
    await ada.saved();
    const text = await ada.text();
    assert.match(text, /0123456789 0123456789 0123456789$/);
    await bob.waitForText(text);
    assert.equal(await stage.serverText(id, token), text);
    ada.noTroubles();
  });

  test('edits that were never saved survive a closed tab', async () => {
    const { ada, id } = await stage.pair();
    ada.proxy.cut();
    await ada.typeAtEnd('\n// written on the train');
    await ada.waitForSaveState(/^Not saved/);
    const expected = await ada.text();
    await ada.storedLocally(id);
    await ada.page.close({ runBeforeUnload: false });
    ada.proxy.open();
    ada.page = await ada.context.newPage();
    await ada.page.goto(`${ada.base}/`);
    await ada.page.locator('.card-unsaved').first().waitFor();
    await ada.openRoom(id);
    await ada.waitForText(expected);
    await ada.saved();
    const { token } = await stage.apiGuest('Checker');
    assert.equal(await stage.serverText(id, token), expected);
  });

  test('ten thousand edits in a tab that is offline, closed and opened again: none is lost', LONG, async () => {
    const { ada, bob, id } = await stage.pair();
    await ada.context.setOffline(true);
    await ada.replaceText('');
    await ada.page.locator('[data-testid=connection-state]:not([data-link=online])').waitFor();
    await ada.code.focus();
    // One edit after the other, as typing makes them, without the way through the browser's driver for each.
    await ada.page.evaluate(async (count) => {
      const turn = new MessageChannel();
      for (let i = 0; i < count; i++) {
        document.execCommand('insertText', false, i % 50 === 49 ? ';' : String.fromCharCode(97 + (i % 26)));
        // The editor reads what the browser did once the script lets go.
        await new Promise((resolve) => {
          turn.port1.onmessage = resolve;
          turn.port2.postMessage(null);
        });
      }
    }, 10_000);
    await ada.page.waitForFunction(() => window.__codechill.text().length >= 10_000);
    await ada.waitForSaveState(/^Not saved – offline, \d+ edits kept here$/);
    const expected = await ada.text();
    // Meanwhile the room goes on.
    await bob.page.bringToFront();
    await bob.saved();
    await ada.storedLocally(id);
    await ada.page.close({ runBeforeUnload: false });
    await ada.context.setOffline(false);
    ada.page = await ada.context.newPage();
    await ada.openRoom(id);
    await ada.waitForText(expected);
    await ada.saved();
    await bob.waitForText(expected);
    const { token } = await stage.apiGuest('Checker');
    assert.equal(await stage.serverText(id, token), expected);
  });

  test('a server that stops properly is a short reconnect, not a loss', async () => {
    const { ada, bob } = await stage.pair();
    await ada.typeAtEnd('\n// before the restart');
    const how = await stage.server.stop();
    assert.equal(how.code, 0, 'clean exit');
    await ada.page.locator('[data-testid=connection-state]:not([data-link=online])').waitFor();
    await stage.ready();
    await Promise.all([ada.saved(), bob.saved()]);
    await bob.waitForText(await ada.text());
  });
});

// What the text was, who wrote it, going back to it, and watching how it came to be.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { LONG, Stage } from './people.mjs';

describe('history', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  const shownText = (person) => person.at('history').locator('.version-view .cm-content');

  /** Ada and Bob have written one line each, have run it and talked about it. */
  async function session(t) {
    const { ada, bob, id } = await stage.pair({ name: 'Remembered', language: 'python' });
    const offered = await stage.api(ada.token, 'GET', `/api/rooms/${id}/history`);
    if (offered.status === 404 && offered.body?.code === 'platform.not_found') {
      t.skip('this server keeps no history');
      return null;
    }
    await ada.replaceText('');
    await ada.type('print("ada was here")');
    await ada.saved();
    await bob.waitForTextToHave('ada was here');
    await bob.typeAtEnd('\nprint("and bob")');
    await bob.saved();
    await ada.waitForTextToHave('and bob');
    await ada.say('Shall we run it?');
    await bob.at('chat-messages').getByText('Shall we run it?').waitFor();
    await bob.at('run-button').click();
    await ada.at('output').locator('[data-tone=good]').waitFor();
    return { ada, bob, id };
  }

  test('versions with their authors\' colours, the difference to now, and restoring one', async (t) => {
    const people = await session(t);
    if (!people) return;
    const { ada, bob } = people;
    const before = await ada.text();
    await bob.replaceText('print("all gone")\n');
    await bob.saved();
    await ada.waitForText('print("all gone")\n');
    await ada.at('history').click();
    const drawer = ada.page.locator('dialog[data-testid=history]');
    await drawer.getByTestId('version').first().waitFor();
    // Bob's last stretch is the newest; the one before it that is Bob's or Ada's has both lines.
    const count = await drawer.getByTestId('version').count();
    assert.ok(count >= 2, `${count} entries`);
    for (let index = 0; index < count; index++) {
      await drawer.getByTestId('version').nth(index).click();
      await drawer.locator('.version-view:not([aria-busy])').waitFor();
      if ((await drawer.locator('.version-view .cm-content').innerText()).includes('ada was here')) break;
    }
    await drawer.locator('.version-view .author').first().waitFor();
    const { user } = await ada.page.evaluate(() => JSON.parse(localStorage.getItem('codechill.session')));
    const mine = await drawer.locator(`.version-view [data-author="${user.id}"]`).allTextContents();
    assert.match(mine.join(''), /ada was here/);
    await ada.shot('history-versions');
    await drawer.getByTestId('view-diff').click();
    await drawer.locator('.cm-deletedChunk, .cm-changedLine').first().waitFor();
    await ada.shot('history-diff');
    await drawer.getByTestId('version-restore').click();
    await ada.at('confirm-yes').click();
    await drawer.waitFor({ state: 'detached' });
    await bob.page.waitForFunction(() => window.__codechill.text().includes('ada was here'));
    await ada.saved();
    assert.ok(before.includes('ada was here'));
    // Bob is neither owner nor moderator: he looks, and can't restore.
    await bob.at('history').click();
    await bob.page.locator('dialog[data-testid=history]').getByTestId('version').first().waitFor();
    assert.equal(await bob.at('version-restore').count(), 0);
    ada.noTroubles();
    bob.noTroubles();
  });

  test('the session as a film: played, scrubbed, with the run and the message on its bar', async (t) => {
    const people = await session(t);
    if (!people) return;
    const { ada } = people;
    const now = await ada.text();
    await ada.at('history').click();
    await ada.at('history-replay').click();
    const film = ada.at('player');
    await film.and(ada.page.locator('[data-state=ready]')).waitFor();
    const text = film.locator('.cm-content');
    await ada.at('replay-scrub').focus();
    await ada.page.keyboard.press('End');
    await film.locator('.feed-item').first().waitFor();
    await ada.page.waitForFunction((wanted) => [...document.querySelectorAll('[data-testid=player] .cm-line')].map((line) => {
      const copy = line.cloneNode(true);
      copy.querySelectorAll('.pen').forEach((pen) => pen.remove());
      return copy.textContent;
    }).join('\n') === wanted, now);
    await film.getByText('Shall we run it?').waitFor();
    await film.getByText('Finished').waitFor();
    assert.ok(await film.locator('.mark-chat').count() >= 1);
    assert.ok(await film.locator('.mark-run').count() >= 1);
    await ada.shot('history-replay');
    // Back to the beginning: nothing was said yet; then played to the end.
    await ada.page.keyboard.press('Home');
    await film.getByText('Nothing was run or said yet.').waitFor();
    assert.doesNotMatch(await text.innerText(), /and bob/);
    await ada.at('replay-speed').selectOption('16');
    await ada.at('replay-play').click();
    await film.getByText('Finished').waitFor();
    await ada.page.waitForFunction(() => document.querySelector('[data-testid=replay-play]').title === 'Play');
    assert.match(await text.innerText(), /and bob/);
    await ada.at('replay-previous').click();
    ada.noTroubles();
  });

  test('a long made-up recording: any moment is there at once, in bounded memory', LONG, async () => {
    const { ada } = await stage.pair();
    const lines = [JSON.stringify({
      room_id: 'x', language: 'javascript', started_at: '2030-01-01T10:00:00Z', ended_at: '2030-01-01T18:00:00Z', base_version: 1, base_content: '',
      users: [{ id: 'a', name: 'Ada' }, { id: 'b', name: 'Bob' }, { id: 'c', name: '<img src=x onerror="window.__xss=1">' }], truncated: true,
    })];
    let length = 0;
    for (let i = 0; i < 30_000; i++) {
      const text = i % 40 === 39 ? '\n' : 'abcdefghij'[i % 10];
      lines.push(JSON.stringify([i * 400, 'e', i + 2, i % 3, [[length, 0, text]]]));
      length++;
      if (i % 3000 === 2999) lines.push(JSON.stringify([i * 400, 'c', i % 3, `m${i}`, `message ${i} <b>bold</b>`]), JSON.stringify([i * 400, 'r', `r${i}`, 0, 'javascript', i % 2 ? 'completed' : 'failed', 'out\n']));
    }
    await ada.context.route('**/replay', (route) => route.fulfill({ contentType: 'application/x-ndjson', body: lines.join('\n') }));
    await ada.context.route('**/history?*', (route) => route.fulfill({ json: { versions: [], pagination: { page: 1, pages: 0, per_page: 200, total: 0, has_next: false, has_prev: false }, first_version: 0, last_version: 0 } }));
    await ada.at('history').click();
    await ada.at('history-replay').click();
    const film = ada.at('player');
    await film.and(ada.page.locator('[data-state=ready]')).waitFor();
    const scrub = ada.at('replay-scrub');
    const end = Number(await scrub.getAttribute('max'));
    for (const part of [1, 0.25, 0.9, 0.5]) {
      await scrub.evaluate((input, to) => {
        input.value = String(to);
        input.dispatchEvent(new Event('input', { bubbles: true }));
      }, Math.round(end * part));
      const lines = Math.floor((30_000 * part) / 40);
      await ada.page.waitForFunction(([count]) => {
        const numbers = [...document.querySelectorAll('[data-testid=player] .cm-lineNumbers .cm-gutterElement')].filter((each) => each.style.visibility !== 'hidden').map((each) => Number(each.textContent));
        return Math.abs(Math.max(...numbers) - count) < 60;
      }, [lines]);
    }
    assert.equal(await ada.page.evaluate(() => window.__xss ?? null), null);
    await film.getByText('The beginning is no longer kept.').waitFor();
    await ada.shot('history-replay-long');
    ada.noTroubles();
  });
});

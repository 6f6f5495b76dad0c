// Test cases of a room: made by its owner, run by anybody, seen by all.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from './people.mjs';

const ADDS = 'a, b = map(int, input().split())\nprint("sum")\nprint(a + b)\n';

describe('test cases', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  async function addCase(person, { name, input, expected, hidden, time }) {
    await person.at('case-add').click();
    const editor = person.at('case-editor');
    await editor.getByTestId('case-name').fill(name);
    await editor.getByTestId('case-input').fill(input);
    await editor.getByTestId('case-expected').fill(expected);
    if (hidden) await editor.getByTestId('case-hidden').check();
    if (time) await editor.getByTestId('case-time').fill(time);
    await editor.getByTestId('case-submit').click();
    await editor.waitFor({ state: 'detached' });
    await person.at('cases').getByText(name, { exact: true }).waitFor();
  }

  const verdict = (person, name, text) => person.at('cases').locator('li', { hasText: name }).getByTestId('case-verdict').filter({ hasText: text }).waitFor();

  test('the owner writes cases, both run them, and a wrong answer shows its difference', async () => {
    const { ada, bob } = await stage.pair({ name: 'Adding', language: 'python' });
    for (const person of [ada, bob]) await person.at('bench-tests').click();
    await bob.at('cases').getByText('This room has no test cases').waitFor();
    assert.equal(await bob.at('case-add').isVisible(), false);
    await addCase(ada, { name: 'small', input: '1 2\n', expected: 'sum\n3' });
    await addCase(ada, { name: 'off by one', input: '5 5\n', expected: 'sum\n11' });
    await addCase(ada, { name: 'secret', input: '40 2\n', expected: 'sum\n42', hidden: true });
    await bob.at('cases').getByText('secret', { exact: true }).waitFor();
    await ada.replaceText(ADDS);
    await bob.waitForText(ADDS);
    await bob.at('cases-run').click();
    for (const person of [ada, bob]) {
      await person.at('cases-verdict').filter({ hasText: '2 of 3 accepted' }).waitFor();
      await verdict(person, 'small', 'Accepted');
      await verdict(person, 'off by one', 'Wrong answer');
      await verdict(person, 'secret', 'Accepted');
      await person.at('case-diff').getByText('11').waitFor();
      assert.equal(await person.at('case-diff').locator('.missing', { hasText: '11' }).count(), 1);
      assert.equal(await person.at('case-diff').locator('.extra', { hasText: '10' }).count(), 1);
    }
    await ada.shot('cases');
    // Hidden means hidden: Bob's page does not even have it.
    await bob.at('cases').locator('li', { hasText: 'secret' }).locator('summary').click();
    await bob.at('cases').getByText('known to the owner and moderators only').waitFor();
    assert.doesNotMatch(await bob.page.content(), /40 2/);
    // Corrected, all is well; and who comes later sees how it stands.
    await ada.at('cases').locator('li', { hasText: 'off by one' }).getByTestId('case-edit').click();
    await ada.at('case-expected').fill('sum\n10');
    await ada.at('case-submit').click();
    await ada.at('case-editor').waitFor({ state: 'detached' });
    await ada.at('cases-run').click();
    for (const person of [ada, bob]) await person.at('cases-verdict').filter({ hasText: 'All 3 accepted' }).waitFor();
    await bob.page.reload();
    await bob.inRoom();
    await bob.at('bench-tests').click();
    await bob.at('cases-verdict').filter({ hasText: 'All 3 accepted' }).waitFor();
    ada.noTroubles();
    bob.noTroubles();
  });

  test('a program that does not compile, one that never ends, and stopping the rest', async () => {
    const { ada, bob } = await stage.pair({ language: 'python' });
    for (const person of [ada, bob]) await person.at('bench-tests').click();
    await addCase(ada, { name: 'first', input: '1\n', expected: '1', time: '0.5' });
    await addCase(ada, { name: 'second', input: '2\n', expected: '2' });
    await ada.replaceText('print(\n');
    await ada.saved();
    await ada.at('cases-run').click();
    await bob.at('cases').locator('[data-verdict]:not([data-verdict=accepted])').first().waitFor();
    await bob.page.locator('[data-testid=cases-run]:not(:disabled)').waitFor();
    await ada.replaceText('n = int(input())\nwhile n == 1: pass\nimport time\nprint("begun", flush=True)\ntime.sleep(60)\n');
    await ada.saved();
    await ada.at('cases-run').click();
    await verdict(bob, 'first', 'Time limit');
    await bob.at('cases-stop').click();
    for (const person of [ada, bob]) await verdict(person, 'second', 'Stopped');
    // Gone for everyone.
    await ada.at('cases').locator('li', { hasText: 'second' }).getByTestId('case-delete').click();
    await ada.at('confirm-yes').click();
    await bob.page.waitForFunction(() => document.querySelectorAll('[data-testid=cases] > li').length === 1);
    ada.noTroubles();
  });
});

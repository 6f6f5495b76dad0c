// Running code together: typing into a program, queues and throttles, coming late, what can't be run.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from './people.mjs';

const ASKING = 'name = input("Who? ")\nprint("Hello,", name, flush=True)\nwhile True:\n    try:\n        print("got", input(), flush=True)\n    except EOFError:\n        break\nprint("bye")\n';

describe('running', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('both type into the running program, and end its input', async () => {
    const { ada, bob } = await stage.pair({ language: 'python' });
    await ada.replaceText(ASKING);
    await ada.saved();
    await ada.at('run-button').click();
    await Promise.all([ada, bob].map((person) => person.output('Who?')));
    await ada.at('live-input').fill('Ada');
    await ada.page.keyboard.press('Enter');
    await Promise.all([ada, bob].map((person) => person.output('Hello, Ada')));
    await bob.at('live-input').fill('from Bob');
    await bob.at('live-send').click();
    await Promise.all([ada, bob].map((person) => person.output('got from Bob')));
    await ada.shot('run-live-input');
    await bob.at('live-end').click();
    for (const person of [ada, bob]) {
      await person.output('bye');
      await person.at('output').locator('[data-tone=good]').waitFor();
      await person.at('live-input').waitFor({ state: 'hidden' });
      person.noTroubles();
    }
  });

  test('who comes late sees what was printed so far, types, and stops the program', async () => {
    const { ada, id } = await stage.pair({ language: 'python' });
    await ada.replaceText('import sys\nprint("before", flush=True)\nfor line in sys.stdin:\n    print("line:", line.strip(), flush=True)\n');
    await ada.saved();
    await ada.at('run-button').click();
    await ada.output('before');
    const cleo = await stage.signedIn('Cleo');
    await cleo.openRoom(id);
    await cleo.output('before');
    await cleo.at('live-input').fill('late');
    await cleo.page.keyboard.press('Enter');
    await Promise.all([ada, cleo].map((person) => person.output('line: late')));
    // Coming back after a cut shows it once, not twice.
    cleo.proxy.cut();
    await cleo.page.locator('[data-testid=connection-state]:not([data-link=online])').waitFor();
    cleo.proxy.open();
    await cleo.saved();
    await ada.at('live-input').fill('after the cut');
    await ada.page.keyboard.press('Enter');
    await cleo.output('line: after the cut');
    assert.equal(await cleo.printed('stdout'), 'before\nline: late\nline: after the cut\n');
    await cleo.at('run-stop').click();
    for (const person of [ada, cleo]) await person.at('run-status').last().filter({ hasText: 'Stopped' }).waitFor();
    cleo.noTroubles();
  });

  test('too many runs: says how long to wait, and goes on afterwards', async () => {
    const { ada } = await stage.pair({ language: 'python' });
    await ada.replaceText('input()\n');
    await ada.saved();
    // Each waits for input; the fourth of one user is too many.
    for (let i = 1; i <= 3; i++) {
      await ada.at('run-button').click();
      await ada.page.waitForFunction((count) => document.querySelectorAll('[data-run]').length === count, i);
    }
    await ada.at('run-button').click();
    await ada.at('toasts').locator('.error').first().waitFor();
    await ada.shot('run-throttled');
    for (let left = 3; left > 0; left--) {
      await ada.at('run-stop').first().click();
      await ada.page.waitForFunction((count) => document.querySelectorAll('[data-testid=run-stop]').length === count, left - 1);
    }
    await ada.page.locator('[data-testid=run-button][aria-disabled=false]').waitFor();
    await ada.replaceText('print("goes on")\n');
    await ada.at('run-button').click();
    await ada.output('goes on');
    ada.noTroubles();
  });

  test('a language that the server cannot run says why; one that it can shows its version', async () => {
    const ada = await stage.guest('Ada');
    await ada.context.route('**/api/execution/languages', async (route) => {
      const answer = await (await route.fetch()).json();
      for (const each of answer.languages) if (each.name === 'swift') Object.assign(each, { available: false, reason: 'no toolchain here' });
      await route.fulfill({ json: answer });
    });
    await ada.createRoom({ name: 'Versions', language: 'python' });
    await ada.at('language-version').filter({ hasText: /^Python \d+\.\d+/ }).waitFor();
    await ada.at('settings').click();
    await ada.at('settings-language').selectOption('swift');
    await ada.at('settings-submit').click();
    await ada.at('run-notice').filter({ hasText: 'Swift can’t be run on this server: no toolchain here.' }).waitFor();
    assert.equal(await ada.at('run-button').getAttribute('aria-disabled'), 'true');
    ada.noTroubles();
  });
});

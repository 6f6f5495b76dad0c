// axe-core on every page, in both themes and on a phone: WCAG 2.1 A and AA.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from './people.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('accessibility', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  async function violations(person) {
    // Colours of something that is just fading in are not what people read.
    await person.page.evaluate(() => Promise.all(document.getAnimations().filter((each) => each.effect?.getComputedTiming().iterations !== Infinity).map((each) => each.finished.catch(() => {}))));
    if (!(await person.page.evaluate(() => 'axe' in window))) await person.page.evaluate(`${axe};undefined`);
    return person.page.evaluate(async () => {
      const { violations } = await window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
        resultTypes: ['violations'],
      });
      return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 4).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join('\n  ')}`);
    });
  }

  async function check(person, where) {
    assert.deepEqual(await violations(person), [], where);
  }

  test('the check itself finds what is wrong', async () => {
    const ada = await stage.person('Ada');
    await ada.page.goto(ada.base);
    await ada.at('guest-name').waitFor();
    await ada.page.evaluate(() => {
      document.documentElement.removeAttribute('lang');
      const faint = document.querySelector('main p');
      faint.style.color = '#ddd';
      faint.style.background = '#fff';
    });
    const found = (await violations(ada)).map((each) => each.split(':')[0]);
    assert.deepEqual(found.sort(), ['color-contrast', 'html-has-lang']);
  });

  for (const [name, options] of [
    ['light', { colorScheme: 'light' }], ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true }],
  ]) {
    test(`every page, ${name}`, async () => {
      const ada = await stage.person('Ada', options);
      await ada.page.goto(ada.base);
      await ada.at('guest-name').waitFor();
      await check(ada, 'sign-in');
      await ada.signInAsGuest();
      await ada.at('create-room').waitFor();
      await ada.at('my-rooms').getByText('You have no rooms').waitFor();
      await check(ada, 'rooms');
      await ada.at('create-room').click();
      await check(ada, 'new room');
      await ada.page.keyboard.press('Escape');
      await ada.at('nav-people').click();
      await ada.at('people-search').fill('Ada');
      await ada.at('person-card').first().waitFor();
      await check(ada, 'people');
      await ada.at('nav-me').click();
      await ada.at('stat-cards').waitFor();
      await check(ada, 'own page');
      await ada.at('profile-edit').click();
      await check(ada, 'edit profile');
      await ada.page.keyboard.press('Escape');
      await ada.at('nav-rooms').click();
      await ada.createRoom({ language: 'python' });
      await ada.replaceText('print("hello")\n');
      if (name === 'phone') await ada.at('tab-chat').click();
      await ada.say('hello');
      await ada.at('run-button').click();
      await ada.page.locator('[data-testid=output] [data-tone=good]').waitFor({ state: 'attached' });
      for (const pane of ['code', 'output', 'chat', 'people']) {
        if (name === 'phone') await ada.at(`tab-${pane}`).click();
        await check(ada, `room, ${pane}`);
      }
      if (name === 'phone') await ada.at('tab-output').click();
      if (await ada.at('bench-tests').isVisible()) {
        await ada.at('bench-tests').click();
        await ada.at('case-add').click();
        await check(ada, 'case editor');
        await ada.page.keyboard.press('Escape');
        await check(ada, 'tests');
      }
      if (await ada.at('bench-terminal').isVisible()) {
        await ada.at('bench-terminal').click();
        await ada.at('terminal-prompt').click();
        await ada.page.waitForFunction(() => document.querySelector('[data-testid=terminal] .xterm-rows')?.textContent.includes('>>>'));
        await check(ada, 'terminal');
        await ada.shot(`terminal-${name}`);
      }
      await ada.at('history').click();
      await ada.page.locator('dialog[data-testid=history] :is(.version, .failure)').first().waitFor();
      await check(ada, 'history');
      await ada.at('history-replay').click();
      await ada.page.locator('[data-testid=player][data-state]:not([data-state=loading])').waitFor();
      await check(ada, 'replay');
      await ada.shot(`replay-${name}`);
      ada.noTroubles();
    });
  }
});

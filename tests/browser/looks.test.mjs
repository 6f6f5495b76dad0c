// What can be checked of looks and access by machine: nothing sticks out, everything is reachable with the keyboard and
// has a name, text is readable. The pictures in artifacts/browser are for people.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from './people.mjs';

const CODE = `// Count words together
function count(text) {
  const seen = new Map();
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    seen.set(word, (seen.get(word) ?? 0) + 1);
  }
  return [...seen].sort((a, b) => b[1] - a[1]).slice(0, 3);
}

console.log(count("to be or not to be"));
console.error("done");
`;

describe('looks', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  async function fits(person, where) {
    const wide = await person.page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      // What scrolls inside itself (the editor's long lines) may be wider.
      return [...document.querySelectorAll('#app *')]
        .filter((each) => !each.closest('.cm-scroller, .visually-hidden') && each.getBoundingClientRect().width > 0 && each.getBoundingClientRect().right > width + 1)
        .map((each) => `${each.tagName}.${each.className}`);
    });
    assert.deepEqual(wide, [], `${where}: wider than the screen`);
  }

  async function named(person, where) {
    const nameless = await person.page.evaluate(() => [...document.querySelectorAll('button, a[href], input, select, textarea')]
      .filter((each) => each.getClientRects().length > 0)
      .filter((each) => !(each.getAttribute('aria-label') || each.textContent.trim() || each.labels?.length))
      .map((each) => each.outerHTML.slice(0, 120)));
    assert.deepEqual(nameless, [], `${where}: controls without a name`);
  }

  async function fill(ada, bob) {
    const narrow = await ada.at('tab-code').isVisible();
    await ada.code.focus();
    await ada.page.keyboard.press('Control+a');
    await ada.page.keyboard.insertText(CODE);
    await bob.waitForText(CODE);
    await bob.code.focus();
    await bob.page.keyboard.press('Control+Home');
    for (let i = 0; i < 3; i++) await bob.page.keyboard.press('ArrowDown');
    await bob.page.keyboard.press('End');
    await bob.page.keyboard.press('Shift+Home');
    if (narrow) await ada.at('tab-chat').click();
    await ada.say('Shall we count words?');
    await bob.say('Yes. I look at the loop.');
    await bob.say('What about capitals?');
    await ada.at('chat-messages').getByText('capitals').waitFor();
    await ada.at('run-button').click();
    await bob.at('output').locator('[data-tone]:not([data-tone=running])').waitFor();
    if (narrow) await ada.at('tab-code').click();
    await ada.page.locator('.cm-ySelectionInfo', { hasText: 'Bob' }).waitFor();
  }

  test('a room on a desk, light and dark', async () => {
    const { ada, bob } = await stage.pair({ name: 'Word count' }, [{ colorScheme: 'light' }, { colorScheme: 'dark' }]);
    await fill(ada, bob);
    for (const person of [ada, bob]) {
      await fits(person, 'room');
      await named(person, 'room');
    }
    await ada.shot('room-light');
    await bob.shot('room-dark');
    const background = (person) => person.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.notEqual(await background(ada), await background(bob));
    // The button overrides the system, also after a reload.
    await ada.at('theme').click();
    await ada.at('theme').click();
    assert.equal(await background(ada), await background(bob));
    await ada.page.reload();
    await ada.inRoom();
    assert.equal(await background(ada), await background(bob));
    await ada.at('settings').click();
    await ada.shot('settings-dark');
    await named(ada, 'settings');
  });

  test('on a phone, one part at a time', async () => {
    const { ada, bob } = await stage.pair({ name: 'A room with quite a long name' }, [
      { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }, {},
    ]);
    await fill(ada, bob);
    for (const part of ['code', 'output', 'chat', 'people']) {
      await ada.at(`tab-${part}`).click();
      await fits(ada, part);
      await named(ada, part);
      await ada.shot(`phone-${part}`);
    }
    ada.proxy.cut();
    await ada.at('tab-code').click();
    await ada.typeAtEnd('x');
    await ada.waitForSaveState(/^Not saved/);
    await fits(ada, 'offline');
    assert.equal(await ada.at('save-state').evaluate((each) => each.scrollWidth <= each.clientWidth), true, 'all of the warning is readable');
    await ada.shot('phone-offline');
    ada.proxy.open();
    await ada.saved();
    await ada.page.goto(ada.base);
    await ada.at('room-card').first().waitFor();
    await fits(ada, 'rooms');
    await ada.shot('phone-rooms');
    await ada.at('create-room').click();
    await ada.shot('phone-new-room');
    await fits(ada, 'new room');
  });

  test('sign-in and the list of rooms, light and dark', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const ada = await stage.person('Ada', { colorScheme });
      await ada.page.goto(ada.base);
      await ada.at('guest-name').waitFor();
      await named(ada, 'sign-in');
      await ada.shot(`sign-in-${colorScheme}`);
      await ada.signInAsGuest();
      await ada.at('room-card').first().waitFor();
      await named(ada, 'rooms');
      await fits(ada, 'rooms');
      await ada.shot(`rooms-${colorScheme}`);
    }
  });

  test('all of it with the keyboard', async () => {
    const ada = await stage.person('Ada');
    const { keyboard } = ada.page;
    await ada.page.goto(ada.base);
    await ada.at('guest-name').waitFor();
    // The field has the focus already.
    await keyboard.type('Keyboard Ada');
    await keyboard.press('Enter');
    await ada.at('create-room').waitFor();
    const focusOn = async (testid) => {
      for (let i = 0; i < 40; i++) {
        await keyboard.press('Tab');
        if (await ada.page.evaluate((id) => document.activeElement?.dataset.testid === id, testid)) return;
      }
      assert.fail(`Tab does not lead to ${testid}`);
    };
    await focusOn('create-room');
    await keyboard.press('Enter');
    await keyboard.type('Made without a mouse');
    await keyboard.press('Enter');
    await ada.inRoom();
    await ada.page.waitForFunction(() => document.activeElement?.classList.contains('cm-content'));
    await keyboard.press('Control+a');
    await keyboard.type('console.log("keys")');
    // Tab indents and stays; Escape, Tab leaves.
    await keyboard.press('Tab');
    assert.equal(await ada.page.evaluate(() => document.activeElement.classList.contains('cm-content')), true);
    await keyboard.press('Control+Enter');
    await ada.at('output').locator('[data-tone=good]').waitFor();
    await ada.code.focus();
    await keyboard.press('Escape');
    await keyboard.press('Tab');
    assert.equal(await ada.page.evaluate(() => document.activeElement.classList.contains('cm-content')), false);
    await ada.code.focus();
    await keyboard.press('Shift+F6');
    assert.equal(await ada.page.evaluate(() => document.activeElement.dataset.testid), 'chat-input');
    await keyboard.type('typed');
    await keyboard.press('Enter');
    await ada.at('chat-messages').getByText('typed').waitFor();
    const outline = await ada.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', 'the focus is visible');
  });

  test('text is readable: contrast of at least 4.5 in both themes', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const { ada, bob } = await stage.pair({ name: `Contrast ${colorScheme}` }, [{ colorScheme }, {}]);
      await fill(ada, bob);
      // Calm first: transitions end, hover is gone.
      await ada.page.mouse.move(0, 0);
      await ada.saved();
      const poor = await ada.page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const rgba = (color) => {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = color;
          canvas.fillRect(0, 0, 1, 1);
          const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
          return [r, g, b, a / 255];
        };
        const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
        const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = (element) => {
          const layers = [];
          for (let each = element; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor));
          return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
        };
        const found = [];
        for (const element of document.querySelectorAll('#app *')) {
          const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.replaceAll('\u2060', '').trim()).join('');
          const box = element.getBoundingClientRect();
          if (!text || box.width < 2 || element.closest('.visually-hidden, :disabled, [aria-disabled=true]') || getComputedStyle(element).visibility !== 'visible') continue;
          const back = behind(element);
          const front = over(rgba(getComputedStyle(element).color), back);
          const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
          const ratio = (a + 0.05) / (b + 0.05);
          if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.className || element.tagName}: ${text.slice(0, 30)}`);
        }
        return [...new Set(found)];
      });
      assert.deepEqual(poor, [], colorScheme);
    }
  });

  test('the description of the API, whose page needs nothing from elsewhere', async () => {
    const ada = await stage.person('Ada');
    const elsewhere = [];
    ada.page.on('request', (request) => { if (!request.url().startsWith(ada.base) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url()); });
    await ada.page.goto(`${ada.base}/scalar`);
    await ada.page.getByText('/api/auth/delete-account').first().waitFor();
    assert.deepEqual(elsewhere, []);
    assert.equal(await ada.page.getByText('Deploy').count(), 0, 'nothing is offered that leads to somebody else');
    await ada.shot('api');
    ada.noTroubles();
  });
});

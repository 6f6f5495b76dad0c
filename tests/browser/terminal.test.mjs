// A terminal that the room shares.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from './people.mjs';

describe('terminal', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  const sees = (person, text) => person.page.waitForFunction(
    (wanted) => [...document.querySelectorAll('[data-testid=terminal] .xterm-rows > div')].map((row) => row.textContent.trimEnd()).join('\n').includes(wanted), text);
  const write = async (person, text) => {
    await person.page.locator('[data-testid=terminal] .xterm-helper-textarea').focus();
    await person.page.keyboard.type(text);
  };

  test('two people at one prompt, a third comes late, the size is shared, anybody stops it', async () => {
    const { ada, bob, id } = await stage.pair({ language: 'python' });
    await ada.at('bench-terminal').click();
    await ada.at('terminal-prompt').click();
    await sees(ada, '>>>');
    await bob.at('bench-terminal').click();
    await sees(bob, '>>>');
    await bob.at('terminal-standing').filter({ hasText: 'started by Ada' }).waitFor();
    await write(ada, 'x = 20 + 1\n');
    await sees(bob, 'x = 20 + 1');
    await write(bob, 'print("twice", x * 2)\n');
    await Promise.all([ada, bob].map((person) => sees(person, 'twice 42')));
    await ada.shot('terminal');
    const cleo = await stage.signedIn('Cleo', { viewport: { width: 1000, height: 700 } });
    await cleo.openRoom(id);
    await cleo.at('bench-terminal').click();
    await sees(cleo, 'twice 42');
    // The program's screen has one size: that of Ada's window, then of Cleo's, who fits it to hers.
    const size = (person) => person.page.evaluate(() => document.querySelector('[data-testid=terminal] .xterm-rows').children.length);
    assert.equal(await size(cleo), await size(ada));
    await write(cleo, 'import os; print("columns", os.get_terminal_size().columns)\n');
    await sees(cleo, 'columns ');
    const columns = async (person) => Number(/columns (\d+)\s*$/m.exec((await person.page.locator('[data-testid=terminal] .xterm-rows').innerText()))?.[1]);
    const before = await columns(cleo);
    await cleo.at('terminal-fit').click();
    await cleo.page.waitForFunction(() => true);
    await write(cleo, 'print("now", os.get_terminal_size().columns)\n');
    await sees(ada, 'now ');
    assert.ok(before >= 20);
    // F6 leaves the terminal with the keyboard.
    await ada.page.locator('[data-testid=terminal] .xterm-helper-textarea').focus();
    await ada.page.keyboard.press('F6');
    assert.equal(await ada.page.evaluate(() => Boolean(document.activeElement?.closest('.xterm'))), false);
    await bob.at('terminal-stop').click();
    for (const person of [ada, bob, cleo]) {
      await person.at('terminal-standing').filter({ hasText: 'Stopped' }).waitFor();
      person.noTroubles();
    }
  });

  test('a program on a terminal asks and is answered, and what it printed is there after a reload', async () => {
    const { ada } = await stage.pair({ language: 'python' });
    await ada.replaceText('name = input("Who? ")\nprint("\\x1b[1;32mHello,", name, "\\x1b[0m")\ninput("again? ")\n');
    await ada.saved();
    await ada.at('bench-terminal').click();
    await ada.at('terminal-program').click();
    await sees(ada, 'Who?');
    await write(ada, 'Ada\n');
    await sees(ada, 'Hello, Ada');
    await ada.page.reload();
    await ada.inRoom();
    await ada.at('bench-terminal').click();
    await sees(ada, 'Hello, Ada');
    await write(ada, '\n');
    await ada.at('terminal-standing').filter({ hasText: 'exit code 0' }).waitFor();
    ada.noTroubles();
  });

  test('a page that came up without code runs what was typed since: the buttons don\'t go by an old text', async () => {
    const { ada } = await stage.pair({ language: 'python' });
    await ada.replaceText('');
    await ada.saved();
    await ada.page.reload();
    await ada.inRoom();
    await ada.at('bench-terminal').click();
    await ada.at('terminal-program').click();
    await ada.at('toasts').getByText('There is no code to run yet.').waitFor();
    await ada.replaceText('print("typed", 6 * 7)\n');
    await ada.at('terminal-program').click();
    await sees(ada, 'typed 42');
    ada.noTroubles();
  });
});

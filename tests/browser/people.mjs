// People at browsers: one headless Chromium, one context (own storage, own network) per person.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { ServerProcess } from '../conformance/server.mjs';
import { Proxy } from './proxy.mjs';

// The headless shell does what these tests ask in half the time of the whole browser.
const CHROMIUM = process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
/** How long anything on a page may take. Generous: the machine may be busy, and nothing waits longer than it needs to. */
export const PATIENCE_MS = 60_000;
/** Tests that take minutes run when asked for: CODECHILL_LONG=1. */
export const LONG = process.env.CODECHILL_LONG ? {} : { skip: 'long: set CODECHILL_LONG=1' };
const shots = resolve(dirname(fileURLToPath(import.meta.url)), '../../artifacts/browser');

export class Stage {
  #people = [];

  /** Starts a server of its own and a browser. */
  static async open({ env } = {}) {
    if (!CHROMIUM) throw new Error('No Chromium: apt-get install -y --no-install-recommends chromium-headless-shell, or set CHROMIUM to a browser.');
    const stage = new Stage();
    stage.server = new ServerProcess({ env });
    await stage.ready();
    stage.browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    return stage;
  }

  /** The server runs. On a machine that is very busy a start may take longer than allowed: then once more. */
  async ready() {
    if (this.server.alive) return;
    await this.server.start().catch(() => this.server.start());
  }

  async close() {
    await this.clear();
    await this.browser?.close();
    await this.server?.dispose();
  }

  /** Sends everybody away; the server stays. */
  async clear() {
    await Promise.all(this.#people.splice(0).map((person) => person.leaveStage()));
  }

  async person(name, { session, ...options } = {}) {
    const proxy = await new Proxy(this.server.port).start();
    const stored = session && [{ origin: proxy.url, localStorage: [{ name: 'codechill.session', value: JSON.stringify(session) }] }];
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 }, ...(stored && { storageState: { cookies: [], origins: stored } }), ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const person = new Person(name, proxy, context, page);
    this.#people.push(person);
    return person;
  }

  /** A person who is signed in as a guest already, before any page is open. */
  async signedIn(name, options) {
    const { session } = await this.apiGuest(name);
    const person = await this.person(name, { session, ...options });
    person.token = session.access_token;
    return person;
  }

  /** A person who is signed in as a guest and looks at the list of rooms. */
  async guest(name, options) {
    const person = await this.signedIn(name, options);
    await person.page.goto(person.base);
    await person.at('create-room').waitFor();
    return person;
  }

  /** Two guests in a new room of the first. */
  async pair(room = {}, options = [{}, {}]) {
    const [ada, bob] = await Promise.all([this.signedIn('Ada', options[0]), this.signedIn('Bob', options[1])]);
    const made = await this.api(ada.token, 'POST', '/api/rooms', { name: 'Pairing', language: 'javascript', ...room });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id } = made.body.room;
    await Promise.all([ada.openRoom(id), bob.openRoom(id)]);
    return { ada, bob, id };
  }

  /** What the server says the text is, asked by a client of another kind. */
  async serverText(roomId, token) {
    const socket = io(this.server.url, { auth: { token }, transports: ['websocket'], reconnection: false });
    try {
      const answer = await socket.timeout(PATIENCE_MS).emitWithAck('join_room', { room_id: roomId });
      assert.equal(answer.ok, true, JSON.stringify(answer));
      return answer.current_content;
    } finally {
      socket.disconnect();
    }
  }

  /** Signs a guest in without a browser. */
  async apiGuest(name) {
    const response = await fetch(`${this.server.url}/api/auth/guest`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name }),
    });
    const body = await response.json();
    assert.ok(response.ok, JSON.stringify(body));
    const { user, access_token: token, refresh_token } = body;
    return { user, token, session: { user, access_token: token, refresh_token, expires_at: Date.now() + 14 * 60_000 } };
  }

  async api(token, method, path, body) {
    const response = await fetch(this.server.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  }
}

export class Person {
  /** Uncaught errors, console errors, and dialogs: a good page has none. */
  troubles = [];

  constructor(name, proxy, context, page) {
    Object.assign(this, { name, proxy, context, page });
    page.on('pageerror', (error) => this.troubles.push(`uncaught: ${error.stack ?? error}`));
    page.on('dialog', (dialog) => {
      if (dialog.type() !== 'beforeunload') this.troubles.push(`dialog: ${dialog.message()}`);
      void dialog.accept();
    });
    page.on('console', (message) => {
      // A cut network is reported by the browser itself.
      if (message.type() === 'error' && !/net::|WebSocket connection|Failed to load resource/.test(message.text())) this.troubles.push(`console: ${message.text()}`);
    });
  }

  get base() { return this.proxy.url; }
  at(testId) { return this.page.getByTestId(testId); }
  get code() { return this.page.locator('.cm-content'); }

  async signInAsGuest() {
    await this.at('guest-name').fill(this.name);
    await this.at('guest-submit').click();
  }

  async createRoom({ name = 'A room', language, password, capacity } = {}) {
    await this.at('create-room').click();
    await this.at('room-name').fill(name);
    if (language) await this.at('room-language').selectOption(language);
    if (capacity) await this.at('room-capacity').fill(String(capacity));
    if (password) {
      await this.at('room-private').check();
      await this.at('room-password').fill(password);
    }
    await this.at('room-submit').click();
    await this.inRoom();
    return new URL(this.page.url()).pathname.split('/').at(-1);
  }

  async openRoom(id, password) {
    await this.page.goto(`${this.base}/room/${id}`);
    if (password) {
      await this.at('join-password').fill(password);
      await this.at('join-submit').click();
    }
    await this.inRoom();
  }

  async inRoom() {
    await this.code.waitFor();
    await this.saved();
  }

  text() { return this.page.evaluate(() => window.__codechill.text()); }

  async waitForText(expected, timeout = PATIENCE_MS) {
    try {
      await this.page.waitForFunction((wanted) => window.__codechill.text() === wanted, expected, { timeout });
    } catch {
      assert.equal(await this.text(), expected, `${this.name}'s text`);
    }
  }

  async waitForTextToHave(part) {
    await this.page.waitForFunction((wanted) => window.__codechill.text().includes(wanted), part);
  }

  async type(text, options) {
    await this.code.pressSequentially(text, options);
  }

  /** Types at the very end, whatever is there. */
  async typeAtEnd(text, options) {
    await this.code.focus();
    await this.page.keyboard.press('Control+End');
    await this.page.keyboard.type(text, options);
  }

  /** The whole text, as one paste. */
  async replaceText(text) {
    await this.code.focus();
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.insertText(text);
    await this.waitForText(text);
  }

  /** Waits until a run has printed this. */
  async output(part) {
    await this.page.waitForFunction((wanted) => document.querySelector('[data-testid=output]').textContent.includes(wanted), part);
  }

  /** Everything the last run printed on one stream. */
  async printed(stream) {
    return (await this.at('output').locator('.run-entry').last().locator(`[data-stream=${stream}]`).allTextContents()).join('');
  }

  /** The copy in the browser is written at once, but asynchronously: read it back the way the next visit will. */
  async storedLocally(roomId) {
    await this.page.waitForFunction(async (room) => {
      const name = (await indexedDB.databases()).map((each) => each.name).find((each) => each.includes(room));
      if (!name) return false;
      const database = await new Promise((resolve) => { indexedDB.open(name).onsuccess = (event) => resolve(event.target.result); });
      // Comes after all writes that were begun before it.
      const all = await new Promise((resolve) => { database.transaction('updates').objectStore('updates').getAll().onsuccess = (event) => resolve(event.target.result); });
      database.close();
      return all.length > 0;
    }, roomId);
  }

  saveState() { return this.at('save-state').textContent(); }

  async saved() {
    await this.page.locator('[data-testid=save-state][data-kind=saved]').waitFor();
  }

  async waitForSaveState(pattern, timeout = PATIENCE_MS) {
    await this.page.waitForFunction(
      (source) => new RegExp(source).test(document.querySelector('[data-testid=save-state]')?.textContent ?? ''),
      pattern.source, { timeout },
    );
  }

  /** From now on, notes everything the save indicator says. */
  async watchSaveState() {
    await this.page.evaluate(() => {
      const said = (window.__said = []);
      const element = document.querySelector('[data-testid=save-state]');
      const note = () => {
        if (said.at(-1)?.text !== element.textContent) said.push({ text: element.textContent, at: performance.now() });
      };
      new MutationObserver(note).observe(element, { childList: true, characterData: true, subtree: true });
      note();
    });
  }

  said() { return this.page.evaluate(() => window.__said); }

  async say(message) {
    await this.at('chat-input').fill(message);
    await this.page.keyboard.press('Enter');
  }

  async shot(name) {
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: join(shots, `${name}.png`) });
  }

  noTroubles() {
    assert.deepEqual(this.troubles, [], `${this.name} saw errors`);
  }

  async leaveStage() {
    await this.context.close();
    await this.proxy.stop();
  }
}

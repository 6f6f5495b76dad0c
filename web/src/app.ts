// The frame around the pages and the way between them. Addresses: `/` all rooms, `/room/{id}` a room, `/people` finding
// people, `/user/{id}` somebody's profile, `/me` one's own page. Whoever isn't signed in is asked to at the address they
// came to, and lands there afterwards.

import { Api } from './api';
import { dropCleanCopies, unsavedRooms } from './copy-notes';
import { enterRoom } from './room/enter-room';
import { roomsPage, type Page } from './rooms/rooms-page';
import { SessionStore } from './session';
import { CALLBACK_PATH, finishProviderSignIn } from './sign-in/provider';
import { signIn } from './sign-in/sign-in';
import { confirm } from './ui/dialog';
import { h, icon, replace } from './ui/dom';
import { avatar } from './ui/person';
import { themeButton } from './ui/theme';
import { messageOf, toast } from './ui/toast';
import type { RoomPage } from './room/room-page';
import type { Room } from './wire';

export class App {
  readonly #root: HTMLElement;
  readonly #session: SessionStore;
  readonly #api: Api;
  #page: Page | RoomPage | null = null;
  #signInMessage: string | undefined;
  #meName: HTMLElement | null = null;
  /** A page is on its way (its chunk is being fetched). */
  #showing = false;
  /** Counts pages, so that a chunk that arrives late doesn't replace a newer page. */
  #turn = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#session = new SessionStore({
      storage: localStorage,
      fetch: (input, init) => fetch(input, init),
      locks: navigator.locks as LockManager | undefined,
    });
    this.#api = new Api(this.#session);
    addEventListener('popstate', () => this.show());
    addEventListener('storage', (event) => this.#session.storageChanged(event.key));
    addEventListener('beforeunload', (event) => {
      if (this.#roomPage?.unsaved()) event.preventDefault();
    });
    this.#session.on('ended', (reason) => {
      this.#signInMessage = reason;
      // An open room says so itself and keeps the text on the screen.
      if (!this.#roomPage) this.show();
    });
    // Signed in, here or in another tab. Renewed tokens change nothing on the screen.
    this.#session.on('changed', ({ user }) => {
      if (this.#meName) this.#meName.textContent = user.name;
      if (this.#page === null && !this.#showing) this.show();
    });
    dropCleanCopies();
  }

  get #roomPage(): RoomPage | null {
    return this.#page && 'text' in this.#page ? this.#page : null;
  }

  /** The text of the open room, for tests. */
  text(): string {
    return this.#roomPage?.text() ?? '';
  }

  show(): void {
    this.#page?.destroy();
    this.#page = null;
    this.#turn++;
    document.title = 'CodeChill';
    if (location.pathname === CALLBACK_PATH) return void this.#finishProviderSignIn();
    const user = this.#session.user;
    if (!user) return this.#showSignIn();
    this.#signInMessage = undefined;
    const id = /^\/room\/([^/]+)\/?$/.exec(location.pathname)?.[1];
    if (id) this.#showDoor(decodeURIComponent(id));
    else {
      this.#showing = true;
      void this.#showPage(location.pathname.replace(/(?<=.)\/$/, '')).finally(() => (this.#showing = false));
    }
  }

  #go(path: string): void {
    history.pushState(null, '', path);
    this.show();
    scrollTo(0, 0);
  }

  #showSignIn(): void {
    const inRoom = location.pathname.startsWith('/room/');
    const box = signIn({
      api: this.#api,
      session: this.#session,
      message: this.#signInMessage ?? (inRoom ? 'You were invited to a room. Say who you are, and you’re in.' : undefined),
    });
    replace(this.#root, h('div', { class: 'frame centered' },
      h('header', { class: 'frame-head' }, brand(), h('span', { class: 'grow' }), themeButton()),
      h('main', { class: 'door', id: 'main' },
        h('div', { class: 'box' }, h('h1', {}, 'Write code together'), h('p', { class: 'muted' }, 'One text, everyone’s cursors, and a Run button whose output all of you see.'), box))));
  }

  async #finishProviderSignIn(): Promise<void> {
    const query = new URLSearchParams(location.search);
    replace(this.#root, h('p', { class: 'empty', attrs: { role: 'status' } }, 'Signing in…'));
    try {
      const { result, returnTo } = await finishProviderSignIn(this.#api, query);
      history.replaceState(null, '', returnTo);
      this.#session.signedIn(result);
    } catch (error) {
      this.#signInMessage = messageOf(error);
      history.replaceState(null, '', '/');
      this.show();
    }
  }

  /** A page with the frame's head: rooms, people, a profile. All but the rooms are chunks of their own. */
  async #showPage(path: string): Promise<void> {
    const turn = this.#turn;
    const { id: userId } = this.#session.user!;
    const open = (room: Room): void => this.#go(`/room/${encodeURIComponent(room.id)}`);
    const person = /^\/user\/([^/]+)$/.exec(path)?.[1];
    let page: Page;
    try {
      if (path === '/me' || person === userId) {
        const { profilePage } = await import('./profile/profile-page');
        page = profilePage({
          api: this.#api, session: this.#session, open,
          onDeleted: () => {
            dropCleanCopies(userId);
            history.replaceState(null, '', '/');
            this.#session.end('Your account was deleted.');
          },
        });
      } else if (path === '/people' || person) {
        const { peoplePage, userPage } = await import('./profile/people-page');
        page = person
          ? userPage({ api: this.#api, id: decodeURIComponent(person), back: () => (history.length > 1 ? history.back() : this.#go('/people')) })
          : peoplePage({ api: this.#api, open: (id) => this.#go(`/user/${encodeURIComponent(id)}`) });
      } else page = roomsPage({ api: this.#api, user: this.#session.user!, open });
    } catch (error) {
      console.error(error);
      return toast('The page could not be loaded. Check your connection and reload.', 'error');
    }
    if (turn !== this.#turn || !this.#session.user) return page.destroy();
    this.#page = page;
    document.title = `${path === '/people' ? 'People' : path === '/me' ? 'Your page' : person ? 'Profile' : 'Rooms'} – CodeChill`;
    const user = this.#session.user;
    const name = h('span', { class: 'me-name' }, user.name);
    this.#meName = name;
    replace(this.#root, h('div', { class: 'frame' },
      h('header', { class: 'frame-head' }, brand(),
        h('nav', { class: 'frame-nav', attrs: { 'aria-label': 'Pages' } }, this.#link('/', 'Rooms', path), this.#link('/people', 'People', person && person !== userId ? '/people' : path)),
        h('span', { class: 'grow' }), themeButton(),
        this.#link('/me', h('span', { class: 'me', testid: 'me' }, avatar(user), name), person === userId ? '/me' : path, 'Your page'),
        h('button', { type: 'button', class: 'button ghost', testid: 'sign-out', on: { click: () => void this.#signOut() } }, 'Sign out')),
      page.element));
  }

  /** A link inside the application: followed without loading everything anew. */
  #link(path: string, content: string | HTMLElement, at: string, title?: string): HTMLElement {
    return h('a', {
      href: path, class: 'frame-link', testid: path === '/' ? 'nav-rooms' : `nav-${path.slice(1)}`, title, attrs: { 'aria-current': path === at ? 'page' : null },
      on: {
        click: (event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          this.#go(path);
        },
      },
    }, content);
  }

  #showDoor(id: string): void {
    const turn = this.#turn;
    const page = enterRoom({
      id, api: this.#api,
      toRooms: () => this.#go('/'),
      onEntered: (room, used) => void this.#showRoom(room, used, turn),
    });
    this.#page = page;
    replace(this.#root, h('div', { class: 'frame centered' }, h('header', { class: 'frame-head' }, brand()), page.element));
  }

  async #showRoom(room: Room, password: string | undefined, turn: number): Promise<void> {
    try {
      // The editor is most of the code; the pages before it don't wait for it.
      const { roomPage } = await import('./room/room-page');
      if (turn !== this.#turn) return;
      this.#page?.destroy();
      const page = roomPage({ room, password, api: this.#api, session: this.#session, toRooms: () => this.#go('/') });
      this.#page = page;
      replace(this.#root, page.element);
    } catch (error) {
      console.error(error);
      toast('The room could not be loaded. Reload the page.', 'error');
    }
  }

  async #signOut(): Promise<void> {
    const user = this.#session.user;
    if (user && unsavedRooms(user.id).size > 0) {
      const sure = await confirm('Sign out with unsaved edits?', 'Some edits in this browser have not reached the server. They stay here for when you sign in again.', 'Sign out');
      if (!sure) return;
    }
    // The tokens are forgotten here whatever the server says.
    await this.#api.logout().catch(() => {});
    this.#session.end('You are signed out.');
    if (user) dropCleanCopies(user.id);
  }
}

function brand(): HTMLElement {
  return h('a', { class: 'brand', href: '/' }, h('span', { class: 'brand-mark' }, icon('code')), 'CodeChill');
}

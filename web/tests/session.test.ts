import { beforeEach, describe, expect, it, vi } from 'vitest';
import { expiry, SessionEnded, SessionStore } from '../src/session';

/** Storage and lock of one browser: what tabs share. */
class Browser {
  readonly #values = new Map<string, string>();
  #queue: Promise<unknown> = Promise.resolve();
  readonly storage = {
    getItem: (key: string) => this.#values.get(key) ?? null,
    setItem: (key: string, value: string) => void this.#values.set(key, value),
    removeItem: (key: string) => void this.#values.delete(key),
  };
  readonly locks = {
    request: (_name: string, work: () => Promise<unknown>) => {
      const turn = this.#queue.then(work);
      this.#queue = turn.catch(() => {});
      return turn;
    },
  } as unknown as LockManager;
}

/** Issues tokens; a refresh token works once, and using an old one ends the session. */
class TokenServer {
  #serial = 0;
  #valid = 'r0';
  refreshes = 0;
  offline = false;
  readonly fetch = (async (_url: string, init: RequestInit) => {
    if (this.offline) throw new TypeError('Failed to fetch');
    await Promise.resolve();
    this.refreshes++;
    const given = (init.headers as Record<string, string>).authorization!.slice('Bearer '.length);
    if (given !== this.#valid) {
      this.#valid = 'none';
      return { ok: false, status: 401, json: async () => ({ error: 'Invalid token' }) };
    }
    this.#valid = `r${++this.#serial}`;
    return { ok: true, status: 200, json: async () => ({ access_token: token(900, this.#serial), refresh_token: this.#valid }) };
  }) as unknown as typeof fetch;
}

function token(lifetime: number, serial = 0): string {
  const now = Math.floor(Date.now() / 1000);
  return `h.${btoa(JSON.stringify({ iat: now, exp: now + lifetime, serial }))}.s`;
}

describe('SessionStore', () => {
  let browser: Browser;
  let server: TokenServer;
  const user = { id: 'u1', name: 'Ada' };
  const tab = (locks: LockManager | undefined = browser.locks) =>
    new SessionStore({ storage: browser.storage, fetch: server.fetch, locks });

  beforeEach(() => {
    browser = new Browser();
    server = new TokenServer();
  });

  it('gives out a fresh token without asking', async () => {
    const store = tab();
    store.signedIn({ access_token: token(900), refresh_token: 'r0', user });
    await store.token();
    expect(server.refreshes).toBe(0);
  });

  it('renews a token that is about to end, once for many callers', async () => {
    const store = tab();
    store.signedIn({ access_token: token(10), refresh_token: 'r0', user });
    const all = await Promise.all([store.token(), store.token(), store.token()]);
    expect(server.refreshes).toBe(1);
    expect(new Set(all).size).toBe(1);
  });

  it('renews once for several tabs', async () => {
    const [one, two, three] = [tab(), tab(), tab()];
    one.signedIn({ access_token: token(10), refresh_token: 'r0', user });
    const all = await Promise.all([one.token(), two.token(), three.token(), one.token()]);
    expect(server.refreshes).toBe(1);
    expect(new Set(all).size).toBe(1);
    expect(one.current).not.toBeNull();
  });

  it('without locks takes the tokens that another tab got first', async () => {
    const one = new SessionStore({ storage: browser.storage, fetch: server.fetch, locks: undefined });
    one.signedIn({ access_token: token(10), refresh_token: 'r0', user });
    const two = new SessionStore({
      storage: browser.storage,
      locks: undefined,
      fetch: (async () => {
        // The other tab is done while this one's request, with the same old token, is under way.
        await one.token();
        return { ok: false, status: 401, json: async () => ({}) };
      }) as unknown as typeof fetch,
    });
    expect(await two.token()).toBe(one.current!.access_token);
  });

  it('ends when the server says so', async () => {
    const store = tab();
    store.signedIn({ access_token: token(10), refresh_token: 'stolen', user });
    const ended = vi.fn();
    store.on('ended', ended);
    await expect(store.token()).rejects.toBeInstanceOf(SessionEnded);
    expect(ended).toHaveBeenCalledOnce();
    expect(store.current).toBeNull();
  });

  it('survives an unreachable server', async () => {
    const store = tab();
    store.signedIn({ access_token: token(10), refresh_token: 'r0', user });
    server.offline = true;
    await expect(store.token()).rejects.not.toBeInstanceOf(SessionEnded);
    expect(store.current).not.toBeNull();
    server.offline = false;
    await store.token();
    expect(server.refreshes).toBe(1);
  });

  it('does not bring a session back that was ended while its tokens were renewed', async () => {
    const store = tab();
    store.signedIn({ access_token: token(10), refresh_token: 'r0', user });
    const asking = store.token();
    store.end('You are signed out.');
    await expect(asking).rejects.toBeInstanceOf(SessionEnded);
    expect(store.current).toBeNull();
  });

  it('treats a broken stored session as none', () => {
    browser.storage.setItem('codechill.session', '{"access_token":1');
    expect(tab().current).toBeNull();
    browser.storage.setItem('codechill.session', '"text"');
    expect(tab().current).toBeNull();
  });
});

describe('expiry', () => {
  it('counts the lifetime from now, whatever this clock says', () => {
    const claims = { iat: 1_000, exp: 1_900 };
    expect(expiry(`a.${btoa(JSON.stringify(claims))}.c`, 5_000_000)).toBe(5_000_000 + 900_000);
  });
  it('assumes a short life for tokens it can\'t read', () => {
    expect(expiry('opaque', 0)).toBe(14 * 60_000);
  });
});

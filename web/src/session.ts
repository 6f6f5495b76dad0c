// Theory of operation
//
// The session is the pair of tokens plus the user, kept in local storage so that all tabs share it. Access tokens live
// minutes; a refresh token works once (using an old one ends the session), so at most one tab may refresh at a time: a
// lock across tabs guards it, and whoever gets the lock first looks whether another tab has already done the work.
// Where the browser has no locks (plain http off localhost) only this tab's calls are joined; a tab that loses the race
// then takes the tokens that the other one stored.

import { Emitter } from './emitter';
import type { SignInResult, User } from './wire';

export interface Session {
  access_token: string;
  refresh_token: string;
  user: User;
  /** When the access token stops working, in ms since the epoch. */
  expires_at: number;
}

/** The server says that the session is over. Anything else (no network, 500) is not the end of it. */
export class SessionEnded extends Error {}

export interface SessionEvents {
  /** Signed in, refreshed, or taken over from another tab. */
  changed: Session;
  /** No session any more; the text says why. */
  ended: string;
}

export interface SessionEnvironment {
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  fetch: typeof fetch;
  locks: Pick<LockManager, 'request'> | undefined;
}

const KEY = 'codechill.session';
const LOCK = 'codechill.refresh';
/** A token this close to its end is renewed before it is used. */
const MARGIN_MS = 30_000;
/** For tokens that don't tell their end: the server's are good for 15 minutes. */
const ASSUMED_LIFETIME_MS = 14 * 60_000;

export class SessionStore extends Emitter<SessionEvents> {
  readonly #env: SessionEnvironment;
  #refreshing: Promise<Session> | null = null;

  constructor(env: SessionEnvironment) {
    super();
    this.#env = env;
  }

  get current(): Session | null {
    try {
      const session = JSON.parse(this.#env.storage.getItem(KEY) ?? 'null') as Session | null;
      return session && session.access_token && session.refresh_token && session.user?.id ? session : null;
    } catch {
      return null;
    }
  }

  get user(): User | null {
    return this.current?.user ?? null;
  }

  signedIn(result: SignInResult): Session {
    const session: Session = {
      access_token: result.access_token,
      refresh_token: result.refresh_token,
      user: result.user,
      expires_at: expiry(result.access_token),
    };
    this.#store(session);
    return session;
  }

  /** The user has a new name. */
  renamed(name: string): void {
    const session = this.current;
    if (session) this.#store({ ...session, user: { ...session.user, name } });
  }

  end(reason: string): void {
    if (!this.current) return;
    this.#env.storage.removeItem(KEY);
    this.emit('ended', reason);
  }

  /** Another tab wrote the session. */
  storageChanged(key: string | null): void {
    if (key !== KEY && key !== null) return;
    const session = this.current;
    if (session) this.emit('changed', session);
    else this.emit('ended', 'You signed out in another tab.');
  }

  /** A token that works now. Throws SessionEnded when there is none, other errors when the server can't be asked. */
  async token(): Promise<string> {
    const session = this.current;
    if (!session) throw new SessionEnded('Sign in to go on.');
    if (session.expires_at - MARGIN_MS > Date.now()) return session.access_token;
    return (await this.refresh(session.access_token)).access_token;
  }

  /** Replaces the token `used`, unless somebody has done so already. */
  refresh(used: string): Promise<Session> {
    this.#refreshing ??= this.#locked(used).finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #locked(used: string): Promise<Session> {
    const { locks } = this.#env;
    return locks ? await locks.request(LOCK, () => this.#refresh(used)) : await this.#refresh(used);
  }

  async #refresh(used: string): Promise<Session> {
    const session = this.current;
    if (!session) throw new SessionEnded('Sign in to go on.');
    if (session.access_token !== used) return session;
    const response = await this.#env.fetch('/api/auth/refresh', {
      method: 'POST',
      headers: { authorization: `Bearer ${session.refresh_token}` },
    });
    if (response.ok) {
      const body = (await response.json()) as Partial<SignInResult> & { access_token: string };
      const next: Session = {
        access_token: body.access_token,
        refresh_token: body.refresh_token ?? session.refresh_token,
        user: body.user ?? session.user,
        expires_at: expiry(body.access_token),
      };
      // Signed out while the answer was on its way: stay signed out.
      if (!this.current) throw new SessionEnded('Sign in to go on.');
      this.#store(next);
      return next;
    }
    // 404: the account is gone. 401/403: the refresh token isn't good any more - or another tab has used it.
    if (response.status === 401 || response.status === 403 || response.status === 404) {
      const latest = this.current;
      if (latest && latest.refresh_token !== session.refresh_token) return latest;
      const reason = 'Your session has ended. Sign in again to go on.';
      this.end(reason);
      throw new SessionEnded(reason);
    }
    throw new Error(`Refreshing the session failed (${response.status}).`);
  }

  #store(session: Session): void {
    this.#env.storage.setItem(KEY, JSON.stringify(session));
    this.emit('changed', session);
  }
}

/** The `exp` claim; the signature is the server's business. */
export function expiry(token: string, now = Date.now()): number {
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const { exp, iat } = JSON.parse(atob(payload)) as { exp?: number; iat?: number };
    if (typeof exp !== 'number') return now + ASSUMED_LIFETIME_MS;
    // A wrong clock on this machine must not make every token look expired: count the lifetime from now.
    return typeof iat === 'number' && exp > iat ? now + (exp - iat) * 1000 : exp * 1000;
  } catch {
    return now + ASSUMED_LIFETIME_MS;
  }
}

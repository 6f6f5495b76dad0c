// REST. One place that adds the token, renews it once when the server says it's stale, and turns failures into one kind
// of error with a sentence for people.

import type { SessionStore } from './session';
import type {
  CaseDraft, CasesRunRecord, Dashboard, Execution, Handles, HistoryPage, HistoryText, Language, Message, Pagination, Profile, Room, SignInConfig, SignInResult,
  TestCase, User,
} from './wire';

export class ApiError extends Error {
  constructor(
    message: string,
    /** 0 when there was no answer at all. */
    readonly status: number,
    readonly code?: string,
    /** Seconds after which the same may be asked again. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }

  /** The server doesn't know the route: an older server, or one without this part. */
  get missing(): boolean {
    return this.status === 405 || this.status === 501 || (this.status === 404 && (!this.code || this.code === 'platform.not_found'));
  }
}

/** A 401 that is about the token; the same status also says "wrong password". */
const TOKEN_ERRORS = /^(authorization token required|invalid token|token has expired|token has been revoked)/i;

export interface NewRoom {
  name: string;
  description: string;
  language: string;
  is_private: boolean;
  password?: string;
  max_participants: number;
}

export interface RoomPage {
  rooms: Room[];
  pagination: Pagination;
}

export class Api {
  constructor(
    private readonly session: SessionStore,
    private readonly fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init),
  ) {}

  config = (): Promise<SignInConfig> => this.#open('GET', '/api/auth/config');
  guest = (name: string): Promise<SignInResult> => this.#open('POST', '/api/auth/guest', { name });
  register = (name: string, email: string, password: string): Promise<SignInResult> =>
    this.#open('POST', '/api/auth/register', { name, email, password });
  login = (email: string, password: string): Promise<SignInResult> => this.#open('POST', '/api/auth/login', { email, password });
  loginWithProvider = (token: string): Promise<SignInResult> => this.#open('POST', '/api/auth/login', {}, token);
  logout = (): Promise<unknown> => this.#call('POST', '/api/auth/logout');
  rename = (name: string): Promise<{ user: User }> => this.#call('PUT', '/api/auth/profile', { name });

  rooms = (query: { page: number; search: string; language: string; perPage: number }): Promise<RoomPage> => {
    const params = new URLSearchParams({ page: String(query.page), per_page: String(query.perPage) });
    if (query.search) params.set('search', query.search);
    if (query.language) params.set('language', query.language);
    return this.#call('GET', `/api/rooms?${params}`);
  };
  myRooms = async (): Promise<Room[]> => (await this.#call<{ rooms: Room[] }>('GET', '/api/rooms/my-rooms')).rooms;
  room = async (id: string): Promise<Room> => (await this.#call<{ room: Room }>('GET', `/api/rooms/${encodeURIComponent(id)}`)).room;
  createRoom = async (room: NewRoom): Promise<Room> => (await this.#call<{ room: Room }>('POST', '/api/rooms', room)).room;
  updateRoom = async (
    id: string,
    change: Partial<Pick<Room, 'name' | 'description' | 'language' | 'max_participants'>>,
  ): Promise<Room> => (await this.#call<{ room: Room }>('PUT', `/api/rooms/${encodeURIComponent(id)}`, change)).room;
  deleteRoom = (id: string): Promise<unknown> => this.#call('DELETE', `/api/rooms/${encodeURIComponent(id)}`);
  joinRoom = async (id: string, password?: string): Promise<Room> =>
    (await this.#call<{ room: Room }>('POST', `/api/rooms/${encodeURIComponent(id)}/join`, password ? { password } : {})).room;
  leaveRoom = (id: string): Promise<unknown> => this.#call('POST', `/api/rooms/${encodeURIComponent(id)}/leave`);

  setRole = (roomId: string, userId: string, role: 'moderator' | 'participant'): Promise<unknown> =>
    this.#call('PUT', `${inRoom(roomId)}/participants/${encodeURIComponent(userId)}`, { role });
  removeParticipant = (roomId: string, userId: string): Promise<unknown> =>
    this.#call('DELETE', `${inRoom(roomId)}/participants/${encodeURIComponent(userId)}`);

  messages = (roomId: string, page: number): Promise<{ messages: Message[]; pagination: Pagination }> =>
    this.#call('GET', `/api/chat/room/${encodeURIComponent(roomId)}/messages?page=${page}&per_page=50`);
  editMessage = (id: string, content: string): Promise<unknown> =>
    this.#call('PUT', `/api/chat/messages/${encodeURIComponent(id)}`, { content });
  deleteMessage = (id: string): Promise<unknown> => this.#call('DELETE', `/api/chat/messages/${encodeURIComponent(id)}`);

  languages = async (): Promise<Language[]> =>
    (await this.#open<{ languages: Language[] }>('GET', '/api/execution/languages')).languages;
  execution = async (id: string): Promise<Execution> =>
    (await this.#call<{ execution: Execution }>('GET', `/api/execution/${encodeURIComponent(id)}/result`)).execution;
  lastRun = async (roomId: string): Promise<Execution | null> =>
    (await this.#call<{ executions: Execution[] }>('GET', `/api/execution/room/${encodeURIComponent(roomId)}/history?page=1&per_page=1`))
      .executions[0] ?? null;

  cases = async (roomId: string): Promise<TestCase[]> => (await this.#call<{ cases: TestCase[] }>('GET', `${inRoom(roomId)}/cases`)).cases;
  createCase = async (roomId: string, draft: CaseDraft): Promise<TestCase> =>
    (await this.#call<{ case: TestCase }>('POST', `${inRoom(roomId)}/cases`, draft)).case;
  updateCase = (roomId: string, id: string, change: Partial<CaseDraft> & { position?: number }): Promise<unknown> =>
    this.#call('PUT', `${inRoom(roomId)}/cases/${encodeURIComponent(id)}`, change);
  deleteCase = (roomId: string, id: string): Promise<unknown> => this.#call('DELETE', `${inRoom(roomId)}/cases/${encodeURIComponent(id)}`);

  /** The latest run of the room's cases, with the result of each; null when there was none. */
  lastCasesRun = async (roomId: string): Promise<CasesRunRecord | null> => {
    const { runs } = await this.#call<{ runs: CasesRunRecord[] }>('GET', `${inRoom(roomId)}/cases/runs?page=1&per_page=1`);
    if (!runs[0]) return null;
    return (await this.#call<{ run: CasesRunRecord }>('GET', `${inRoom(roomId)}/cases/runs/${encodeURIComponent(runs[0].id)}`)).run;
  };

  history = (roomId: string, page: number): Promise<HistoryPage> => this.#call('GET', `${inRoom(roomId)}/history?page=${page}&per_page=200`);
  historyText = (roomId: string, version: number): Promise<HistoryText> => this.#call('GET', `${inRoom(roomId)}/history/${version}`);
  restoreVersion = (roomId: string, version: number): Promise<unknown> => this.#call('POST', `${inRoom(roomId)}/history/${version}/restore`);
  /** The recorded session, as it streams in. */
  replay = async (roomId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> => {
    const { body } = await this.#withToken((token) => this.#fetch('GET', `${inRoom(roomId)}/replay`, undefined, token, signal));
    if (!body) throw new ApiError('The recording is empty.', 200);
    return body;
  };

  ownProfile = async (): Promise<Profile> => (await this.#call<{ profile: Profile }>('GET', '/api/users/profile')).profile;
  profile = async (id: string): Promise<Profile> => (await this.#call<{ profile: Profile }>('GET', `/api/users/${encodeURIComponent(id)}/profile`)).profile;
  updateProfile = async (change: { name?: string } & Partial<Handles>): Promise<Profile> =>
    (await this.#call<{ profile: Profile }>('PUT', '/api/users/profile', change)).profile;
  refreshStats = async (): Promise<Profile> => (await this.#call<{ profile: Profile }>('POST', '/api/users/stats/refresh')).profile;
  dashboard = async (): Promise<Dashboard> => (await this.#call<{ dashboard: Dashboard }>('GET', '/api/users/dashboard')).dashboard;
  searchUsers = (query: string, page: number): Promise<{ users: Profile[]; pagination: Pagination }> =>
    this.#call('GET', `/api/users/search?${new URLSearchParams({ q: query, page: String(page), per_page: '12' })}`);
  exportData = async (): Promise<Blob> => (await this.#withToken((token) => this.#fetch('GET', '/api/users/export', undefined, token))).blob();
  deleteAccount = (): Promise<unknown> => this.#call('DELETE', '/api/auth/delete-account');

  #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#withToken((token) => this.#open<T>(method, path, body, token));
  }

  async #withToken<T>(ask: (token: string) => Promise<T>): Promise<T> {
    const token = await this.session.token();
    try {
      return await ask(token);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401 && TOKEN_ERRORS.test(error.message))) throw error;
      const { access_token } = await this.session.refresh(token);
      return await ask(access_token);
    }
  }

  async #open<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    const response = await this.#fetch(method, path, body, token);
    const answer = (await response.json().catch(() => null)) as T | null;
    if (answer === null) throw new ApiError(failureText(response.status, undefined, null), response.status);
    return answer;
  }

  /** An answer that says yes; any other becomes an ApiError. */
  async #fetch(method: string, path: string, body?: unknown, token?: string, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    let response: Response;
    try {
      response = await this.fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), ...(signal && { signal }) });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError('The server can’t be reached. Check your connection and try again.', 0);
    }
    if (response.ok) return response;
    const answer = (await response.json().catch(() => null)) as { error?: string; code?: string; retry_after?: number } | null;
    const wait = response.headers.get('retry-after') ?? (answer?.retry_after === undefined ? null : String(answer.retry_after));
    throw new ApiError(failureText(response.status, answer?.error, wait), response.status, answer?.code, Number(wait) || undefined);
  }
}

function inRoom(id: string): string {
  return `/api/rooms/${encodeURIComponent(id)}`;
}

export function failureText(status: number, error: string | undefined, retryAfter: string | null): string {
  if (status === 429) {
    const seconds = Number(retryAfter);
    return seconds > 0
      ? `Too many requests. Try again in ${Math.ceil(seconds)} s.`
      : 'Too many requests. Wait a moment and try again.';
  }
  if (error) return error;
  if (status === 503) return 'The server is not ready at the moment. Try again soon.';
  return `The server could not do this (${status}).`;
}

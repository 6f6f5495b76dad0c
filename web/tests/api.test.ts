import { describe, expect, it } from 'vitest';
import { Api, ApiError, failureText } from '../src/api';
import type { SessionStore } from '../src/session';

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

function apiWith(answers: Answer[]) {
  const sent: { url: string; token: string | undefined }[] = [];
  let refreshed = 0;
  const session = {
    token: async () => 'old',
    refresh: async () => (refreshed++, { access_token: 'new' }),
  } as unknown as SessionStore;
  const fetch = (async (url: string, init: RequestInit) => {
    sent.push({ url, token: (init.headers as Record<string, string>).authorization?.slice(7) });
    const { status, body, headers } = answers.shift()!;
    return new Response(JSON.stringify(body), { status, headers });
  }) as unknown as typeof globalThis.fetch;
  return { api: new Api(session, fetch), sent, refreshed: () => refreshed };
}

describe('Api', () => {
  it('renews a stale token once and repeats the request', async () => {
    const { api, sent, refreshed } = apiWith([
      { status: 401, body: { error: 'Token has expired' } },
      { status: 200, body: { rooms: [] } },
    ]);
    expect(await api.myRooms()).toEqual([]);
    expect(sent.map((each) => each.token)).toEqual(['old', 'new']);
    expect(refreshed()).toBe(1);
  });

  it('does not take a wrong room password for a stale token', async () => {
    const { api, refreshed } = apiWith([{ status: 401, body: { error: 'Invalid password' } }]);
    await expect(api.joinRoom('x', 'nope')).rejects.toMatchObject({ status: 401, message: 'Invalid password' });
    expect(refreshed()).toBe(0);
  });

  it('does not repeat for ever', async () => {
    const { api, sent } = apiWith([
      { status: 401, body: { error: 'Invalid token' } },
      { status: 401, body: { error: 'Invalid token' } },
    ]);
    await expect(api.myRooms()).rejects.toBeInstanceOf(ApiError);
    expect(sent).toHaveLength(2);
  });

  it('escapes ids in addresses', async () => {
    const { api, sent } = apiWith([{ status: 404, body: { error: 'Room not found' } }]);
    await expect(api.room('../x?y')).rejects.toMatchObject({ status: 404 });
    expect(sent[0]!.url).toBe('/api/rooms/..%2Fx%3Fy');
  });

  it('says something useful for every failure', () => {
    expect(failureText(429, 'Rate limit exceeded', '12')).toBe('Too many requests. Try again in 12 s.');
    expect(failureText(429, 'Rate limit exceeded', null)).toBe('Too many requests. Wait a moment and try again.');
    expect(failureText(400, 'Room is full', null)).toBe('Room is full');
    expect(failureText(502, undefined, null)).toContain('502');
  });
});

import { describe, expect, test } from 'vitest';
import { handleOf } from '../src/profile/profile-page';
import { difficulties, expectsNews, rankOf, statusText, topShares } from '../src/profile/stats';

describe('numbers for the charts', () => {
  test('the largest first, the rest together', () => {
    expect(topShares({ Go: 1, Rust: 9, C: 3, Perl: 0, Lua: 2 }, 3)).toEqual([{ label: 'Rust', value: 9 }, { label: 'C', value: 3 }, { label: 'Other', value: 3 }]);
    expect(topShares(null, 3)).toEqual([]);
    expect(topShares({ A: Number.NaN, B: -1 }, 3)).toEqual([]);
  });

  test('difficulties whatever the case of their names, without "all"', () => {
    expect(difficulties({ accepted_submissions: { all: 10, easy: 6, Medium: 4 }, total_submissions: { Easy: 9, Medium: 2 } })).toEqual([
      { name: 'Easy', accepted: 6, tried: 9 }, { name: 'Medium', accepted: 4, tried: 4 }, { name: 'Hard', accepted: 0, tried: 0 },
    ]);
  });

  test('titles of ratings', () => {
    expect(rankOf(-5).name).toBe('newbie');
    expect(rankOf(1199).name).toBe('newbie');
    expect(rankOf(1200).name).toBe('pupil');
    expect(rankOf(3800).name).toBe('grandmaster');
  });
});

describe('the state of a platform', () => {
  const now = Date.parse('2030-01-02T00:00:00Z');
  const fetched_at = '2030-01-01T00:00:00Z';
  test.each([
    [undefined, null, false, 'none', 'Not connected'],
    [{ state: 'fresh', fetched_at }, 'ada', true, 'good', 'Updated'],
    [{ state: 'stale', fetched_at, error: 'HTTP 502' }, 'ada', true, 'warn', 'From'],
    [{ state: 'unknown_handle' }, 'ada', false, 'bad', 'No such user'],
    [{ state: 'unavailable', error: 'timeout', fetched_at }, 'ada', true, 'bad', 'Not reachable'],
    [{ state: 'never' }, 'ada', false, 'none', 'Not fetched yet'],
    [undefined, 'ada', false, 'none', 'Not fetched yet'],
  ] as const)('%j', (status, handle, has, tone, text) => {
    const said = statusText(status, handle, has, now);
    expect(said.tone).toBe(tone);
    expect(said.text).toMatch(new RegExp(`^${text}`));
  });

  test('the error is told, and how old the numbers are', () => {
    const said = statusText({ state: 'unavailable', error: 'The platform answered 502.', fetched_at }, 'ada', true, now);
    expect(said.detail).toContain('502');
    expect(said.detail).toContain('from yesterday');
  });

  test('looking again is worth it while something is on its way, not after an error', () => {
    expect(expectsNews({ stats_status: { github: { state: 'never' } } })).toBe(true);
    expect(expectsNews({ stats_status: { github: { state: 'stale' } } })).toBe(true);
    expect(expectsNews({ stats_status: { github: { state: 'stale', error: 'x' }, leetcode: { state: 'fresh' } } })).toBe(false);
    expect(expectsNews({})).toBe(false);
  });
});

test.each([
  [' ada ', 'ada'], ['@ada', 'ada'], ['https://github.com/ada?tab=repositories', 'ada'], ['leetcode.com/u/ada/', 'ada'],
  ['https://codeforces.com/profile/Ada', 'Ada'], ['', null], ['   ', null], ['a-b_c', 'a-b_c'],
])('the handle in %j is %j', (typed, expected) => expect(handleOf(typed)).toBe(expected));

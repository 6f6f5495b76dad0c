import { describe, expect, test } from 'vitest';
import { authorRuns, PAUSE_MS, stretches } from '../src/history/versions';
import type { HistoryVersion } from '../src/wire';

const start = Date.parse('2030-01-01T12:00:00Z');
const version = (number: number, seconds: number, user = 'ada', kind: HistoryVersion['kind'] = 'yjs'): HistoryVersion =>
  ({ version: number, user_id: user, user_name: user, kind, created_at: new Date(start + seconds * 1000).toISOString(), inserted: 2, deleted: 1 });

describe('stretches of versions', () => {
  test('one person without a pause is one entry, with the sums', () => {
    const [only, ...rest] = stretches([version(5, 20), version(4, 10), version(3, 0)]);
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ version: 5, oldest: 3, inserted: 6, deleted: 3, count: 3 });
  });

  test('another person, a pause, a template and a restore each begin a new one', () => {
    const pause = PAUSE_MS / 1000;
    const found = stretches([
      version(7, 2 * pause + 20, 'ada', 'restore'), version(6, 2 * pause + 10), version(5, pause + 5), version(4, 4, 'bob'), version(3, 2), version(2, 1, 'ada', 'template'),
    ]);
    expect(found.map((each) => [each.version, each.who, each.kind])).toEqual([
      [7, 'ada', 'restore'], [6, 'ada', 'edit'], [5, 'ada', 'edit'], [4, 'bob', 'edit'], [3, 'ada', 'edit'], [2, 'ada', 'template'],
    ]);
  });

  test('whole texts and updates of one person are the same kind of work', () => {
    expect(stretches([version(3, 5, 'ada', 'text'), version(2, 0, 'ada', 'yjs')])).toHaveLength(1);
  });

  test('an hour of typing is several entries', () => {
    const hour = Array.from({ length: 360 }, (_, index) => version(1000 - index, 3600 - index * 10));
    expect(stretches(hour).length).toBeGreaterThanOrEqual(5);
  });
});

describe('authors of the text', () => {
  test('neighbours of one author are joined; nothing lies outside or overlaps', () => {
    expect(authorRuns([
      { index: 4, length: 3, user_id: 'bob' }, { index: 0, length: 2, user_id: 'ada' }, { index: 2, length: 2, user_id: 'ada' },
      { index: 5, length: 100, user_id: null },
    ], 10)).toEqual([{ from: 0, to: 4, userId: 'ada' }, { from: 4, to: 7, userId: 'bob' }, { from: 7, to: 10, userId: null }]);
  });

  test('nonsense is left out', () => {
    expect(authorRuns([{ index: -5, length: 3, user_id: 'a' }, { index: 50, length: 3, user_id: 'a' }, { index: 1, length: 0, user_id: 'a' }], 10)).toEqual([]);
  });
});

import { describe, expect, test, vi } from 'vitest';
import { Runnable, versionNumber, sourceRefusal } from '../src/run/runnable';
import { retryAfter, Wait } from '../src/run/wait';
import { ApiError } from '../src/api';
import { Refusal } from '../src/document-sync';

describe('what can be run', () => {
  const runnable = new Runnable({ languages: async () => [] });
  runnable.set([
    { id: 71, name: 'python', available: true, version: 'Python 3.13.5' },
    { id: 83, name: 'swift', available: false, reason: 'No toolchain.' },
  ]);

  test('a missing language says why', () => {
    expect(runnable.refusal('python')).toBeNull();
    expect(runnable.refusal('swift')).toBe('Swift can’t be run on this server: No toolchain.');
    expect(runnable.refusal('rust')).toBe('Rust can’t be run on this server.');
  });

  test('while nothing is known nothing is refused', () => {
    expect(new Runnable({ languages: async () => [] }).refusal('swift')).toBeNull();
  });

  test('a server that fails leaves what was known', async () => {
    const flaky = new Runnable({ languages: () => Promise.reject(new Error('gone')) });
    flaky.set([{ id: 71, name: 'python', available: false }]);
    await flaky.refresh();
    expect(flaky.refusal('python')).not.toBeNull();
  });

  test.each([
    ['Python 3.13.5', '3.13.5'],
    ['gcc (Debian 14.2.0-19) 14.2.0', '14.2.0'],
    ['v20.19.2', '20.19.2'],
    ['go version go1.24.4 linux/amd64', '1.24.4'],
    ['openjdk 21.0.8 2025-07-15\nOpenJDK Runtime', '21.0.8'],
    ['PHP 8.4.11 (cli) (built: Aug 3 2025)', '8.4.11'],
    ['', ''],
    [null, ''],
    ['unknown', ''],
  ])('the version in %j is %j', (said, expected) => expect(versionNumber(said)).toBe(expected));
});

describe('waiting', () => {
  test('counts down and says when it is over', () => {
    vi.useFakeTimers();
    try {
      const seen: number[] = [];
      const wait = new Wait(() => seen.push(wait.left));
      wait.start(2.4);
      vi.advanceTimersByTime(10_000);
      expect(seen[0]).toBe(3);
      expect(seen.at(-1)).toBe(0);
      expect(wait.left).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is never longer than two minutes, whatever the server says', () => {
    const wait = new Wait(() => {});
    wait.start(1e9);
    expect(wait.left).toBeLessThanOrEqual(120);
    wait.stop();
  });

  test('the time is read from either kind of refusal', () => {
    expect(retryAfter(new Refusal('slow down', 'x', 3))).toBe(3);
    expect(retryAfter(new ApiError('slow down', 429, undefined, 4))).toBe(4);
    expect(retryAfter(new Error('x'))).toBe(0);
    expect(retryAfter(null)).toBe(0);
  });
});

test('no code, and more than the server takes, are refused when somebody wants to run them', () => {
  expect(sourceRefusal(' \n\t')).toBe('There is no code to run yet.');
  expect(sourceRefusal('x'.repeat(100_000))).toBeNull();
  expect(sourceRefusal('x'.repeat(100_001))).toBe(`Only up to ${(100_000).toLocaleString()} characters can be run.`);
});

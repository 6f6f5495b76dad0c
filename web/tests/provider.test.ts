import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '../src/api';
import { login } from '../src/sign-in/provider';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const result = { access_token: 'ours' } as never;
const unavailable = () => new ApiError('Identity provider unavailable', 503, 'auth.provider_unavailable', 10);

test('a server that cannot reach the provider yet is asked again after the time it gives, with the same token', async () => {
  const loginWithProvider = vi.fn().mockRejectedValueOnce(unavailable()).mockResolvedValueOnce(result);
  const answer = login({ loginWithProvider }, 'theirs');
  await vi.advanceTimersByTimeAsync(9_999);
  expect(loginWithProvider).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toBe(result);
  expect(loginWithProvider.mock.calls).toEqual([['theirs'], ['theirs']]);
});

test('after three tries it says so; a refusal is not asked again', async () => {
  const down = vi.fn().mockImplementation(() => Promise.reject(unavailable()));
  const answer = expect(login({ loginWithProvider: down }, 'theirs')).rejects.toThrow('Identity provider unavailable');
  await vi.advanceTimersByTimeAsync(20_000);
  await answer;
  expect(down).toHaveBeenCalledTimes(3);
  const refused = vi.fn().mockRejectedValue(new ApiError('Invalid token', 401));
  await expect(login({ loginWithProvider: refused }, 'theirs')).rejects.toThrow('Invalid token');
  expect(refused).toHaveBeenCalledTimes(1);
});

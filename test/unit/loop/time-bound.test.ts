/** Work that may take only so long. */
import { expect, test, vi } from 'vitest';
import { TIMED_OUT, timeBound } from '../../../src/loop/time-bound.ts';

const hang = (): Promise<never> => new Promise(() => {});
const enough = new Error('enough');

test('gives what the work gives, at once or later', async () => {
  expect(await timeBound(() => 1, { timeoutMs: 1000 })).toBe(1);
  expect(await timeBound(() => Promise.resolve(2), { timeoutMs: 1000 })).toBe(2);
  expect(await timeBound(() => null, { timeoutMs: 1000 })).toBeNull();
});

test('throws what the work throws, at once or later', async () => {
  const fail = (): never => {
    throw enough;
  };
  await expect(timeBound(fail, { timeoutMs: 1000 })).rejects.toBe(enough);
  await expect(timeBound(() => Promise.reject(enough), { timeoutMs: 1000 })).rejects.toBe(enough);
});

test('gives up when the time is over', async () => {
  expect(await timeBound(hang, { timeoutMs: 1 })).toBe(TIMED_OUT);
});

test('throws the reason of the signal: aborted before, by the work, or while it is waited for', async () => {
  let begun = false;
  const begin = (): void => {
    begun = true;
  };
  const signal = AbortSignal.abort(enough);
  await expect(timeBound(begin, { timeoutMs: 1000, signal })).rejects.toBe(enough);
  expect(begun).toBe(false);

  const byWork = new AbortController();
  const abort = (): Promise<never> => {
    byWork.abort(enough);
    return hang();
  };
  await expect(timeBound(abort, { timeoutMs: 60_000, signal: byWork.signal })).rejects.toBe(enough);

  const later = new AbortController();
  const waiting = timeBound(hang, { timeoutMs: 60_000, signal: later.signal });
  later.abort(enough);
  await expect(waiting).rejects.toBe(enough);
});

test('leaves no timer behind', async () => {
  vi.useFakeTimers();
  try {
    await timeBound(() => Promise.resolve(), { timeoutMs: 60_000 });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

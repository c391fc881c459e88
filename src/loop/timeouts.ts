/** One-shot waiting on an event loop's periodic timeouts. */
import type { EventLoop } from './event-loop.ts';

/**
 * Calls back once after `ms` milliseconds.
 *
 * @returns a function that cancels it; calling it later does nothing
 */
export function after(loop: EventLoop, ms: number, callback: () => void): () => void {
  const timer = loop.addTimeout(ms, () => {
    loop.removeTimeout(timer);
    callback();
  });
  return () => {
    loop.removeTimeout(timer);
  };
}

/** Resolves after `ms` milliseconds, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(loop: EventLoop, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = after(loop, ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** XState's clock on an event loop, for every root actor. */
export function createClock(loop: EventLoop): {
  setTimeout(callback: () => void, ms: number): () => void;
  clearTimeout(cancel: () => void): void;
} {
  return {
    setTimeout: (callback, ms) => after(loop, ms, callback),
    clearTimeout: (cancel) => cancel(),
  };
}

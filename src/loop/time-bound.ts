/** Work that may take only so long. Needs nothing of Node, so it runs wherever its callers do. */

/** What came of work that did not end in time. */
export const TIMED_OUT = Symbol('timed out');

/**
 * Waits for `work`, at most `timeoutMs`, and keeps the process alive meanwhile. Work that was not waited for to its end
 * goes on; what becomes of it is nobody's concern.
 *
 * @returns what `work` gives, or {@link TIMED_OUT}
 * @throws what `work` throws; the signal's reason as soon as it is aborted
 */
export async function timeBound<T>(
  work: () => T | PromiseLike<T>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<T | typeof TIMED_OUT> {
  signal?.throwIfAborted();
  const begun = work();
  if (!isPromiseLike(begun)) return begun;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => resolve(TIMED_OUT)), timeoutMs);
    const onAbort = (): void => settle(() => reject(signal?.reason));
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    begun.then(
      (result) => settle(() => resolve(result)),
      (error: unknown) => settle(() => reject(error)),
    );
    // It may have been aborted by the work itself.
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

const isPromiseLike = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

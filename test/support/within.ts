/**
 * Runs `work`, but no longer than `timeoutMs`: a test that hangs says what it waited for.
 *
 * @throws Error with the text of `what()` when the time is over; `work`'s signal is aborted then, and also when
 * the work is done
 */
export async function within<T>(
  timeoutMs: number,
  what: () => string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what()} (waited ${timeoutMs} ms)`)), timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** How long to wait before connecting again. */

/** @public */
export interface BackoffPolicy {
  /** Before the first attempt, in milliseconds. @defaultValue 50 */
  readonly minMs?: number | undefined;
  /** The longest, in milliseconds. @defaultValue 1000 */
  readonly maxMs?: number | undefined;
  /** The part of it, from 0 to 1, that chance may take off, so that many do not come at once. @defaultValue 0.2 */
  readonly jitter?: number | undefined;
}

/**
 * Twice as long at each attempt, up to `maxMs`, less the jitter.
 *
 * @param attempt - 0 for the first
 * @param random - from 0 up to but not including 1
 */
export function backoffDelayMs(attempt: number, random: number, policy: BackoffPolicy = {}): number {
  const { minMs = 50, maxMs = 1000, jitter = 0.2 } = policy;
  return Math.min(maxMs, minMs * 2 ** attempt) * (1 - jitter * random);
}

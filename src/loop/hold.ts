/** Keeps the process alive without a socket. */

/** Far longer than a process lives; an interval is what keeps Node running. */
const HOLD_INTERVAL_MS = 2 ** 30;

/** Until the returned function is called. */
export function holdProcess(): () => void {
  const interval = setInterval(() => {}, HOLD_INTERVAL_MS);
  return () => clearInterval(interval);
}

/** One turn of Node's loop. */

/** Asked for at once: between two of them every promise goes on as far as it can, and the system is not looked at. */
const BATCH = 32;

const waiting: (() => void)[] = [];
let due = 0;

function take(): void {
  due -= 1;
  waiting.shift()?.();
}

/**
 * Resolves when every promise that could go on by itself has done so. Who waits one after the other, as a simulation
 * does at each step, gets thirty-two turns at a time: asking the system between them is what would cost most.
 */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    if (due >= waiting.length) return;
    for (let n = 0; n < BATCH; n += 1) setImmediate(take);
    due += BATCH;
  });

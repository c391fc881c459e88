/** A timeout of Node's event loop. */
import type { TimeoutCallback } from './event-loop.ts';

/** The longest delay that Node's timers take, and libvirt's `int`. */
const MAX_INTERVAL_MS = 2 ** 31 - 1;

/** An interval, or an immediate in each turn, or neither while it is disabled. */
export class NodeTimeout implements Disposable {
  readonly #timer: number;
  readonly #callback: TimeoutCallback;
  #interval: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(timer: number, ms: number, callback: TimeoutCallback) {
    this.#timer = timer;
    this.#callback = callback;
    this.update(ms);
  }

  update(ms: number): void {
    this[Symbol.dispose]();
    if (ms > 0) {
      const interval = Math.min(ms, MAX_INTERVAL_MS);
      this.#interval = setInterval(() => this.#callback(this.#timer), interval).unref();
    } else if (ms === 0) this.#turn = setImmediate(this.#everyTurn);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#interval);
    clearImmediate(this.#turn);
  }

  readonly #everyTurn = (): void => {
    // Before the callback, which may throw.
    this.#turn = setImmediate(this.#everyTurn);
    this.#callback(this.#timer);
  };
}

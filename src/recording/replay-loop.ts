/** The event loop of a replay: time is the recording's, and there are no streams. */
import { StateError } from '../errors.ts';
import type { EventLoop, TimeoutCallback } from '../loop/event-loop.ts';
import { nextTurn } from '../loop/turn.ts';

/** More turns than this are not made for one point in time, nor more points in time between two lines. */
const MAX_TURNS = 1000;

interface Timeout {
  ms: number;
  /** Infinity while it is disabled. */
  dueMs: number;
  readonly callback: TimeoutCallback;
}

export class ReplayLoop implements EventLoop {
  readonly #timeouts = new Map<number, Timeout>();
  #lastTimer = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  addHandle(): number {
    throw new StateError('a replay has no connections');
  }

  updateHandle(): void {}

  removeHandle(): boolean {
    return false;
  }

  addTimeout(ms: number, callback: TimeoutCallback): number {
    const timer = ++this.#lastTimer;
    this.#timeouts.set(timer, { ms, dueMs: this.#due(ms), callback });
    return timer;
  }

  updateTimeout(timer: number, ms: number): void {
    const timeout = this.#timeouts.get(timer);
    if (timeout !== undefined) Object.assign(timeout, { ms, dueMs: this.#due(ms) });
  }

  removeTimeout(timer: number): boolean {
    return this.#timeouts.delete(timer);
  }

  /** Runs what is ready, promises included, until nothing is. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      await nextTurn();
      if (!this.#fire()) return;
    }
  }

  /** Lets time pass: what is due on the way runs at its own time, in order. */
  async advance(toMs: number): Promise<void> {
    for (let point = 0; point < MAX_TURNS; point += 1) {
      const dueMs = Math.min(...[...this.#timeouts.values()].map((timeout) => timeout.dueMs));
      if (dueMs > toMs) break;
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      this.#fire();
      await this.settle();
    }
    this.#nowMs = toMs;
  }

  #fire(): boolean {
    const due = [...this.#timeouts]
      .filter(([, timeout]) => timeout.dueMs <= this.#nowMs)
      .sort(([timer, { dueMs }], [otherTimer, other]) => dueMs - other.dueMs || timer - otherTimer);
    for (const [timer, timeout] of due) {
      if (!this.#timeouts.has(timer)) continue;
      timeout.dueMs = this.#due(timeout.ms);
      timeout.callback(timer);
    }
    return due.length > 0;
  }

  #due(ms: number): number {
    return ms < 0 ? Number.POSITIVE_INFINITY : this.#nowMs + ms;
  }
}

/** An event loop that turns when it is told to, and notes what is asked of it. */
import type { EventLoop, TimeoutCallback } from '../../../src/loop/event-loop.ts';

export class ManualLoop implements EventLoop {
  /** `add -1`, `update 0`, `remove`, in order. */
  readonly calls: string[] = [];
  readonly #timeouts = new Map<number, { ms: number; readonly callback: TimeoutCallback }>();
  #last = 0;

  addTimeout(ms: number, callback: TimeoutCallback): number {
    this.calls.push(`add ${ms}`);
    this.#timeouts.set(++this.#last, { ms, callback });
    return this.#last;
  }

  updateTimeout(timer: number, ms: number): void {
    this.calls.push(`update ${ms}`);
    const timeout = this.#timeouts.get(timer);
    if (timeout !== undefined) timeout.ms = ms;
  }

  removeTimeout(timer: number): boolean {
    this.calls.push('remove');
    return this.#timeouts.delete(timer);
  }

  /** One turn: each timeout of 0 ms, once. */
  turn(): void {
    this.#fire((ms) => ms === 0);
  }

  /** A time longer than every timeout. */
  elapse(): void {
    this.#fire((ms) => ms > 0);
  }

  get timeouts(): number {
    return this.#timeouts.size;
  }

  addHandle(): number {
    throw new Error('no handles here');
  }

  updateHandle(): void {}

  removeHandle(): boolean {
    return false;
  }

  #fire(isDue: (ms: number) => boolean): void {
    for (const [timer, timeout] of [...this.#timeouts])
      if (this.#timeouts.has(timer) && isDue(timeout.ms)) timeout.callback(timer);
  }
}

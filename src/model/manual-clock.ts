/** A clock on which no time passes: what waits on it is woken by hand. */

/** A clock as XState takes one. Timers are counted from 1, in the order in which they were set. */
export class ManualClock {
  readonly #waiting = new Map<number, () => void>();
  #set = 0;

  /** Its delay says nothing here. @returns the timer */
  setTimeout(callback: () => void): number {
    this.#set += 1;
    this.#waiting.set(this.#set, callback);
    return this.#set;
  }

  clearTimeout(timer: number): void {
    this.#waiting.delete(timer);
  }

  isWaiting(timer: number): boolean {
    return this.#waiting.has(timer);
  }

  /** Its time is over. Nothing happens if it is not waiting. */
  fire(timer: number): void {
    const callback = this.#waiting.get(timer);
    this.#waiting.delete(timer);
    callback?.();
  }
}

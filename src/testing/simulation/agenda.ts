/** Virtual time, and everything that waits: for its moment, or to be chosen. */
import { nextTurn } from '../../loop/turn.ts';
import { type Choice, Choices } from './choices.ts';

/** A moment that is nobody's: 2027-01-15T08:00:00Z. */
const START_MS = 1_800_000_000_000;

/** Something with a moment; it becomes a choice then. */
export interface Timed extends Choice {
  /** Milliseconds of virtual time; null: never. */
  readonly dueMs: number | null;
}

export class Agenda {
  readonly choices = new Choices();
  readonly #timed = new Set<Timed>();
  #nowMs = START_MS;

  /** Milliseconds since 1970. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds since the beginning. */
  get elapsedMs(): number {
    return this.#nowMs - START_MS;
  }

  /** The next moment of something that is not due yet; null if nothing waits for its moment. */
  get nextDueMs(): number | null {
    let next: number | null = null;
    for (const { dueMs } of this.#timed)
      if (dueMs !== null && dueMs > this.#nowMs && (next === null || dueMs < next)) next = dueMs;
    return next;
  }

  /** Call it when its moment changed. */
  schedule(timed: Timed): void {
    this.#timed.add(timed);
    if (timed.dueMs !== null && timed.dueMs <= this.#nowMs) this.choices.add(timed);
    else this.choices.delete(timed);
  }

  forget(timed: Timed): void {
    this.#timed.delete(timed);
    this.choices.delete(timed);
  }

  /** Lets time pass; nothing happens by itself, what is due can be chosen. */
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const timed of this.#timed) this.schedule(timed);
  }

  /** Resolves with what `complete` returns, or rejects with what it throws, when that is chosen. */
  operation<T>(label: string, complete: () => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const over = (): void => {
        this.choices.delete(choice);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        over();
        reject(signal?.reason);
      };
      const choice: Choice = {
        label,
        happen() {
          over();
          try {
            resolve(complete());
          } catch (error) {
            reject(error);
          }
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.choices.add(choice);
    });
  }

  /** One step: the choice happens, and every promise that can go on by itself has done so when it resolves. */
  async happen(choice: Choice, pick = 0): Promise<void> {
    choice.happen(pick);
    await nextTurn();
  }
}

/** What the observers of a world remember; each step is shown to them once for each memory, and then looked up. */
import { Interned } from './interned.ts';
import type { Locals } from './locals.ts';
import type { Observer, WorldOptions } from './options.ts';

interface Remembered {
  readonly value: unknown;
  /** What is wrong; null: nothing. */
  readonly broken: string | null;
  /** What is remembered next, by the happenings of a step. */
  readonly next: Map<string, number>;
}

/** What the observers of a world remember. */
export class Memories {
  readonly names: readonly string[];
  readonly #observers: readonly Observer[];
  readonly #memories: readonly Interned<Remembered>[];
  readonly #locals: Locals;

  constructor(observers: NonNullable<WorldOptions['observers']>, locals: Locals) {
    this.names = Object.keys(observers);
    this.#observers = Object.values(observers);
    this.#memories = this.#observers.map(() => new Interned<Remembered>());
    this.#locals = locals;
  }

  start(): number[] {
    return this.#observers.map(({ start }, at) => this.#intern(at, start));
  }

  after(memories: readonly number[], told: readonly number[]): number[] {
    const key = told.join(' ');
    return memories.map((memory, at) => {
      const { value, next } = this.#of(at, memory);
      let number = next.get(key);
      if (number === undefined) {
        const seen = (this.#observers[at] as Observer).see(value, told.map(this.#locals.happening));
        number = this.#intern(at, seen);
        next.set(key, number);
      }
      return number;
    });
  }

  /** The first observer that says that something is wrong. */
  broken(memories: readonly number[]): { readonly rule: string; readonly why: string } | null {
    for (const [at, memory] of memories.entries()) {
      const why = this.#of(at, memory).broken;
      if (why !== null) return { rule: this.names[at] as string, why };
    }
    return null;
  }

  value(at: number, memory: number): unknown {
    return this.#of(at, memory).value;
  }

  #of(at: number, memory: number): Remembered {
    return (this.#memories[at] as Interned<Remembered>).value(memory);
  }

  #intern(at: number, value: unknown): number {
    const name = this.names[at] as string;
    return (this.#memories[at] as Interned<Remembered>).number(
      this.#locals.addresses.text(value, `what ${name} remembers`),
      () => ({
        value,
        broken: (this.#observers[at] as Observer).broken?.(value) ?? null,
        next: new Map<string, number>(),
      }),
    );
  }
}

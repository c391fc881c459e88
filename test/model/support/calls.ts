/** Calls of the API that are under way. */
import type { Domain } from '../../../src/index.ts';
import { endOf, type Told } from './told.ts';

type Name = 'suspend' | 'resume' | 'reset' | 'shutdown' | 'wakeup' | 'destroy';

export class Calls {
  readonly #told: Told;
  readonly #onEnd: () => void;
  readonly #pending = new Map<Name, AbortController>();

  /** @param onEnd - is told after each end */
  constructor(told: Told, onEnd: () => void = () => {}) {
    this.#told = told;
    this.#onEnd = onEnd;
  }

  isPending(which: 'call' | 'destroy'): boolean {
    return [...this.#pending.keys()].some((name) => (name === 'destroy') === (which === 'destroy'));
  }

  begin(domain: Domain, name: Name): void {
    const abort = new AbortController();
    this.#pending.set(name, abort);
    const ended = (end: string): void => {
      if (this.#pending.get(name) === abort) this.#pending.delete(name);
      this.#told.ended(name, end);
      this.#onEnd();
    };
    domain[name]({ signal: abort.signal }).then(
      () => ended('done'),
      (error: unknown) => ended(endOf(error)),
    );
  }

  abort(which: 'call' | 'destroy'): void {
    for (const [name, abort] of this.#pending)
      if ((name === 'destroy') === (which === 'destroy')) abort.abort('aborted');
  }
}

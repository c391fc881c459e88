/** Keeps the process alive as long as there is a reason to. */

export class KeepAlive {
  readonly #hold: () => () => void;
  readonly #reasons = new Set<string>();
  #release: (() => void) | null = null;
  #unrefed = false;

  /** @param hold - keeps the process alive until what it returns is called */
  constructor(hold: () => () => void) {
    this.#hold = hold;
  }

  set(reason: string, holds: boolean): void {
    if (holds) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    this.#apply();
  }

  /** From now on the process may end whatever reasons there are. */
  unref(): void {
    this.#unrefed = true;
    this.#apply();
  }

  /** No reason is left. */
  clear(): void {
    this.#reasons.clear();
    this.#apply();
  }

  #apply(): void {
    if (this.#reasons.size > 0 && !this.#unrefed) this.#release ??= this.#hold();
    else {
      this.#release?.();
      this.#release = null;
    }
  }
}

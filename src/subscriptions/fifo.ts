/** A queue whose cost does not grow with its length, as that of `Array.shift()` does where it moves all the others. */
export class Fifo<Item> {
  /** What is taken from, at `#next`; then what was pushed meanwhile takes its place. */
  #front: readonly Item[];
  #next = 0;
  #back: Item[] = [];

  constructor(items: readonly Item[] = []) {
    this.#front = items;
  }

  get length(): number {
    return this.#front.length - this.#next + this.#back.length;
  }

  push(item: Item): void {
    this.#back.push(item);
  }

  /** Takes the oldest. */
  shift(): Item | undefined {
    if (this.#next === this.#front.length) {
      this.#front = this.#back;
      this.#next = 0;
      this.#back = [];
    }
    const item = this.#front[this.#next];
    if (this.#next < this.#front.length) this.#next += 1;
    return item;
  }

  /** From the oldest on. */
  toArray(): Item[] {
    return [...this.#front.slice(this.#next), ...this.#back];
  }
}

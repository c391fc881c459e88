/** What can happen next, one of which is chosen. */

export interface Choice {
  /** Whose it is and what it is, the same in each run: `d3 link`, `timer 5000`. */
  readonly label: string;
  /** Makes it happen. @param pick - decides what it leaves open: any integer from 0 on */
  happen(pick: number): void;
}

/** A set whose order depends on nothing but what was done to it. */
export class Choices {
  readonly #list: Choice[] = [];
  readonly #places = new Map<Choice, number>();

  get size(): number {
    return this.#list.length;
  }

  /** @param index - any integer from 0 on; taken modulo the size */
  at(index: number): Choice | undefined {
    return this.#list[index % this.#list.length];
  }

  find(label: string): Choice | undefined {
    return this.#list.find((choice) => choice.label === label);
  }

  has(choice: Choice): boolean {
    return this.#places.has(choice);
  }

  add(choice: Choice): void {
    if (!this.#places.has(choice)) this.#places.set(choice, this.#list.push(choice) - 1);
  }

  /** The last one takes its place. */
  delete(choice: Choice): void {
    const place = this.#places.get(choice);
    if (place === undefined) return;
    this.#places.delete(choice);
    const last = this.#list.pop();
    if (last === undefined || last === choice) return;
    this.#list[place] = last;
    this.#places.set(last, place);
  }
}

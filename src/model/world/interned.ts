/** Numbers for what is equal: each text has one, and stands for one value. */
export class Interned<T> {
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];

  /** @param make - is called for a text that is new, with its number */
  number(text: string, make: (number: number) => T): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#values.length;
    this.#numbers.set(text, number);
    this.#values.push(make(number));
    return number;
  }

  of(text: string, make: (number: number) => T): T {
    return this.value(this.number(text, make));
  }

  value(number: number): T {
    return this.#values[number] as T;
  }
}

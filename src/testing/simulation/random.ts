/** Chance from a seed: integers only, the same on every machine. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const HEX = '0123456789abcdef';

export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  /** @param seed - an integer of 32 bits */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** From 0 up to but not including `limit`, an integer up to 2^31. */
  below(limit: number): number {
    return uniformInt(this.#generator, 0, limit - 1);
  }

  /** One of a list that is not empty. */
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  uuid(): string {
    let digits = '';
    for (let n = 0; n < 32; n += 1) digits += HEX[this.below(16)];
    return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
  }
}

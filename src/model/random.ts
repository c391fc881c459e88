/** Chance from a seed: integers only, the same on every machine. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

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
}

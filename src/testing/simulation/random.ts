/** Chance from a seed, as a simulation needs it. */
import { Random as Chance } from '../../model/random.ts';

const HEX = '0123456789abcdef';

export class Random extends Chance {
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

/** Numbers on the command line. */
import { InvalidArgumentError } from 'commander';

/** A parser of an option: an integer within these bounds. @throws InvalidArgumentError */
export const integer =
  (from: number, to: number) =>
  (text: string): number => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (!(Number.isInteger(number) && number >= from && number <= to))
      throw new InvalidArgumentError(`It must be an integer from ${from} to ${to}.`);
    return number;
  };

/** A guard of the library, and how it is broken. */

/** How a file of the source is made wrong. */
export interface Breakage {
  /** What is broken, in a few words; no two are alike. */
  readonly name: string;
  readonly file: string;
  /** Text that is found there exactly once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}

export interface Mutant extends Breakage {
  /** What the guard keeps, with the source of the rule. */
  readonly guards: string;
  /** Test files whose subject it is. */
  readonly tests: readonly string[];
}

/** A file's text, broken. @throws Error unless what is to be broken is found exactly once */
export function broken(text: string, { name, file, from, to }: Breakage): string {
  const found = text.split(from).length - 1;
  if (found !== 1) throw new Error(`${name}: ${file} has its text ${found} times, expected once`);
  return text.replace(from, () => to);
}

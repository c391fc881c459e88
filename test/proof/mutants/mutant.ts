/** A guard of the library, and how it is broken. */

export interface Mutant {
  /** What is broken, in a few words; no two are alike. */
  readonly name: string;
  /** What the guard keeps, with the source of the rule. */
  readonly guards: string;
  /** Where it stands. */
  readonly file: string;
  /** The guard's text, which is found there exactly once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
  /** Test files whose subject it is. */
  readonly tests: readonly string[];
}

/** A file's text with the guard broken. @throws Error unless the guard is found exactly once */
export function broken(text: string, { name, file, from, to }: Mutant): string {
  const found = text.split(from).length - 1;
  if (found !== 1) throw new Error(`${name}: ${file} has its text ${found} times, expected once`);
  return text.replace(from, () => to);
}

/** What the doors take as options: what they cannot use is refused by a `TypeError`, and nothing is registered then. */
import { badArgument } from '../errors.ts';

/** @param names - of the options there are */
export function requireOptions(options: unknown, names: readonly string[]): asserts options is object {
  const known = names.join(', ');
  if (typeof options !== 'object' || options === null)
    throw badArgument('options', `an object: { ${known} }`, options);
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw badArgument('options', known, name);
}

export function requireSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badArgument('signal', 'an AbortSignal', signal);
}

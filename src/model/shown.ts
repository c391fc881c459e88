/** What of a machine can be seen from outside beside its state: where it changes, that is one more effect. */
import type { AnyMachineSnapshot } from 'xstate';
import { textOf } from './effect.ts';

/** By name, as `{ total: 30, reason: 'user' }`. */
export type Shown = Readonly<Record<string, unknown>>;

export type Shows = (snapshot: AnyMachineSnapshot) => Shown;

/** A line for each that is other than before: `show reason "user"`. */
export const describeShown = (shown: Shown, before: Shown): string[] =>
  Object.entries(shown)
    .filter(([name, value]) => value !== before[name] && textOf(value) !== textOf(before[name]))
    .map(([name, value]) => `show ${name} ${textOf(value)}`);

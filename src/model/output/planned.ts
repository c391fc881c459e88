/** What is written: walks by strategy, and their parts in words. */
import { describeStimulus, describeValue, type Expectation, type Walk, type WalkStep } from '../walk.ts';
import { type Place, placeOf } from './refuse.ts';
import { toSourceLine } from './source.ts';

/** The walks of one strategy, as `model.walks()` gives them. */
export interface PlannedWalks {
  readonly strategy: string;
  readonly walks: readonly Walk[];
}

/** As it is written: `type` first, then its data in the order in which they were given. */
export const eventOf = ({ event: { type, ...data } }: WalkStep): Readonly<Record<string, unknown>> => ({
  type,
  ...data,
});

/** A step, or a part of it, as an error names it. */
export const placeIn = (walk: Walk, step: WalkStep, path: string): Place =>
  placeOf(`walk '${walk.name}', step ${walk.steps.indexOf(step) + 1}, ${step.event.type}`, path);

/** Members of events that XState makes itself, which say what their type says. */
const OWN_MEMBERS = new Set(['type', 'actorId']);

/**
 * What happens, with its data: `PAY { amount: 3 }`, `after 1000 ms`, `loader fails: new Error('it failed')`.
 *
 * @throws ModelError `ERR_UNSERIALISABLE`
 */
export function tellStep(walk: Walk, step: WalkStep): string {
  const { event } = step;
  const words = describeStimulus(step);
  if (/^xstate\.(?:done|error|snapshot)\./.test(event.type)) {
    const [result] = Object.entries(event).filter(([key]) => !OWN_MEMBERS.has(key));
    const value = result?.[1];
    return value === undefined
      ? words
      : `${words}: ${toSourceLine(value, placeIn(walk, step, `event.${result?.[0]}`))}`;
  }
  const { type: _, ...data } = event;
  return Object.keys(data).length === 0
    ? words
    : `${words} ${toSourceLine(data, placeIn(walk, step, 'event'))}`;
}

/** A state in words: `loading`, `done (the machine is done)`. */
export const tellState = ({ value, status }: Expectation): string => {
  const state = describeValue(value);
  return status === 'active' ? state : `${state} (the machine is ${status})`;
};

/** @example `1 walk`, `12 walks` */
export const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

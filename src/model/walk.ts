/** A way through a machine, with what is expected at each point of it. */
import type { StateValue } from 'xstate';
import { ModelError } from '../errors.ts';
import { type ModelState, runningChildren, type Stepper, type StepResult, type Stimulus } from './step.ts';

/** What holds after a step, or at the start. */
export interface Expectation {
  readonly value: StateValue;
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** What the machine does beside, in order, in words: see `describeEffect`. */
  readonly effects: readonly string[];
}

export interface WalkStep extends Stimulus {
  readonly expected: Expectation;
  /** Ids of the transitions that it takes. */
  readonly taken: readonly string[];
}

export interface Walk {
  /** Unique among the walks of a strategy, and the same as long as the machine is. */
  readonly name: string;
  readonly start: Expectation;
  readonly steps: readonly WalkStep[];
}

/** A state's value in one line: `active.running`, `{left: on, right: off}`. */
export function describeValue(value: StateValue): string {
  if (typeof value === 'string') return value;
  const regions = Object.entries(value).filter(
    (entry): entry is [string, StateValue] => entry[1] !== undefined,
  );
  if (regions.length === 1) {
    const [[name, inner]] = regions as [[string, StateValue]];
    const rest = describeValue(inner);
    return rest === '{}' ? name : `${name}.${rest}`;
  }
  return `{${regions.map(([name, inner]) => `${name}: ${describeValue(inner)}`).join(', ')}}`;
}

/** The path of every active state, parents first: `active`, `active.running`. */
export function statePaths(value: StateValue, parent = ''): string[] {
  if (typeof value === 'string') return [`${parent}${value}`];
  return Object.entries(value).flatMap(([name, inner]) => [
    `${parent}${name}`,
    ...(inner === undefined ? [] : statePaths(inner, `${parent}${name}.`)),
  ]);
}

/** What happens at a step, in one line: `PAY`, `after 1000 ms`, `loader is done`. */
export function describeStimulus({ event: { type }, afterMs }: Stimulus): string {
  if (afterMs !== undefined)
    return type.startsWith('xstate.after.') ? `after ${afterMs} ms` : `after ${afterMs} ms ${type}`;
  const [, what, child] = /^xstate\.(done|error|snapshot)(?:\.actor)?\.(.+)$/.exec(type) ?? [];
  if (child === undefined) return type;
  const name = child.replace(/^0\.(?:\(machine\)\.)?/, '');
  return what === 'done'
    ? `${name} is done`
    : what === 'error'
      ? `${name} fails`
      : `${name} shows a snapshot`;
}

export const expectationOf = ({ state: { snapshot }, effects }: StepResult): Expectation => ({
  value: snapshot.value,
  status: snapshot.status,
  effects,
});

/** Makes steps one after the other. */
export interface Replayed {
  readonly start: StepResult;
  readonly steps: readonly { readonly stimulus: Stimulus; readonly result: StepResult }[];
}

/**
 * @param lenient - what cannot happen any more (a time-out that is not pending, the result of a child that is not there)
 *   is left out
 * @param again - what a step is in the state that it comes to
 * @throws ModelError `ERR_WALK` if a step cannot be made
 */
export function replay(
  stepper: Stepper,
  input: unknown,
  stimuli: readonly Stimulus[],
  lenient = false,
  again: (stimulus: Stimulus, state: ModelState) => Stimulus = (stimulus) => stimulus,
): Replayed {
  const start = stepper.start(input);
  const steps: { stimulus: Stimulus; result: StepResult }[] = [];
  let { state } = start;
  for (const planned of stimuli) {
    const stimulus = again(planned, state);
    const why = impossible(state, stimulus);
    if (why !== null) {
      if (lenient) continue;
      throw new ModelError(`step ${steps.length + 1}, ${describeStimulus(stimulus)}: ${why}`, {
        code: 'ERR_WALK',
      });
    }
    const result = stepper.step(state, stimulus);
    steps.push({ stimulus, result });
    state = result.state;
  }
  return { start, steps };
}

function impossible(state: ModelState, { event, afterMs }: Stimulus): string | null {
  const { snapshot, timers } = state;
  if (snapshot.status !== 'active') return `the machine is ${snapshot.status}`;
  if (
    afterMs !== undefined &&
    !timers.some((timer) => timer.event.type === event.type && timer.delayMs === afterMs)
  )
    return 'no such time-out is pending';
  const child = /^xstate\.(?:done\.actor|error\.actor|snapshot)\.(.+)$/.exec(event.type)?.[1];
  if (child !== undefined && !runningChildren(state).some(({ id }) => id === child))
    return `there is no child ${child} that runs`;
  return null;
}

/** How a system did not do what a walk says. */
import { ModelError, messageOf } from '../errors.ts';
import { serialise } from './serialise.ts';
import type { Seen } from './system.ts';
import { describeValue, type Expectation } from './walk.ts';

/** The function of the adapter that was called. */
export type WalkPhase = 'reset' | 'do' | 'see' | 'check' | 'end';

interface WalkFacts {
  readonly walk: string;
  readonly step: number;
  readonly steps: number;
  readonly stimulus: string | null;
  readonly phase: WalkPhase;
  readonly timedOut?: boolean;
  readonly expected: Expectation;
  readonly seen?: Seen | undefined;
}

/** A system did not do what a walk says. The message names the step and what is different, a line each. */
export class WalkError extends ModelError {
  /** The walk's name. */
  readonly walk: string;
  /** Counted from 1; 0 is the start. */
  readonly step: number;
  /** What happened at that step, as `PAY` or `after 1000 ms`; null at the start. */
  readonly stimulus: string | null;
  /** What the adapter was asked for. */
  readonly phase: WalkPhase;
  /** It did not answer in time. */
  readonly timedOut: boolean;
  readonly expected: Expectation;
  /** Undefined if nothing could be seen. */
  readonly seen: Seen | undefined;
  protected static override readonly kinds = [...ModelError.kinds, Symbol.for('qemu-actors.WalkError')];

  /** @param why - one line, without the place */
  constructor(why: string, facts: WalkFacts, options: ErrorOptions = {}) {
    const { walk, step, steps, stimulus, phase, timedOut = false, expected, seen } = facts;
    const place = stimulus === null ? 'at the start' : `step ${step} of ${steps}, ${stimulus}`;
    const difference = describeDifference(expected, seen);
    super([`${walk}, ${place}: ${why}`, ...difference].join('\n'), { ...options, code: 'ERR_WALK_FAILED' });
    this.walk = walk;
    this.step = step;
    this.stimulus = stimulus;
    this.phase = phase;
    this.timedOut = timedOut;
    this.expected = expected;
    this.seen = seen;
  }
}

/** Lines before and after a difference that are shown. */
const CONTEXT_LINES = 2;

/** What is different, in a line; null if nothing is. */
export function compare(expected: Expectation, seen: Seen): string | null {
  if (seen.value !== undefined && !isSameValue(expected, seen.value))
    return `expected ${describeValue(expected.value)}, saw ${valueText(seen.value)}`;
  if (seen.status !== undefined && seen.status !== expected.status)
    return `expected it to be ${expected.status}, saw that it is ${seen.status}`;
  if (seen.effects !== undefined && !isSameList(expected.effects, seen.effects))
    return 'its effects are not those expected';
  return null;
}

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((line, at) => line === other[at]);

function isSameValue({ value }: Expectation, seen: unknown): boolean {
  if (typeof seen === 'string') return seen === describeValue(value);
  return textOf(seen) === serialise(value, 'value');
}

function textOf(value: unknown): string {
  try {
    return serialise(value, 'value');
  } catch (error) {
    return messageOf(error);
  }
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : textOf(value));

/** Lines that begin with `-` are expected, with `+` seen. Empty if nothing was seen that is different. */
function describeDifference(expected: Expectation, seen: Seen | undefined): string[] {
  if (seen === undefined) return [];
  const { value, status, effects } = seen;
  return [
    ...(value === undefined || isSameValue(expected, value)
      ? []
      : ['state:', `- ${describeValue(expected.value)}`, `+ ${valueText(value)}`]),
    ...(status === undefined || status === expected.status
      ? []
      : ['status:', `- ${expected.status}`, `+ ${status}`]),
    ...(effects === undefined || isSameList(expected.effects, effects)
      ? []
      : ['effects:', ...diffLines(expected.effects, effects)]),
  ];
}

/** What both begin and end with is common; what is between is different. */
function diffLines(expected: readonly string[], seen: readonly string[]): string[] {
  const shorter = Math.min(expected.length, seen.length);
  let head = 0;
  while (head < shorter && expected[head] === seen[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && expected.at(-1 - tail) === seen.at(-1 - tail)) tail += 1;
  const common = (from: number, to: number): string[] => expected.slice(from, to).map((line) => `  ${line}`);
  const end = expected.length - tail;
  return [
    ...(head > CONTEXT_LINES ? ['  …'] : []),
    ...common(Math.max(0, head - CONTEXT_LINES), head),
    ...expected.slice(head, end).map((line) => `- ${line}`),
    ...seen.slice(head, seen.length - tail).map((line) => `+ ${line}`),
    ...common(end, Math.min(expected.length, end + CONTEXT_LINES)),
    ...(tail > CONTEXT_LINES ? ['  …'] : []),
  ];
}

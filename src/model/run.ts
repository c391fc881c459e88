/** One walk, run against a system. */
import type { EventObject } from 'xstate';
import { badArgument, messageOf } from '../errors.ts';
import { TIMED_OUT, timeBound } from '../loop/time-bound.ts';
import { checkSystem, type Seen, type SystemStep, type SystemUnderTest } from './system.ts';
import { describeStimulus, type Expectation, statePaths } from './walk.ts';
import { compare, WalkError, type WalkPhase } from './walk-error.ts';

export interface RunOptions {
  /** How long each call of the system may take. @defaultValue 5000 */
  readonly stepTimeoutMs?: number;
  /** Ends the walk; what the system is doing then is not waited for, except its `end`. */
  readonly signal?: AbortSignal;
}

/** What is expected, as it stands in a test: what is left out is `active`, and no effects. */
export type ExpectationLike = Pick<Expectation, 'value'> & Partial<Expectation>;

/** A walk as it stands in a test; every `Walk` is one. */
export interface WalkLike {
  /** @defaultValue `walk` */
  readonly name?: string;
  readonly start: ExpectationLike;
  readonly steps: readonly {
    readonly event: EventObject & { readonly [data: string]: unknown };
    readonly afterMs?: number;
    readonly expected: ExpectationLike;
    readonly taken?: readonly string[];
  }[];
}

const fullExpectation = ({ value, status = 'active', effects = [] }: ExpectationLike): Expectation => ({
  value,
  status,
  effects,
});

/**
 * Runs a walk: `reset`, then at the start and after each step what is seen is compared, and the state checked; `end`
 * comes last, however the walk ended.
 *
 * @throws WalkError if the system does not do as the walk says, throws, or takes too long
 * @throws TypeError if it is no adapter; the signal's reason when aborted
 */
export async function runWalk(
  system: SystemUnderTest,
  walk: WalkLike,
  { stepTimeoutMs = 5000, signal }: RunOptions = {},
): Promise<void> {
  checkSystem(system);
  if (!(stepTimeoutMs > 0)) throw badArgument('stepTimeoutMs', 'a number above 0', stepTimeoutMs);
  signal?.throwIfAborted();
  const steps = walk.steps.map(
    (step): SystemStep => ({ taken: [], ...step, expected: fullExpectation(step.expected) }),
  );
  let step = 0;
  let expected = fullExpectation(walk.start);
  let seen: Seen | undefined;

  const failed = (why: string, phase: WalkPhase, details: { timedOut?: boolean; cause?: unknown } = {}) => {
    const current = steps[step - 1];
    const stimulus = current === undefined ? null : describeStimulus(current);
    const { name = 'walk' } = walk;
    const facts = { walk: name, step, steps: steps.length, stimulus, phase, expected, seen };
    const { timedOut = false, cause } = details;
    return new WalkError(why, { ...facts, timedOut }, cause === undefined ? {} : { cause });
  };

  /** @param what - as it is said in an error: `check['loading']` */
  const call = async <T>(phase: WalkPhase, what: string, work: () => T): Promise<Awaited<T>> => {
    let result: Awaited<T> | typeof TIMED_OUT;
    try {
      result = await timeBound<Awaited<T>>(work as () => Awaited<T>, {
        timeoutMs: stepTimeoutMs,
        signal: phase === 'end' ? undefined : signal,
      });
    } catch (cause) {
      if (phase !== 'end') signal?.throwIfAborted();
      throw failed(`${what} failed: ${messageOf(cause)}`, phase, { cause });
    }
    if (result === TIMED_OUT)
      throw failed(`${what} took more than ${stepTimeoutMs} ms`, phase, { timedOut: true });
    return result;
  };

  const look = async (): Promise<void> => {
    seen = (await call('see', 'see', () => system.see?.())) ?? undefined;
    if (seen !== undefined && typeof seen !== 'object')
      throw failed(badArgument('see', 'an object', seen).message, 'see');
    const difference = seen === undefined ? null : compare(expected, seen);
    if (difference !== null) throw failed(difference, 'see');
    for (const path of ['*', ...statePaths(expected.value)]) {
      const check = own(system.check ?? {}, path);
      const what = `check['${path}']`;
      if (check !== undefined && (await call('check', what, () => check(expected))) === false)
        throw failed(`${what} is false`, 'check');
    }
  };

  const walkAlong = async (): Promise<void> => {
    await call('reset', 'reset', () => system.reset());
    await look();
    for (const next of steps) {
      step += 1;
      expected = next.expected;
      seen = undefined;
      const keys = [...new Set([describeStimulus(next), next.event.type, '*'])];
      const key = keys.find((name) => own(system.do, name) !== undefined);
      const act = key === undefined ? undefined : own(system.do, key);
      if (act === undefined)
        throw failed(`the system has no \`do\` for it (${keys.map((name) => `'${name}'`).join(', ')})`, 'do');
      await call('do', `do['${key}']`, () => act(next));
      await look();
    }
  };

  try {
    await walkAlong();
  } catch (error) {
    // What went wrong first is what is told.
    await call('end', 'end', () => system.end?.()).catch(() => {});
    throw error;
  }
  await call('end', 'end', () => system.end?.());
}

/** What an object itself has under a name, not what all objects have. */
const own = <T>(object: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;

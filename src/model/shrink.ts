/** A walk that failed, made small: the fewest of its steps that still fail alike. */
import fc from 'fast-check';
import type { Model } from './model.ts';
import { type RunOptions, runWalk } from './run.ts';
import type { Stimulus } from './step.ts';
import type { SystemUnderTest } from './system.ts';
import type { Walk } from './walk.ts';
import { WalkError } from './walk-error.ts';

/** A run that hangs costs as much time as so many others. */
const RUNS_OF_A_HANG = 50;

export interface ShrinkOptions extends RunOptions {
  /** How many runs it may take; one that hangs counts as 50. @defaultValue 500 */
  readonly maxRuns?: number;
}

export interface Shrunk {
  /** The smallest that was found; the walk itself if it did not fail again. */
  readonly walk: Walk;
  /** How that fails. */
  readonly error: WalkError;
  /** As they are counted. */
  readonly runs: number;
  /**
   * `smallest`: no step can be left out. `bounded`: there was no time to see that. `unsteady`: when it was run again, it
   * did not fail.
   */
  readonly outcome: 'smallest' | 'bounded' | 'unsteady';
}

/**
 * Leaves out steps as fast-check shrinks an array. What is left is walked by the model anew, so what is expected is
 * right for the shorter walk; what then cannot happen any more is left out too. A shorter walk counts if the same event
 * fails in the same function of the adapter.
 *
 * @param error - how the walk failed
 * @throws the signal's reason when aborted
 */
export async function shrinkWalk(
  model: Model,
  system: SystemUnderTest,
  walk: Walk,
  error: WalkError,
  { maxRuns = 500, ...options }: ShrinkOptions = {},
): Promise<Shrunk> {
  // Steps that were not made have no part in it.
  const steps: readonly Stimulus[] = walk.steps.slice(0, error.step);
  const known = new Map<string, boolean>();
  let smallest: { walk: Walk; error: WalkError } | null = null;
  let runs = 0;
  let isBounded = false;

  const fails = async (left: readonly Stimulus[]): Promise<boolean> => {
    const candidate = walkAgain(model, walk.name, left);
    if (candidate === null) return false;
    const key = candidate.made.map((step) => steps.indexOf(step)).join();
    const before = known.get(key);
    if (before !== undefined) return before;
    if (runs >= maxRuns) {
      isBounded = true;
      return false;
    }
    const failure = await failureOf(system, candidate.walk, options);
    runs += failure?.timedOut === true ? RUNS_OF_A_HANG : 1;
    const isAlike = failure?.phase === error.phase && failure.stimulus === error.stimulus;
    known.set(key, isAlike);
    if (isAlike && (smallest === null || candidate.made.length < smallest.walk.steps.length))
      smallest = { walk: candidate.walk, error: failure };
    return isAlike;
  };

  const property = fc.asyncProperty(fc.subarray([...steps]), async (left) => !(await fails(left)));
  await fc.check(property, { examples: [[[...steps]]], numRuns: 1 });
  options.signal?.throwIfAborted();
  const found = smallest as { walk: Walk; error: WalkError } | null;
  if (found === null) return { walk, error, runs, outcome: isBounded ? 'bounded' : 'unsteady' };
  return { ...found, runs, outcome: isBounded ? 'bounded' : 'smallest' };
}

/** Null if the machine itself cannot be walked so. */
function walkAgain(
  model: Model,
  name: string,
  stimuli: readonly Stimulus[],
): { walk: Walk; made: readonly Stimulus[] } | null {
  try {
    const made = model.replay(stimuli, true).steps.map(({ stimulus }) => stimulus);
    return { walk: model.walk(name, made), made };
  } catch {
    return null;
  }
}

async function failureOf(
  system: SystemUnderTest,
  walk: Walk,
  options: RunOptions,
): Promise<WalkError | null> {
  try {
    await runWalk(system, walk, options);
    return null;
  } catch (error) {
    if (error instanceof WalkError) return error;
    throw error;
  }
}

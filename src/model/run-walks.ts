/** Many walks, run one after the other: what failed, and what of the machine was covered. */
import { messageOf } from '../errors.ts';
import type { Coverage } from './coverage.ts';
import { checkCoverage, checkPercentages, type MinCoverage } from './min-coverage.ts';
import type { Model } from './model.ts';
import { type RunOptions, runWalk } from './run.ts';
import { type Shrunk, shrinkWalk } from './shrink.ts';
import { possiblePairs } from './strategies.ts';
import type { SystemUnderTest } from './system.ts';
import type { Walk } from './walk.ts';
import { WalkError } from './walk-error.ts';
import { readWalk, writeWalk } from './walk-file.ts';

export interface RunWalksOptions extends RunOptions {
  /** No walk is run after one that failed. @defaultValue false */
  readonly bail?: boolean;
  /** What must be covered when all walks have passed. If one failed, that is what is to be looked at. */
  readonly minCoverage?: MinCoverage;
  /**
   * How often walks may be run again to find shorter ones that fail alike, all together; one that hangs counts as 50. 0:
   * they are left as they are. @defaultValue 500
   */
  readonly shrinkRuns?: number;
  /**
   * Is given each walk that failed, made small, and its text, which `replayWalk` takes. If it gives a string, the
   * failure's message says that this is how to replay it.
   */
  readonly save?: (walk: Walk, text: string) => unknown;
}

/** A walk that failed. */
export interface WalkFailure {
  /** As it was given. */
  readonly walk: Walk;
  /** The shortest that fails alike, as far as was looked. */
  readonly smallest: Walk;
  /** How that one fails. */
  readonly error: WalkError;
  /** The error's, then how far the walk was made small, then how to replay it; a line each. */
  readonly message: string;
}

export interface WalkReport {
  /** How many were run. */
  readonly walks: number;
  readonly passed: number;
  /** In the order of the walks. */
  readonly failures: readonly WalkFailure[];
  /** Of the steps that were made and found right; what was run to find shorter walks is not in it. */
  readonly coverage: Coverage;
}

/**
 * Runs walks one after the other. One that fails keeps no other from running.
 *
 * @throws ModelError `ERR_COVERAGE` if all passed and cover too little; `ERR_WALK` if a walk is not one of the model's
 * @throws TypeError for options or adapters that cannot be used; the signal's reason when aborted
 */
export async function runWalks(
  model: Model,
  walks: Iterable<Walk>,
  system: SystemUnderTest,
  options: RunWalksOptions = {},
): Promise<WalkReport> {
  const { bail = false, minCoverage = {}, shrinkRuns = 500, save } = options;
  checkPercentages(minCoverage);
  const coverage = model.coverage();
  const failures: WalkFailure[] = [];
  let count = 0;
  let shrinkRunsLeft = shrinkRuns;
  for (const walk of walks) {
    if (bail && failures.length > 0) break;
    count += 1;
    const error = await runAndCover(model, walk, system, coverage, options);
    if (error === null) continue;
    const shrunk = await shrinkWalk(model, system, walk, error, { ...options, maxRuns: shrinkRunsLeft });
    shrinkRunsLeft = Math.max(0, shrinkRunsLeft - shrunk.runs);
    failures.push(await failureOf(walk, shrunk, save));
  }
  if (failures.length === 0) {
    if (minCoverage.pairs !== undefined) coverage.expectPairs(possiblePairs(model.graph));
    checkCoverage(coverage, minCoverage);
  }
  return { walks: count, passed: count - failures.length, failures, coverage };
}

/**
 * Runs a walk that was saved. What is expected of it is what the model says now.
 *
 * @throws ModelError `ERR_WALK_FILE` if the text is no walk, `ERR_WALK` if the machine cannot walk it any more
 * @throws WalkError if it fails
 */
export async function replayWalk(
  model: Model,
  system: SystemUnderTest,
  text: string,
  options: RunOptions = {},
): Promise<void> {
  const { name, steps } = readWalk(text);
  await runWalk(system, model.walk(name, steps), options);
}

/** @returns how it failed, or null */
async function runAndCover(
  model: Model,
  walk: Walk,
  system: SystemUnderTest,
  coverage: Coverage,
  options: RunOptions,
): Promise<WalkError | null> {
  const { start, steps } = model.replay(walk.steps);
  const results = [start, ...steps.map(({ result }) => result)];
  const error = await runWalk(system, walk, options).then(
    () => null,
    (reason: unknown) => {
      if (reason instanceof WalkError) return reason;
      throw reason;
    },
  );
  coverage.begin();
  const isWhole = error === null || error.phase === 'end';
  for (const result of results.slice(0, isWhole ? results.length : error.step)) coverage.add(result);
  return error;
}

async function failureOf(
  walk: Walk,
  { walk: smallest, error, runs, outcome }: Shrunk,
  save: RunWalksOptions['save'],
): Promise<WalkFailure> {
  const made = `made small from ${walk.steps.length} steps to ${smallest.steps.length}`;
  const how = {
    smallest: made,
    bounded: `${runs === 0 ? 'not made small' : made}; no more runs were allowed (shrinkRuns)`,
    unsteady: 'it did not fail when it was run again',
  };
  const lines = [error.message, how[outcome]];
  if (save !== undefined) lines.push(await saved(smallest, save));
  return { walk, smallest, error, message: lines.join('\n') };
}

async function saved(walk: Walk, save: NonNullable<RunWalksOptions['save']>): Promise<string> {
  try {
    const how = await save(walk, writeWalk(walk));
    return `replay it by ${typeof how === 'string' ? how : 'replayWalk(model, system, text) with the text that was saved'}`;
  } catch (error) {
    return `it could not be saved: ${messageOf(error)}`;
  }
}

/** A failed run made small: the fewest decisions that still break the same rule. */
import fc from 'fast-check';
import type { Decision } from './plan.ts';
import { type RunOptions, run } from './run.ts';
import type { Violation } from './violation.ts';

/** So many steps at most, in all runs together: half a minute. */
const MAX_STEPS = 300_000;

/** A run that can be made again. */
export interface FailingRun {
  readonly seed: number;
  readonly domains: readonly number[];
  readonly plan: readonly Decision[];
  readonly violation: Violation;
}

/** And so many of each domain until all is settled, about. */
const HEALING_STEPS = 100;

type Conditions = Pick<RunOptions, 'signal' | 'invariants'>;

/**
 * First only the domain that it happened to is left, if it happens to that alone too; then decisions are left out as
 * fast-check shrinks an array.
 *
 * @throws the signal's reason
 */
export async function shrink(failing: FailingRun, conditions: Conditions): Promise<FailingRun> {
  let smallest = failing;
  const alone = ofOneDomain(failing);
  if (alone !== null) smallest = (await again(alone, failing, conditions)) ?? smallest;
  let steps = 0;
  const { plan } = smallest;
  const property = fc.asyncProperty(fc.subarray([...plan]), async (left) => {
    steps += left.length + HEALING_STEPS * smallest.domains.length;
    if (steps > MAX_STEPS) return true;
    const failed = await again({ ...smallest, plan: left }, failing, conditions);
    if (failed !== null) smallest = failed;
    return failed === null;
  });
  await fc.check(property, { examples: [[[...plan]]], numRuns: 1 });
  return smallest;
}

/** @returns null if the rule is not broken that `failing` breaks */
async function again(
  candidate: Omit<FailingRun, 'violation'>,
  failing: FailingRun,
  conditions: Conditions,
): Promise<FailingRun | null> {
  const { violation, plan } = await run({ ...candidate, ...conditions, faults: new Set() });
  if (violation?.rule !== failing.violation.rule) return null;
  return { ...candidate, plan, violation };
}

function ofOneDomain({
  violation: { domain },
  plan,
  seed,
}: FailingRun): Omit<FailingRun, 'violation'> | null {
  if (domain === null) return null;
  const index = Number(domain.slice(1));
  const isIts = new RegExp(`\\b(?:d|mvt)${index}\\b`);
  const isAnothers = /\b(?:d|mvt)\d+\b/;
  const its = plan.filter((decision) => {
    if ('do' in decision) return decision.domain === index;
    return !('choose' in decision) || isIts.test(decision.choose) || !isAnothers.test(decision.choose);
  });
  return { seed, domains: [index], plan: its };
}

/**
 * A process of its own: runs plans against the machines of the tree that it stands in, and tells for each strategy the
 * first walk that fails. Arguments: the folder of the plans, and a machine.
 */
import { liveSystem, runWalk, type Strategy, strategies } from '../../../src/model/index.ts';
import { type OwnMachine, ownStarts } from '../../../src/testing/models/index.ts';
import { loadPlans } from './plans.ts';

/** A walk that failed. */
export interface Finding {
  /** Empty if the process hung, or ended. */
  readonly walk: string;
  readonly why: string;
}

const [directory, machine] = process.argv.slice(2) as [string, OwnMachine];
const plans = await loadPlans(directory, machine);

for (const strategy of strategies) process.send?.([strategy, await firstFailure(strategy)]);

async function firstFailure(strategy: Strategy): Promise<Finding | null> {
  for (const { start, walks } of plans) {
    const create = ownStarts[machine][start];
    if (create === undefined) throw new Error(`${machine} has no start ${start}`);
    const system = liveSystem(create());
    for (const walk of walks[strategy]) {
      try {
        await runWalk(system, walk);
      } catch (error) {
        return { walk: walk.name, why: String(error) };
      }
    }
  }
  return null;
}

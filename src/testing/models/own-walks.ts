/** The walks of our machines, by strategy: the same each time. */
import {
  type Coverage,
  type CoverageKind,
  type CoverageSummary,
  type Model,
  type Strategy,
  strategies,
  type WalkOptions,
  type WalkSet,
} from '../../model/index.ts';
import { domainInterrupts } from './domain.ts';
import { monitorInterrupts } from './monitor.ts';
import { type OwnMachine, ownStarts } from './own-models.ts';
import { processEventInterrupts } from './process-event.ts';
import { qemuJobInterrupts } from './qemu-job.ts';

/** All but `paths`, of which the domain has more than anybody wants to walk. */
export const ownStrategies: readonly Strategy[] = strategies.filter((strategy) => strategy !== 'paths');

/** What comes in between, for `races`. */
const interrupts: Readonly<Record<OwnMachine, NonNullable<WalkOptions['interrupts']>>> = {
  domain: domainInterrupts,
  monitor: monitorInterrupts,
  'process-event': processEventInterrupts,
  'qemu-job': qemuJobInterrupts,
};

/** The walks from one start. */
export interface OwnWalks {
  /** As it is called in {@link ownStarts}. */
  readonly start: string;
  readonly model: Model;
  readonly set: WalkSet;
}

/** All walks of one machine, by strategy. */
export type OwnPlan = ReadonlyMap<Strategy, readonly OwnWalks[]>;

/** Takes some seconds for the domain, most of them for `pairs`. */
export function planOwn(machine: OwnMachine): OwnPlan {
  const starts = Object.entries(ownStarts[machine]).map(([start, model]) => ({ start, model: model() }));
  const options: WalkOptions = { interrupts: interrupts[machine], seed: 1 };
  return new Map(
    ownStrategies.map((strategy) => [
      strategy,
      starts.map(({ start, model }) => ({ start, model, set: model.walks(strategy, options) })),
    ]),
  );
}

/** What several walks of one machine cover together, from whatever start. */
export function summaryOf(coverages: readonly Coverage[], kind: CoverageKind): CoverageSummary {
  const counts = new Map<string, number>();
  for (const coverage of coverages)
    for (const { id, count } of coverage.of(kind)) counts.set(id, (counts.get(id) ?? 0) + count);
  const missing = [...counts].filter(([, count]) => count === 0).map(([id]) => id);
  return { covered: counts.size - missing.length, total: counts.size, missing };
}

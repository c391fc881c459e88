/** Our own machines: every walk of every strategy is run, and together they cover all there is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Coverage,
  type CoverageKind,
  coverageKinds,
  liveSystem,
  runWalks,
} from '../../src/model/index.ts';
import {
  exceptions,
  type OwnMachine,
  type OwnPlan,
  ownModels,
  ownStrategies,
  planOwn,
  summaryOf,
} from '../../src/testing/models/index.ts';
import { everyWalk } from './support/every-walk.ts';

/** The two with thousands of walks are left to `npm run test:model`. */
const walked = everyWalk
  ? ownStrategies
  : ownStrategies.filter((strategy) => strategy !== 'pairs' && strategy !== 'races');

/** What was to be covered and is not. */
function lost(planned: Coverage, ran: Coverage, kind: CoverageKind): string[] {
  const counts = new Map(ran.of(kind).map(({ id, count }) => [id, count]));
  return planned.of(kind).flatMap(({ id, count }) => (count > 0 && !counts.get(id) ? [id] : []));
}

const lines: string[][] = [['machine', 'strategy', 'walks', ...coverageKinds]];

describe.each(Object.keys(ownModels) as OwnMachine[])('the %s machine', (machine) => {
  let plan: OwnPlan;
  const ran: Coverage[] = [];

  beforeAll(() => {
    plan = planOwn(machine);
  });

  test.each(walked)('lives as its model says, on every walk of `%s`', async (strategy) => {
    const coverages: Coverage[] = [];
    let count = 0;
    for (const { model, set } of plan.get(strategy) ?? []) {
      expect(set.limits).toEqual([]);
      const report = await runWalks(model, set.walks, liveSystem(model));
      expect(report.failures.map(({ message }) => message)).toEqual([]);
      // What was planned is what ran: the page counts the plan.
      for (const kind of coverageKinds) expect(lost(set.coverage, report.coverage, kind)).toEqual([]);
      count += report.passed;
      coverages.push(set.coverage);
      ran.push(report.coverage);
    }
    const covered = coverageKinds.map((kind) => {
      const summary = summaryOf(coverages, kind);
      return `${summary.covered}/${summary.total}`;
    });
    lines.push([machine, strategy, String(count), ...covered]);
  });

  test('is covered by what ran: states, transitions and guards both ways, save the exceptions', () => {
    const missing = (['states', 'transitions', 'guards'] as const).flatMap(
      (kind) => summaryOf(ran, kind).missing,
    );
    expect(missing).toEqual(Object.keys(exceptions[machine]));
  });

  test('has every pair of transitions that can follow each other on a walk', () => {
    const pairs = (plan.get('pairs') ?? []).map(({ set }) => set.coverage);
    expect(summaryOf(pairs, 'pairs').missing).toEqual([]);
  });
});

afterAll(() => {
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0))) ?? [];
  console.log(
    lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')).join('\n'),
  );
});

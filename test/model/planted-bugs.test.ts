/** A few bugs of `npm run proof -- model-faults`, one of each kind, by the strategies that need little time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plantedBugs } from '../proof/model-faults/bugs.ts';
import { makePlans, ownMachines, savePlans } from '../proof/model-faults/plans.ts';
import { machineOf, type PlantedBug } from '../proof/model-faults/planted-bug.ts';
import { type Findings, walkCopy } from '../proof/model-faults/walk-copy.ts';
import { Workshop } from '../proof/mutants/workshop.ts';

const planted = [
  ['STOP of an earlier run pauses the domain', 'guards'],
  ['RESUME of a domain that runs is announced', 'transitions'],
  ['a destroy that failed is remembered as the end', 'races'],
  ['the last to come is the first to run', 'states'],
  ['the loss of the monitor is not told', 'transitions'],
  ['a handler runs although its domain went while it waited', 'guards'],
  ['a job that was found ready is told when it is so again', 'states'],
] as const;

let directory = '';
let workshop: Workshop;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'walks-'));
  workshop = await Workshop.open();
  for (const machine of ownMachines)
    await savePlans(directory, machine, makePlans(machine, { paths: 0, random: 0 }, ['pairs']));
});

afterAll(async () => {
  await workshop[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const strategiesOf = (findings: Findings): string[] =>
  Object.entries(findings).flatMap(([strategy, finding]) => (finding === null ? [] : [strategy]));

test('walks of the machines as they are find nothing in a copy of them', async () => {
  const findings = await Promise.all(
    ownMachines.map((machine) => walkCopy(workshop.path, directory, machine)),
  );
  expect(findings.flatMap(strategiesOf)).toEqual([]);
});

test.each(planted)('a bug that is planted is found by generated walks: %s', async (name, strategy) => {
  const bug = plantedBugs.find((one) => one.name === name) as PlantedBug;
  const findings = await workshop.with(bug, () => walkCopy(workshop.path, directory, machineOf(bug)));
  expect(strategiesOf(findings)).toContain(strategy);
  expect(findings[strategy]?.why).toContain('step');
});

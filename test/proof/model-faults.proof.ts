/** Bugs are planted in the machines, one at a time: walks that were made of the machines as they are find them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Strategy, strategies } from '../../src/model/index.ts';
import { proof } from '../support/proof.ts';
import { plantedBugs } from './model-faults/bugs.ts';
import { makePlans, ownMachines, savePlans } from './model-faults/plans.ts';
import { machineOf, type PlantedBug } from './model-faults/planted-bug.ts';
import { type Findings, walkCopy } from './model-faults/walk-copy.ts';
import { Workshop } from './mutants/workshop.ts';

/** Of 40 bugs, at least 38. */
const REQUIRED = 38 / 40;

const foundBy = (findings: Findings): Strategy[] =>
  strategies.filter((strategy) => findings[strategy] !== null);

/** A difference follows on further lines. */
const firstLine = (text: string): string => text.split('\n')[0] as string;

await proof({
  name: 'model-faults',
  title: 'Bugs in the machines are found by generated walks',
  counts: { paths: 1000, random: 2000 },
  async run({ counts, report, tabulate, log }) {
    const directory = await mkdtemp(join(tmpdir(), 'walks-'));
    const walkCounts = new Map<Strategy, number>();
    for (const machine of ownMachines) {
      const plans = makePlans(machine, counts);
      for (const { walks } of plans)
        for (const strategy of strategies)
          walkCounts.set(strategy, (walkCounts.get(strategy) ?? 0) + walks[strategy].length);
      await savePlans(directory, machine, plans);
    }
    log(strategies.map((strategy) => `${strategy} ${walkCounts.get(strategy)}`).join(', '));

    const found = new Map<PlantedBug, Findings>();
    const failing: string[] = [];
    const sound = [...ownMachines];
    const left = [...plantedBugs];
    await Promise.all(
      cpus().map(async () => {
        await using workshop = await Workshop.open();
        for (let machine = sound.shift(); machine !== undefined; machine = sound.shift())
          failing.push(...foundBy(await walkCopy(workshop.path, directory, machine)));
        for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
          const machine = machineOf(bug);
          const findings = await workshop.with(bug, () => walkCopy(workshop.path, directory, machine));
          found.set(bug, findings);
          log(
            `${found.size} of ${plantedBugs.length}: ${bug.name}: ${foundBy(findings).join(', ') || 'not found'}`,
          );
        }
      }),
    );
    await rm(directory, { recursive: true });

    const all = plantedBugs.map((bug) => ({ ...bug, findings: found.get(bug) as Findings }));
    const missed = all.filter(({ findings }) => foundBy(findings).length === 0);
    const required = Math.ceil(all.length * REQUIRED);
    report({
      what: 'strategies with a walk that fails where no bug is planted',
      value: failing.join(', ') || 'none',
      required: 'none',
      ok: failing.length === 0,
    });
    report({
      what: `bugs found, of ${all.length}`,
      value: all.length - missed.length,
      required: `≥ ${required}`,
      ok: all.length - missed.length >= required,
    });
    report({ what: 'not found', value: missed.map(({ name }) => name).join('; ') || 'none' });
    for (const strategy of strategies)
      report({
        what: `found by ${strategy}, of which there are ${walkCounts.get(strategy)} walks`,
        value: all.filter(({ findings }) => findings[strategy] !== null).length,
      });
    tabulate({
      title: 'Which strategy found which',
      head: ['bug', 'what it breaks', 'where', ...strategies],
      rows: all.map(({ name, breaks, file, findings }) => [
        name,
        breaks,
        `\`${file}\``,
        ...strategies.map((strategy) => (findings[strategy] === null ? '–' : 'yes')),
      ]),
    });
    tabulate({
      title: 'How each was found first',
      head: ['bug', 'strategy', 'the walk, and what was different'],
      rows: all.map(({ name, findings }) => {
        const [strategy] = foundBy(findings);
        return [
          name,
          strategy ?? '–',
          strategy === undefined ? '–' : firstLine(findings[strategy]?.why ?? ''),
        ];
      }),
    });
  },
});

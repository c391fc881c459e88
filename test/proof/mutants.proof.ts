/** Guards of the library are broken, one at a time: simulation or tests see each. */
import { cpus } from 'node:os';
import { proof } from '../support/proof.ts';
import { seenBySimulation } from './mutants/by-simulation.ts';
import { seenByTests } from './mutants/by-tests.ts';
import { mutants } from './mutants/index.ts';
import type { Mutant } from './mutants/mutant.ts';
import { Workshop } from './mutants/workshop.ts';

/** Who saw a mutant, and by what; null: it did not. */
interface Seen {
  readonly simulation: string | null;
  readonly tests: string | null;
}

/** The simulation has sockets and a loop of its own. */
const isSimulated = ({ file }: Mutant): boolean => !file.startsWith('src/loop/');

await proof({
  name: 'mutants',
  title: 'Each guard that is broken is seen, by the simulation or by tests',
  counts: { seeds: 6, domains: 6, steps: 8000 },
  async run({ counts, report, tabulate, log }) {
    const seen = new Map<Mutant, Seen>();
    const left = [...mutants];
    await Promise.all(
      cpus().map(async () => {
        await using workshop = await Workshop.open();
        for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
          const { tests } = mutant;
          const simulated = isSimulated(mutant);
          const by = await workshop.with(mutant, async () => ({
            simulation: simulated ? await seenBySimulation(workshop.path, counts) : null,
            tests: await seenByTests(workshop.path, tests),
          }));
          seen.set(mutant, by);
          log(
            `${seen.size} of ${mutants.length}: ${mutant.name}: ${by.simulation ?? '–'}; ${by.tests ?? '–'}`,
          );
        }
      }),
    );
    const all = [...seen.values()];
    const survivors = mutants.filter((mutant) => {
      const { simulation, tests } = seen.get(mutant) as Seen;
      return simulation === null && tests === null;
    });
    report({ what: 'guards', value: mutants.length, required: '≥ 26', ok: mutants.length >= 26 });
    report({
      what: 'seen by neither',
      value: survivors.map(({ name }) => name).join('; ') || 0,
      required: 'none',
      ok: survivors.length === 0,
    });
    report({ what: 'seen by the simulation', value: all.filter((by) => by.simulation !== null).length });
    report({ what: 'seen by their tests', value: all.filter((by) => by.tests !== null).length });
    report({
      what: 'seen by both',
      value: all.filter((by) => by.simulation !== null && by.tests !== null).length,
    });
    tabulate({
      title: 'One by one',
      head: ['what is broken', 'what it guards', 'where', 'simulation', 'tests'],
      rows: mutants.map((mutant) => {
        const { simulation, tests } = seen.get(mutant) as Seen;
        const { name, guards, file } = mutant;
        const simulated = isSimulated(mutant) ? '–' : 'not part of it';
        return [name, guards, `\`${file}\``, simulation ?? simulated, tests ?? '–'];
      }),
    });
  },
});

/** Any events in any state: the properties of `test/unit/properties`, with many more runs and fresh seeds. */
import fc from 'fast-check';
import { proof } from '../support/proof.ts';
import { rows } from '../unit/properties/arbitraries.ts';
import { anyLife, LifeCounts } from '../unit/properties/lives.ts';
import { takesAnyJson, takesAnything } from '../unit/properties/parsers.ts';
import { anyWalk, anyWalkFromOff, Reached, sameWhateverTheTime } from '../unit/properties/walks.ts';

await proof({
  name: 'events',
  title: 'Any QEMU events, in any state, are accounted for, and nothing is thrown or stuck',
  counts: { inputs: 2_000, walks: 4_000, interleavings: 1_500, lives: 500 },
  async run({ counts, report, log }) {
    const seed = Date.now() % 2 ** 31;
    report({ what: 'seed', value: seed });
    const options = (numRuns: number) => ({ seed, numRuns, endOnFailure: true });

    for (const [name, { shape }] of rows) {
      fc.assert(takesAnything(name, shape), options(counts.inputs));
      fc.assert(takesAnyJson(name, shape), options(counts.inputs));
    }
    report({
      what: 'inputs to the rows of Table 1 that threw, or gave what is not of their shape',
      value: `0 of ${rows.length * counts.inputs * 2}`,
      required: 'none',
      ok: true,
    });
    log('the rows are done');

    const reached = new Reached();
    fc.assert(anyWalk(reached), options(counts.walks));
    fc.assert(anyWalkFromOff(reached), options(counts.walks));
    const walked = reached.events;
    report({ what: 'walks of the machines, all healed and stopped', value: 2 * counts.walks });
    report({ what: 'pairs of a state and an event that they reached', value: reached.kinds.size });
    report({
      what: 'QEMU events in them: effects and drops',
      value: `${reached.effects} and ${reached.drops} of ${walked}`,
      required: 'their sum',
      ok: reached.effects + reached.drops === walked,
    });
    log('the walks are done');

    fc.assert(sameWhateverTheTime(), options(counts.interleavings));
    report({
      what: 'sequences of which state or reason depended on how far handlers had come',
      value: `0 of ${counts.interleavings}`,
      required: 'none',
      ok: true,
    });

    const lives = new LifeCounts();
    await fc.assert(anyLife(lives), options(counts.lives));
    report({
      what: 'QEMU events in lives of a driver and a fake QEMU: effects and drops',
      value: `${lives.effects} and ${lives.drops} of ${lives.events} in ${lives.lives} lives`,
      required: 'their sum',
      ok: lives.effects + lives.drops === lives.events,
    });
  },
});

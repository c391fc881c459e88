/**
 * The driver on a fake QEMU, in virtual time, does what `support/outside-machine.ts` says of a domain: each transition,
 * and a part of the pairs of transitions.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { runWalks } from '../../src/model/index.ts';
import { everyWalk } from './support/every-walk.ts';
import { fakeSystem } from './support/fake-system.ts';
import { outsideModel } from './support/outside-model.ts';
import { Reached } from './support/reached.ts';

/** Of so many walks of pairs one is run, at most: all of them take four minutes. */
const ONE_OF = 5;

const reached = new Reached();

afterAll(() => {
  console.log(`What the driver's own machines came through:\n${reached.table()}`);
});

const domains = [
  { name: 'whose QEMU ends with its guest', input: { outlives: false } },
  { name: 'whose QEMU stays when its guest is off', input: { outlives: true } },
];

describe.each(everyWalk ? domains : domains.slice(0, 1))('a domain $name', ({ input }) => {
  const model = outsideModel(input);
  const system = fakeSystem(input);
  system.onDomain = (domain) => reached.listenTo(domain);

  test('is as its user is promised, on a walk of each transition', async () => {
    const { walks, limits, coverage } = model.walks('transitions');
    const report = await runWalks(model, walks, system, { shrinkRuns: 100 });
    expect(report.failures.map(({ message }) => message)).toEqual([]);
    expect(limits).toEqual([]);
    // What was planned is what ran.
    expect(report.coverage.of('transitions')).toEqual(coverage.of('transitions'));
    const { covered, total } = report.coverage.summary('transitions');
    console.log(`transitions of the outside machine: ${covered}/${total}, by ${report.walks} walks`);
  });

  // Without every walk, random ones: for pairs alone thousands of states are looked for.
  test(`is as its user is promised, on walks of ${everyWalk ? 'pairs of transitions' : 'chance'}`, async () => {
    const { walks } = everyWalk ? model.walks('pairs') : model.walks('random', { seed: 1, maxWalks: 30 });
    const some = walks.filter((_, at) => !everyWalk || at % ONE_OF === 0);
    const report = await runWalks(model, some, system, { shrinkRuns: 100 });
    expect(report.failures.map(({ message }) => message)).toEqual([]);
    const { covered } = report.coverage.summary('pairs');
    console.log(`pairs of transitions: ${covered}, by ${report.walks} of ${walks.length} walks`);
  });
});

if (everyWalk)
  test('walks of both come to every state of the library’s machines, but for what only a manager or a close makes', () => {
    const missing = Object.fromEntries(
      [...reached.machines].map(([name, machine]) => [name, machine.counts().states.missing]),
    );
    expect(missing).toEqual({
      domain: ['active.starting'],
      monitor: ['closed'],
      processEvent: ['submitted'],
    });
  });

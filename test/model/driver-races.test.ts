/** Whatever comes in between, at every point of every walk: the driver is as its user is promised. */
import { describe, expect, test } from 'vitest';
import { runWalks } from '../../src/model/index.ts';
import { fakeSystem } from './support/fake-system.ts';
import { interrupts, outsideModel } from './support/outside-model.ts';

const input = { outlives: false };
const model = outsideModel(input);
const system = fakeSystem(input);

describe('a domain, at every point of a walk of each transition,', () => {
  test.each(interrupts)('is as promised when %s comes in between', async (type) => {
    const { walks, limits } = model.walks('races', {
      interrupts: (snapshot) => [{ type }].filter((event) => snapshot.can(event)),
    });
    const { failures } = await runWalks(model, walks, system, { shrinkRuns: 100 });
    expect(failures.map(({ message }) => message)).toEqual([]);
    expect(limits).toEqual([]);
    expect(walks.length).toBeGreaterThan(100);
  });
});

test('a domain is as promised on random walks (seed 1)', async () => {
  const { walks } = model.walks('random', { seed: 1, maxWalks: 200 });
  const { failures } = await runWalks(model, walks, system, { shrinkRuns: 100 });
  expect(failures.map(({ message }) => message)).toEqual([]);
});

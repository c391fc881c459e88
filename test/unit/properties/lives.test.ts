/**
 * Random lives of a driver and a fake QEMU on a socket; what is checked stands in `lives.ts`. `npm run proof -- events`
 * runs more of them, with fresh seeds.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyLife, LifeCounts } from './lives.ts';

test('promises 1, 4, 7: any life of a QEMU and its domain, with any events, is accounted for and can be ended', async () => {
  const counts = new LifeCounts();
  await fc.assert(anyLife(counts), { seed: 21, numRuns: 30, endOnFailure: true });
  expect(counts.effects + counts.drops).toBe(counts.events);
  expect(counts.effects).toBeGreaterThan(50);
  expect(counts.drops).toBeGreaterThan(20);
});

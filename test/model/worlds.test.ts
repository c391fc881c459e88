/** Promises 1, 3 and 4 of the design, in every state of small worlds: each is explored to its end. */
import { describe, expect, test } from 'vitest';
import { checkWorld, type WorldOptions } from '../../src/model/index.ts';
import { destroyed } from './worlds/destroyed.ts';
import { monitorLoss } from './worlds/monitor-loss.ts';
import { twoIncarnations } from './worlds/two-incarnations.ts';
import { unplug } from './worlds/unplug.ts';

/** `atLeast`: fewer states say that something cannot happen any more that could. */
const worlds: readonly { name: string; world: () => WorldOptions; atLeast: number }[] = [
  {
    name: 'a domain with two process events and an operation, while it is destroyed',
    world: destroyed,
    atLeast: 100_000,
  },
  { name: 'the same across two incarnations under one name', world: twoIncarnations, atLeast: 20_000 },
  { name: 'the monitor is lost and comes back during a handler', world: monitorLoss, atLeast: 40_000 },
  {
    name: 'an unplug that a caller waits for: DEVICE_DELETED, reset and EOF race',
    world: unplug,
    atLeast: 15_000,
  },
];

describe('promises 1, 3 and 4 hold in every state of the world of', () => {
  test.each(worlds)('$name', ({ name, world, atLeast }) => {
    const begin = performance.now();
    const { violation, ...report } = checkWorld(world());
    const ms = Math.round(performance.now() - begin);
    const { states, transitions, depth } = report;
    console.log(
      `${name}: ${states} states, ${transitions} steps, depth ${depth}, to the end: ${report.complete}, ${ms} ms`,
    );

    expect(violation?.text ?? null, violation?.rule).toBeNull();
    expect(report).toMatchObject({ complete: true, why: null });
    expect(states).toBeGreaterThan(atLeast);
  });
});

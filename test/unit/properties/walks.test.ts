/**
 * Any events in any state of the bare machines. What is checked after each step, and by which number of libvirt's
 * invariants, stands in `invariants.ts`. `npm run proof -- events` runs more of them, with fresh seeds.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ignoredQemuEvents, qemuEvents } from '../../../src/events/qemu-events.ts';
import { anyWalk, anyWalkFromOff, Reached, sameWhateverTheTime } from './walks.ts';

describe('any sequence of any events, in any state: nothing is thrown, lost or stuck, and it can be stopped', () => {
  const reached = new Reached();

  test('of a domain that was met running', () => {
    fc.assert(anyWalk(reached), { seed: 11, numRuns: 120 });
  });

  test('of a domain that nobody has met, or that a manager starts', () => {
    fc.assert(anyWalkFromOff(reached), { seed: 12, numRuns: 80 });
  });

  test('the walks reach every row in the states that count, and the counters add up (promise 1)', () => {
    const states = ['running', 'paused', 'crashed', 'shutdown', 'pmsuspended', 'shutoff'];
    const seen = new Set([...reached.kinds.keys()].filter((kind) => kind.includes('qemu.')));
    for (const state of states)
      for (const name of ['STOP', 'RESUME', 'SHUTDOWN', 'RESET', 'GUEST_PANICKED', 'BLOCK_IO_ERROR'])
        expect(seen).toContain(`${state} qemu.${name}`);
    for (const name of Object.keys(qemuEvents)) expect([...seen].join('\n')).toContain(`qemu.${name}`);
    expect(Object.keys(ignoredQemuEvents).filter((name) => Object.hasOwn(qemuEvents, name))).toEqual([]);
    expect(reached.effects + reached.drops).toBe(reached.events);
    expect(reached.effects).toBeGreaterThan(500);
    expect(reached.drops).toBeGreaterThan(500);
  });
});

test('28: the state after QEMU events does not depend on how far handlers have come between them', () => {
  fc.assert(sameWhateverTheTime(), { seed: 13, numRuns: 50 });
});

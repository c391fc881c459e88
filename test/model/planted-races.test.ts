/** Each race guard that is taken out of the domain machine is missed by a world, by a trace that can be read. */
import { describe, expect, test } from 'vitest';
import type { domainMachine } from '../../src/machines/index.ts';
import { checkWorld, type WorldOptions } from '../../src/model/index.ts';
import { destroyed } from './worlds/destroyed.ts';
import { monitorLoss } from './worlds/monitor-loss.ts';
import {
  carelessMachines,
  eofNotIgnoredWhileStopping,
  incarnationNotCompared,
  jobNotReleasedOnDeath,
  leaseNotRevoked,
  outcomeAppliedAfterStop,
} from './worlds/planted.ts';
import { twoIncarnations } from './worlds/two-incarnations.ts';
import { unplug } from './worlds/unplug.ts';

const LONGEST_TRACE = 20;

interface Planted {
  readonly bug: string;
  readonly machine: typeof domainMachine;
  readonly world: (machine: typeof domainMachine) => WorldOptions;
  readonly rule: string;
  readonly why: string;
}

const all: readonly Planted[] = [
  {
    bug: 'lease not revoked',
    machine: leaseNotRevoked,
    world: destroyed,
    rule: 'promise 3: nothing is done for a domain that is gone, ends, or has lost its monitor',
    why: 'processEvent#1 (attached) runs while stopping',
  },
  {
    bug: 'incarnation not compared',
    machine: incarnationNotCompared,
    world: twoIncarnations,
    rule: 'promise 3: nothing of an earlier incarnation touches a later one',
    why: 'qemu.STOP of one: lifecycle of two',
  },
  {
    bug: 'EOF not ignored while stopping',
    machine: eofNotIgnoredWhileStopping,
    world: monitorLoss,
    rule: 'EOF is not death: stopped comes when the process is known to be gone',
    why: 'one is told as stopped at monitor.lost',
  },
  {
    bug: 'outcome applied after stop',
    machine: outcomeAppliedAfterStop,
    world: destroyed,
    rule: 'promise 1: what was ended before has no outcome any more',
    why: 'processEvent#1 was ended before: outcome is told',
  },
  {
    bug: 'job not released on death',
    machine: jobNotReleasedOnDeath,
    world: destroyed,
    rule: 'promise 1: a domain job is held by what is under way',
    why: 'processEvent#1 has the job, and is over',
  },
];

describe(`a planted race is found by a trace of at most ${LONGEST_TRACE} steps:`, () => {
  test.each(all)('$bug', ({ machine, world, rule, why }) => {
    const { violation } = checkWorld(world(machine));

    expect(violation).toMatchObject({ rule, why });
    expect(violation?.trace.steps.length).toBeLessThanOrEqual(LONGEST_TRACE);
  });
});

describe('each other rule can be broken as well:', () => {
  const { stoppedNotTold, ignoredNotCounted, waitingForgotten, canceledNotTold } = carelessMachines;
  const { waitersForgotten, jobNotHeld } = carelessMachines;
  test.each([
    ['promise 4: one stopped', twoIncarnations, stoppedNotTold],
    ['promise 1: a QEMU event becomes', twoIncarnations, ignoredNotCounted],
    ['promise 1: what came from QEMU', destroyed, waitingForgotten],
    ['promise 1: each process event and each operation', unplug, canceledNotTold],
    ['promise 1: nothing waits', destroyed, waitersForgotten],
    ['promise 3: one handler runs', destroyed, jobNotHeld],
  ] as const)('%s', (rule, world, machine) => {
    expect(checkWorld(world(machine)).violation?.rule).toContain(rule);
  });
});

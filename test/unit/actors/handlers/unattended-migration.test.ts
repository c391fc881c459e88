/** A migration in postcopy whose manager is gone, and what its end means for the domain. */
import { describe, expect, test } from 'vitest';
import { unattendedMigration } from '../../../../src/actors/handlers/unattended-migration.ts';
import type { Lease } from '../../../../src/actors/lease.ts';
import type { Outcome } from '../../../../src/events/outcome.ts';
import { openDriver } from '../../../../src/index.ts';
import type { DomainContext, DomainMachineEvent } from '../../../../src/machines/domain-context.ts';
import { FakeQemu } from '../../../../src/testing/index.ts';
import { Seen } from '../../../support/seen.ts';
import { Walk } from '../../machines/walk.ts';

type AsyncJob = DomainContext['work']['jobs']['async'];

/** A lease of a domain that is known to be so. */
function leaseOf({
  async = { kind: 'migration-in', holder: null } as AsyncJob,
  status = 'completed' as string | null,
  control = true,
} = {}): Lease {
  const known = {
    work: { jobs: { async } },
    facts: { migration: status === null ? null : { status, pass: null } },
  };
  return { control: control ? {} : null, facts: () => known } as unknown as Lease;
}

const handle = (job: 'migration-in' | 'migration-out', lease: Lease) =>
  unattendedMigration({ job }, lease) as Outcome;

describe('the handler (qemu_migration.c:qemuMigrationProcessUnattended)', () => {
  test('a domain that has gone ends as migrated', () => {
    expect(handle('migration-out', leaseOf({ async: { kind: 'migration-out', holder: null } }))).toEqual({
      status: 'done',
      facts: { end: { detail: 'migrated', reason: 'migrated' } },
    });
  });

  test('one that has come runs as migrated, or is paused by its user', () => {
    expect(handle('migration-in', leaseOf())).toMatchObject({
      status: 'done',
      facts: { reason: { running: 'migrated', paused: 'user' }, managerJobEnded: true },
    });
  });

  test.each([
    ['only observes', { control: false }, 'not in control'],
    ['finds another job', { async: { kind: 'dump', holder: null } as const }, 'no migration-in any more'],
    ['finds no job', { async: null }, 'no migration-in any more'],
    [
      'finds that it has an owner',
      { async: { kind: 'migration-in', holder: 'operation#1' } as const },
      'somebody attends to the migration-in again',
    ],
    ['finds it paused again', { status: 'postcopy-paused' }, 'the migration is not completed any more'],
    ['finds no migration', { status: null }, 'the migration is not completed any more'],
  ])('does nothing where it %s', (_, lease, why) => {
    expect(handle('migration-in', leaseOf(lease))).toEqual({ status: 'ignored', why });
  });
});

/** A migration in postcopy that failed, and then is another one's, in the state given. */
function unattended(job: 'migration-in' | 'migration-out', state: 'running' | 'paused'): Walk {
  const walk = new Walk();
  walk.send({
    type: 'manager.starting',
    incarnation: { uuid: 'first', id: 1 },
  } satisfies DomainMachineEvent);
  walk.qemu('RESUME');
  walk.send({ type: 'manager.started', detail: 'booted', paused: null });
  walk.send({ type: 'manager.jobBegan', kind: 'migration-out' });
  walk.qemu('STOP');
  walk.qemu('MIGRATION', { status: 'postcopy-active' });
  walk.qemu('MIGRATION', { status: 'postcopy-paused' });
  if (state === 'running') walk.qemu('RESUME');
  if (job === 'migration-in') {
    walk.send({ type: 'manager.jobEnded' });
    walk.send({ type: 'manager.jobBegan', kind: job });
  }
  expect(walk.state).toBe(`${state} postcopy-failed`);
  return walk;
}

/** The handler's word, as its actor brings it. */
function end(walk: Walk, outcome: Outcome) {
  const { running } = walk.snapshot.context.work;
  expect(running?.event.type).toBe('unattendedMigration');
  return walk.send({
    type: 'processEvent.ended',
    id: running?.id ?? '',
    incarnation: running?.incarnation ?? '',
    outcome,
  });
}

describe('the domain', () => {
  test.each([
    ['running', 'running migrated', 'lifecycle resumed migrated'],
    ['paused', 'paused user', 'lifecycle suspended paused'],
  ] as const)('that has come and is %s is announced so, once, and its job is over', (state, after, said) => {
    const walk = unattended('migration-in', state);
    walk.qemu('MIGRATION', { status: 'completed' });
    const step = end(walk, handle('migration-in', leaseOf()));
    expect(step).toEqual({ state: after, emitted: [said, 'outcome unattendedMigration done'] });
    expect(walk.snapshot.context.work.jobs.async).toBeNull();
  });

  test('that changed its state meanwhile is announced as what it is then', () => {
    const walk = unattended('migration-in', 'paused');
    walk.qemu('MIGRATION', { status: 'completed' });
    const outcome = handle('migration-in', leaseOf());
    walk.qemu('RESUME');
    expect(end(walk, outcome).emitted).toEqual([
      'lifecycle resumed migrated',
      'outcome unattendedMigration done',
    ]);
    expect(walk.state).toBe('running migrated');
  });

  test('whose job has an owner again keeps it', () => {
    const walk = unattended('migration-in', 'paused');
    walk.qemu('MIGRATION', { status: 'completed' });
    end(walk, { status: 'ignored', why: 'somebody attends to the migration-in again' });
    expect(walk.snapshot.context.work.jobs.async).toEqual({ kind: 'migration-in', holder: null });
    expect(walk.state).toBe('paused postcopy-failed');
  });
});

describe('with a QEMU', () => {
  const begin = async (control: boolean, run: (seen: Seen, qemu: FakeQemu) => Promise<void>) => {
    await using qemu = await FakeQemu.start({});
    await using driver = await openDriver({});
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, control });
    await seen.until(() => seen.of('outcome').length === 1);
    vm.actor.send({ type: 'manager.jobBegan', kind: 'migration-out' });
    for (const [name, data] of [
      ['STOP'],
      ['MIGRATION', { status: 'postcopy-active' }],
      ['MIGRATION', { status: 'postcopy-paused' }],
      ['MIGRATION', { status: 'completed' }],
    ] as const)
      qemu.emit(name, data);
    await run(seen, qemu);
  };

  test('the source ends, as migrated', () =>
    begin(true, async (seen, qemu) => {
      await seen.until(() => seen.lifecycle.includes('stopped migrated'));
      expect(seen.states.at(-1)).toBe('shutoff migrated');
      expect(qemu.received.map(({ command }) => command)).toContain('quit');
    }));

  test('an observer leaves it as it is (design.md §3a)', () =>
    begin(false, async (seen, qemu) => {
      await seen.until(() => seen.of('outcome').length === 2);
      expect(seen.of('outcome')[1]?.args).toEqual({
        type: 'unattendedMigration',
        status: 'ignored',
        why: 'not in control',
      });
      expect(qemu.received.map(({ command }) => command)).not.toContain('quit');
    }));
});

/**
 * libvirt's own holes: what its event handling is known to do wrong, and that it is not so here. The numbers are those
 * of the reference "libvirt events", section 6, and of the golden recordings' rules.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DomainDevice } from '../../src/events/devices.ts';
import { type Domain, type Driver, openDriver } from '../../src/index.ts';
import type { DomainMachineEvent } from '../../src/machines/index.ts';
import { FakeQemu } from '../../src/testing/index.ts';
import { trustedNic } from '../support/fake-host.ts';
import { Seen } from '../support/seen.ts';
import { Walk } from './machines/walk.ts';
import { type Transition, World } from './properties/world.ts';

const dumps = mkdtempSync(join(tmpdir(), 'qa-dump-'));
afterAll(() => rmSync(dumps, { recursive: true, force: true }));

const disk: DomainDevice = {
  type: 'disk',
  alias: 'virtio-disk0',
  target: 'vda',
  source: '/a.img',
  nodes: ['libvirt-1-format', 'libvirt-1-storage'],
  paths: {},
  qomName: null,
  bus: 'virtio',
  reservations: null,
};

interface Scene {
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly vm: Domain;
  readonly seen: Seen;
}

async function inScene(
  attach: Partial<Parameters<Driver['attach']>[0]>,
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
  await using driver = await openDriver({ dumpDirectory: dumps });
  const seen = new Seen(driver);
  const vm = await driver.attach({ monitor: qemu.path, ...attach });
  await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'attached'));
  await run({ qemu, driver, vm, seen });
}

/** Resolves when the command comes, which is never answered. */
function neverAnswered(qemu: FakeQemu, command: string): Promise<void> {
  return new Promise((resolve) => {
    qemu.faults.once(command, () => {
      resolve();
      return new Promise(() => {});
    });
  });
}

/** A domain of the bare machines with everything that it told, and the first look at it done. */
function inWorld(devices: readonly DomainDevice[] | null = [disk, trustedNic as DomainDevice]) {
  const steps: Transition[] = [];
  const world = new World({ devices }, (step) => steps.push(step));
  const settle = (): void => {
    for (let next = world.work[0]; next?.phase === 'running'; next = world.work[0])
      world.end(next.id, { status: 'done' });
  };
  world.contact('running', false);
  settle();
  steps.length = 0;
  const told = (): string[] =>
    steps.flatMap(({ emitted }) =>
      emitted.map((item) =>
        item.type === 'operation.ended' ? item.type : [item.type, ...Object.values(item.args)].join(' '),
      ),
    );
  return { world, steps, told, settle };
}

/** The monitor is lost, and whoever looks finds the process gone. */
function goes(world: World): void {
  world.send({ type: 'monitor.lost', protocolError: false });
  world.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
  const eof = world.work.find(({ type }) => type === 'monitorEof');
  world.end(eof?.id ?? '', { status: 'done', facts: { gone: true } });
}

describe('defect 1: a stale event reaches a later incarnation (libvirt-events.md §1.5 R6)', () => {
  test('what waits for a run that is gone ends before its `stopped`, and touches nothing of the next', () => {
    const { world, told } = inWorld();
    world.qemu({ event: 'NIC_RX_FILTER_CHANGED', data: { name: 'net0' } }, 'run-1');
    const [handler] = world.work;
    world.qemu({ event: 'DEVICE_DELETED', data: { device: 'virtio-disk0' } }, 'run-1');
    world.send({ type: 'monitor.lost', protocolError: false });
    world.contact('running', false);
    expect(told().slice(0, 4)).toEqual([
      'outcome nicRxFilterChanged ignored monitor lost',
      'outcome deviceDeleted ignored domain gone',
      'lifecycle stopped failed',
      'lifecycle started booted',
    ]);
    // Its word comes late all the same.
    world.send({
      type: 'processEvent.ended',
      id: handler?.id ?? '',
      incarnation: 'run-1',
      outcome: { status: 'done', facts: { removedDevices: ['virtio-disk0'] } },
    });
    expect(world.context.devices).toContain(disk);
    expect(world.context.incarnation?.uuid).toBe('run-2');
  });

  test('a QEMU event of the run before is counted as stale', () => {
    const walk = new Walk();
    walk.contact('running');
    walk.contact('running');
    walk.gone();
    walk.contact('running');
    expect(walk.qemu('SHUTDOWN', { guest: true }, 'run-1')).toEqual({
      state: 'running booted',
      emitted: ['drop stale SHUTDOWN'],
    });
  });
});

describe('defect 2: a process event whose job did not come in time is lost silently', () => {
  const withoutJob = (event: string, data: object) => {
    const scene = inWorld();
    // Lets no job in (virdomainjob.h: the mask of a snapshot).
    scene.world.send({ type: 'manager.jobBegan', kind: 'snapshot' });
    scene.world.qemu({ event, data: data as Record<string, unknown> }, 'run-1');
    const [waiting] = scene.world.work;
    expect(waiting?.phase).toBe('waiting for job');
    scene.world.timeOut(waiting?.id ?? '');
    return scene;
  };

  test('that of a NIC, which is mute until it is asked, is told as failed and submitted again', () => {
    const { world, told } = withoutJob('NIC_RX_FILTER_CHANGED', { name: 'net0' });
    expect(told()).toEqual(['outcome nicRxFilterChanged failed no job in time']);
    expect(world.work).toMatchObject([{ type: 'nicRxFilterChanged', phase: 'waiting for job' }]);
    world.send({ type: 'manager.jobEnded' });
    expect(world.work).toMatchObject([{ type: 'nicRxFilterChanged', phase: 'running' }]);
  });

  test('that of a panic is told as failed; the crash itself was told when it came', () => {
    const { world, told } = withoutJob('GUEST_PANICKED', {});
    expect(told()).toEqual(['lifecycle crashed panicked', 'outcome guestPanic failed no job in time']);
    expect(world.state).toBe('crashed');
    expect(world.work).toEqual([]);
  });
});

describe('defect 3: one worker for all domains', () => {
  test('a domain whose handler hangs delays nobody’s clean-up: the other’s EOF gives `stopped` (race-panic-kill9)', () =>
    inScene({ control: true, onCrash: 'coredump-restart' }, async ({ qemu, driver, seen }) => {
      await using other = await FakeQemu.start();
      const second = await driver.attach({ monitor: other.path });
      const dumping = neverAnswered(qemu, 'dump-guest-memory');
      qemu.handle('dump-guest-memory', () => ({}));
      qemu.guestPanic('pause');
      await dumping;
      other.kill();
      await seen.until(() => !second.state.active && seen.lifecycle.includes('stopped failed'));
      expect(seen.of('outcome').filter(({ args }) => args.type === 'guestPanic')).toEqual([]);
      expect(seen.lifecycle).toEqual(['crashed panicked', 'stopped failed']);
    }));
});

describe('defect 4: a dump blocks itself when QEMU dies during it', () => {
  test.each([
    ['after a crash (golden rule 6)', 'guestPanic', { onCrash: 'coredump-destroy' }],
    ['by the watchdog', 'watchdog', { devices: [{ type: 'watchdog', alias: 'watchdog0', action: 'dump' }] }],
  ] as const)(
    'killed while dumping %s: the handler ends, one `stopped failed`, shutoff crashed',
    async (_, type, attach) => {
      await inScene(
        { control: true, ...attach } as Parameters<typeof inScene>[0],
        async ({ qemu, vm, seen }) => {
          const dumping = new Promise<void>((resolve) => {
            // It is detached: the reply comes at once, DUMP_COMPLETED never.
            qemu.handle('dump-guest-memory', () => resolve());
          });
          if (type === 'guestPanic') qemu.guestPanic('pause');
          else qemu.watchdog('pause');
          await dumping;
          qemu.kill();
          await seen.until(() => !vm.state.active && seen.of('state').at(-1)?.args.active === false);
          expect(vm.state).toMatchObject({ state: 'shutoff', reason: 'crashed' });
          expect(seen.lifecycle).toEqual([
            type === 'guestPanic' ? 'crashed panicked' : 'suspended watchdog',
            'stopped failed',
          ]);
          const outcomes = seen.of('outcome').filter(({ args }) => args.type === type);
          expect(outcomes.map(({ args }) => args.status)).toEqual(['ignored']);
        },
      );
    },
  );
});

describe.each([
  [
    'defect 5: the RESET worker asks a monitor without looking whether the domain is active',
    'RESET',
    'reset',
  ],
  ['defect 6: the GUEST_CRASHLOADED worker tells of a dead domain', 'GUEST_CRASHLOADED', 'guestCrashloaded'],
])('%s', (_, event, type) => {
  test('what waits behind another when the domain goes is not run, and says nothing', () => {
    const { world, steps, told } = inWorld();
    world.qemu({ event: 'NIC_RX_FILTER_CHANGED', data: { name: 'net0' } }, 'run-1');
    world.qemu({ event }, 'run-1');
    goes(world);
    expect(told()).toContain(`outcome ${type} ignored domain gone`);
    expect(told().at(-1)).toBe('lifecycle stopped failed');
    expect(told()).not.toContain('lifecycle crashed crashloaded');
    expect(steps.flatMap(({ started }) => started)).toHaveLength(2);
    expect(world.work).toEqual([]);
  });
});

describe('defect 7: WATCHDOG where no watchdog is configured', () => {
  test.each([[null], [[]], [[{ type: 'watchdog', alias: 'watchdog0', action: 'reset' } as DomainDevice]]])(
    'devices %j: the event, and no dump',
    (devices) => {
      const { world, told } = inWorld(devices);
      world.qemu({ event: 'WATCHDOG', data: { action: 'pause' } }, 'run-1');
      expect(told()).toEqual(['watchdog pause', 'lifecycle suspended watchdog']);
      expect(world.work).toEqual([]);
    },
  );
});

describe('defect 8: BLOCK_IO_ERROR and DEVICE_TRAY_MOVED without `device`', () => {
  test('an I/O error of nobody knows which disk is told all the same', () => {
    const { world, told } = inWorld();
    world.qemu({ event: 'BLOCK_IO_ERROR', data: { action: 'report', operation: 'read' } }, 'run-1');
    expect(told()).toEqual(['io-error   report', 'io-error-reason   report ']);
  });

  test('a tray is found by `id` alone; without both it is dropped', () => {
    const { world, told } = inWorld();
    const qom = '/machine/peripheral/virtio-disk0/virtio-backend';
    expect(
      world.qemu({ event: 'DEVICE_TRAY_MOVED', data: { id: qom, 'tray-open': true } }, 'run-1'),
    ).toBeNull();
    expect(world.qemu({ event: 'DEVICE_TRAY_MOVED', data: { 'tray-open': true } }, 'run-1')).toBe(
      'missing-field',
    );
    expect(told()).toEqual(['tray-change virtio-disk0 open']);
  });
});

test('defect 9: DUMP_COMPLETED without a job is a fact, and nothing else', () => {
  const { world, told } = inWorld();
  const result = { status: 'completed', completed: 10, total: 10 };
  world.qemu({ event: 'DUMP_COMPLETED', data: { result } }, 'run-1');
  expect(told()).toEqual([]);
  expect(world.context.facts.dump).toMatchObject({ status: 'completed', totalBytes: 10 });
});

test('defect 10: MEMORY_FAILURE with words that nobody knows is dropped, and the next event is handled', () => {
  const { world, told } = inWorld();
  const failure = (recipient: string) => ({
    event: 'MEMORY_FAILURE',
    data: { recipient, action: 'inject', flags: { 'action-required': true, recursive: false } },
  });
  expect(world.qemu(failure('neighbour'), 'run-1')).toBe('wrong-type');
  world.qemu(failure('guest'), 'run-1');
  expect(told()).toEqual(['memory-failure guest inject true false']);
});

describe('defect 11: MEMORY_DEVICE_SIZE_CHANGE of any model, and its size not kept', () => {
  const devices = [
    { type: 'memory', alias: 'ua-virtio', model: 'virtio-mem' },
    { type: 'memory', alias: 'dimm0', model: 'dimm' },
  ];

  test('only virtio-mem counts; the size is kept, and part of the balloon', () =>
    inScene({ devices } as Parameters<typeof inScene>[0], async ({ qemu, vm, seen }) => {
      qemu.emit('BALLOON_CHANGE', { actual: 1024 * 1024 });
      qemu.emit('MEMORY_DEVICE_SIZE_CHANGE', { id: 'dimm0', size: 4096 });
      qemu.emit('MEMORY_DEVICE_SIZE_CHANGE', { id: 'ua-virtio', size: 4097 });
      const own = () => seen.of('outcome').filter(({ args }) => args.type === 'memoryDeviceSizeChange');
      await seen.until(() => own().length === 2);
      expect(own().map(({ args }) => args.status)).toEqual(['ignored', 'done']);
      expect(seen.of('memory-device-size-change').map(({ args }) => args)).toEqual([
        { alias: 'ua-virtio', sizeKiB: 5 },
      ]);
      expect(await vm.info()).toMatchObject({ memoryKiB: { 'ua-virtio': 5 }, balloonKiB: 1029 });
    }));
});

describe('defect 12: DEVICE_DELETED of kinds that cannot be removed is announced all the same', () => {
  const devices = [
    { type: 'video', alias: 'video0' },
    { type: 'input', alias: 'input0' },
  ];

  test('that it is gone is QEMU’s word: one decision for each kind, and the same for one that is not known', () =>
    inScene({ devices } as Parameters<typeof inScene>[0], async ({ qemu, vm, seen }) => {
      for (const device of ['video0', 'input0', 'nobody']) qemu.emit('DEVICE_DELETED', { device });
      const own = () => seen.of('outcome').filter(({ args }) => args.type === 'deviceDeleted');
      await seen.until(() => own().length === 3);
      expect(own().map(({ args }) => args.status)).toEqual(['done', 'done', 'ignored']);
      expect(seen.of('device-removed').map(({ args }) => args.alias)).toEqual(['video0', 'input0']);
      expect(vm.devices).toEqual([]);
    }));
});

describe('defect 13: a panic and its STOP race each other', () => {
  test('there is one order: the crash is told by the event itself, and the STOP finds it crashed', () => {
    const { world, told } = inWorld();
    world.qemu({ event: 'GUEST_PANICKED', data: { action: 'pause' } }, 'run-1');
    world.qemu({ event: 'STOP' }, 'run-1');
    expect(told()).toEqual(['lifecycle crashed panicked', 'drop ignored-in-state STOP']);
    expect([world.state, world.context.reason]).toEqual(['crashed', 'panicked']);
  });
});

describe('defect 14: a MONITOR_EOF worker that fails leaves a domain that is dead and listed', () => {
  test.each([
    ['fails', (world: World, id: string) => world.end(id, { status: 'failed', why: 'no /proc' })],
    ['takes too long', (world: World, id: string) => world.timeOut(id)],
  ])('one that %s is told, and made again with the next attempt to connect', (_, fail) => {
    const { world, told } = inWorld();
    world.send({ type: 'monitor.lost', protocolError: false });
    world.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
    fail(world, world.work[0]?.id ?? '');
    expect(told().at(-1)).toMatch(/^outcome monitorEof failed/);
    expect(world.state).toBe('running');
    world.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
    world.end(world.work[0]?.id ?? '', { status: 'done', facts: { gone: true } });
    expect(told().at(-1)).toBe('lifecycle stopped failed');
    expect(world.state).toBe('shutoff');
  });
});

describe('defect 15: a READY that CONCLUDED follows at once is lost', () => {
  const status = (word: string) => ({ event: 'JOB_STATUS_CHANGE', data: { id: 'job0', status: word } });

  test('of a job that a manager registered it is told when it comes', () => {
    const { world, told } = inWorld();
    world.send({
      type: 'manager.jobRegistered',
      id: 'job0',
      job: { type: 'copy', disk: 'virtio-disk0', becomes: null },
    } as DomainMachineEvent);
    for (const word of ['created', 'running', 'ready', 'concluded']) world.qemu(status(word), 'run-1');
    expect(told()).toEqual(['block-job /a.img copy ready', 'block-job-2 vda copy ready']);
    expect(world.work).toMatchObject([{ type: 'jobStatusChange' }]);
  });

  test('of somebody else’s job it waits until the disk is known, and comes before its end', () => {
    const { world, told } = inWorld();
    for (const word of ['created', 'running', 'ready', 'concluded']) world.qemu(status(word), 'run-1');
    const [look] = world.work;
    expect(look?.type).toBe('jobCreated');
    const actor = world.context.qemuJobs.byId.job0?.actor ?? '';
    world.end(look?.id ?? '', {
      status: 'done',
      facts: { qemuJobs: [{ found: 'work', id: 'job0', actor, type: 'copy', disk: 'virtio-disk0' }] },
    });
    expect(told()).toEqual([
      'block-job /a.img copy ready',
      'block-job-2 vda copy ready',
      'outcome jobCreated done',
    ]);
    expect(world.work).toMatchObject([{ type: 'jobStatusChange' }]);
  });
});

describe('golden rule 5: the I/O error of a network disk is lost', () => {
  test('it is told, with the path null', () =>
    inScene(
      { devices: [{ ...disk, source: null }] } as Parameters<typeof inScene>[0],
      async ({ qemu, seen }) => {
        qemu.emit('BLOCK_IO_ERROR', {
          device: '',
          'node-name': 'libvirt-1-format',
          operation: 'write',
          action: 'stop',
          nospace: true,
        });
        await seen.until(() => seen.lifecycle.includes('suspended ioerror'));
        const args = { path: null, alias: 'virtio-disk0', action: 'pause' };
        expect(seen.of('io-error').map((event) => event.args)).toEqual([args]);
        expect(seen.of('io-error-reason').map((event) => event.args)).toEqual([
          { ...args, reason: 'enospc' },
        ]);
      },
    ));
});

describe('holes of our own, found by the random walks and lives of test/unit/properties', () => {
  const destroy: DomainMachineEvent = {
    type: 'operation.requested',
    id: 'operation#1',
    operation: 'destroy',
    data: {},
    timeoutMs: 1000,
  };

  test('a destroy ends at once when another QEMU answers before the end of this one was seen', () =>
    inScene({ control: true }, async ({ qemu, vm, seen }) => {
      const sent = neverAnswered(qemu, 'quit');
      const destroyed = vm.destroy();
      await sent;
      await qemu.restart();
      await destroyed;
      await seen.until(() => seen.lifecycle.includes('stopped destroyed'));
    }));

  test('a destroy that is given up, or fails, leaves the state that STOP or RESUME told meanwhile', () => {
    const walk = new Walk();
    walk.contact('running');
    walk.send(destroy);
    expect(walk.qemu('STOP').emitted).toEqual(['lifecycle suspended paused']);
    walk.send({ type: 'operation.canceled', id: 'operation#1', why: 'aborted' });
    expect(walk.state).toBe('paused unknown');
    walk.send(destroy);
    walk.qemu('RESUME');
    const outcome = { status: 'failed', why: 'it does not end' } as const;
    const { incarnation } = walk;
    walk.send({ type: 'processEvent.ended', id: 'operation#1', incarnation, outcome });
    expect(walk.state).toBe('running unpaused');
  });

  test('events that came before the contact are counted when the connection ends before it', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const asked = neverAnswered(qemu, 'query-uuid');
    const attached = driver.attach({ monitor: qemu.path }).catch(() => {});
    await asked;
    qemu.emit('NIC_RX_FILTER_CHANGED', { name: 'net0' });
    qemu.kill();
    await attached;
    expect(driver.drops.toJSON()).toEqual({ stale: { NIC_RX_FILTER_CHANGED: 1 } });
    expect(seen.of('outcome')).toEqual([]);
  });

  test('STOP and RESUME within a start of a manager do not announce `started` twice', () => {
    const walk = new Walk();
    walk.send({ type: 'manager.starting', incarnation: { uuid: 'run-1', id: 1 } });
    walk.send({ type: 'manager.jobBegan', kind: 'start' });
    walk.send({ type: 'command.cont', reason: 'booted' });
    const emitted = [walk.qemu('RESUME'), walk.qemu('STOP'), walk.qemu('RESUME')].flatMap(
      (step) => step.emitted,
    );
    emitted.push(...walk.send({ type: 'manager.started', detail: 'booted', paused: null }).emitted);
    expect(emitted).toEqual([
      'lifecycle resumed unpaused',
      'lifecycle suspended paused',
      'lifecycle resumed unpaused',
      'lifecycle started booted',
    ]);
  });
});

describe('what is heard until the end (libvirt: the informational events, whatever the state)', () => {
  test('a power-off that a policy follows leaves the domain `shutdown` until its process is gone', () => {
    const walk = new Walk({ policies: { onPoweroff: 'destroy' } });
    walk.contact('running');
    walk.qemu('SHUTDOWN', { guest: true });
    expect(walk.snapshot.value).toEqual({ active: 'shutdown' });
    expect(walk.qemu('RTC_CHANGE', { offset: 3 }).emitted).toEqual(['rtc-change 3']);
    expect(walk.qemu('RESUME')).toEqual({
      state: 'running unpaused',
      emitted: ['lifecycle resumed unpaused'],
    });
  });

  test('while a domain is being destroyed', () => {
    const walk = new Walk();
    walk.contact('running');
    const request = { id: 'operation#1', operation: 'destroy', data: {}, timeoutMs: 1000 } as const;
    walk.send({ type: 'operation.requested', ...request });
    expect(walk.qemu('RTC_CHANGE', { offset: 3 }).emitted).toEqual(['rtc-change 3']);
    expect(walk.qemu('WATCHDOG', { action: 'none' }).emitted).toEqual(['watchdog none']);
    // Work is not begun any more.
    expect(walk.qemu('DEVICE_DELETED', { device: 'net0' }).emitted).toEqual([
      'drop ignored-in-state DEVICE_DELETED',
    ]);
  });
});

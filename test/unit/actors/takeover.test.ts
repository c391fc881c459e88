/**
 * Synchronous takeover: who waits for a removal handles it, nobody handles it twice, and nothing is lost.
 *
 * libvirt 9.0.0 `qemu_hotplug.c:qemuDomainWaitForDeviceRemoval`, `qemuDomainSignalDeviceRemoval`.
 */
import { describe, expect, test } from 'vitest';
import { waitFor } from 'xstate';
import { jobKey, type ProcessEvent, removalKey } from '../../../src/events/process-events.ts';
import { CommandError } from '../../../src/index.ts';
import { endOperations, enqueueProcessEvent, noWork } from '../../../src/machines/domain-queue.ts';
import { beginTakeover, refuseTakeover } from '../../../src/machines/domain-takeovers.ts';
import {
  type Controlled,
  type ControlledOptions,
  failureOf,
  hold,
  sent,
  underControl,
} from '../../support/controlled.ts';

const rng = { type: 'rng', alias: 'rng0' } as const;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One device, with its backend. A guest that is paused does not give it back. */
const withRng = (
  run: (world: Controlled) => Promise<void>,
  { qemu, ...options }: ControlledOptions = {},
): Promise<void> =>
  underControl(
    {
      qemu: { devices: ['rng0'], backends: { objects: ['objrng0'] }, ...qemu },
      attach: { devices: [rng] },
      ...options,
    },
    run,
  );

const deleted = ({ qemu }: Controlled): void =>
  qemu.emit('DEVICE_DELETED', { device: 'rng0', path: '/machine/peripheral/rng0' });

/** Domain events and outcomes, without states. */
const told = ({ seen }: Controlled): string[] =>
  seen.all.flatMap((event) => {
    if (event.type === 'outcome') return [`${event.args.type} ${event.args.status}`];
    return event.type === 'device-removed' || event.type === 'device-removal-failed' ? [event.type] : [];
  });

const takeovers = ({ vm }: Controlled) => vm.actor.getSnapshot().context.work.takeovers;

const untilTold = (world: Controlled, what: string): Promise<void> =>
  world.seen.until(() => told(world).includes(what));

/** The caller waits for the guest. */
const untilWaiting = async (world: Controlled): Promise<void> => {
  while (sent(world.qemu, 'device_del').length === 0) await turn();
  await waitFor(world.vm.actor, ({ context }) => Object.keys(context.work.takeovers).length === 1);
};

/** Nobody waits: the call is answered a moment before. */
const untilFree = ({ vm }: Controlled) =>
  waitFor(vm.actor, ({ context }) => Object.keys(context.work.takeovers).length === 0);

describe('detachDevice()', () => {
  test('handles the removal itself, and no handler does (libvirt-events.md §1.7)', () =>
    withRng(async (world) => {
      const { vm, qemu } = world;
      await vm.detachDevice('rng0');
      expect(vm.devices).toEqual([]);
      await untilTold(world, 'device-removed');
      await turn();
      expect(told(world)).toEqual(['device-removed']);
      expect(sent(qemu, 'device_del', 'object-del')).toEqual(['device_del rng0', 'object-del objrng0']);
      expect(takeovers(world)).toEqual({});
    }));

  test('tells device-removed before its caller goes on (qemu_hotplug.c:qemuDomainRemoveDevice)', () =>
    withRng(async (world) => {
      let devices: unknown;
      world.driver.on('device-removed', () => {
        devices = world.vm.devices;
      });
      const detached = world.vm.detachDevice('rng0');
      await untilTold(world, 'device-removed');
      await detached;
      expect(devices).toEqual([]);
    }));

  test('has it also if it comes before the reply of device_del', () =>
    withRng(
      async (world) => {
        const { vm, qemu } = world;
        const held = hold(qemu, 'device_del');
        const detached = vm.detachDevice('rng0');
        await held.reached;
        deleted(world);
        await waitFor(vm.actor, ({ context }) => context.work.takeovers['removal:rng0']?.came !== null);
        expect(told(world)).toEqual([]);
        held.release();
        await detached;
        await untilTold(world, 'device-removed');
        expect(told(world)).toEqual(['device-removed']);
      },
      { qemu: { status: 'paused' } },
    ));

  test('twice told is once removed: the second is one with the first', () =>
    withRng(
      async (world) => {
        const held = hold(world.qemu, 'device_del');
        const detached = world.vm.detachDevice('rng0');
        await held.reached;
        deleted(world);
        deleted(world);
        await world.seen.until((seen) => seen.of('drop').length === 1);
        held.release();
        await detached;
        await turn();
        expect(told(world)).toEqual(['device-removed']);
        expect(world.seen.of('drop')[0]?.args).toEqual({ reason: 'coalesced', event: 'deviceDeleted' });
      },
      { qemu: { status: 'paused' } },
    ));

  test('lets others go their way: another device that is deleted meanwhile is a handler’s', () =>
    withRng(
      async (world) => {
        const { vm, qemu, seen } = world;
        const detached = vm.detachDevice('rng0');
        await untilWaiting(world);
        qemu.emit('DEVICE_DELETED', { device: 'rng1', path: '/machine/peripheral/rng1' });
        deleted(world);
        await detached;
        await untilTold(world, 'deviceDeleted done');
        expect(seen.of('device-removed').map(({ args }) => args.alias)).toEqual(['rng0', 'rng1']);
      },
      { qemu: { status: 'paused' }, attach: { devices: [rng, { ...rng, alias: 'rng1' }] } },
    ));

  test.each([
    ['DEVICE_UNPLUG_GUEST_ERROR', { device: 'rng0', path: '/machine/peripheral/rng0' }],
    [
      'ACPI_DEVICE_OST',
      { info: { device: 'rng0', 'slot-type': 'DIMM', slot: '0', source: 3, status: 0x80 } },
    ],
  ])(
    'is ERR_REFUSED by %s, which is announced too (qemu_process.c:qemuProcessHandleDeviceUnplugErr)',
    (event, data) =>
      withRng(
        async (world) => {
          const { vm, qemu } = world;
          const failure = failureOf(vm.detachDevice('rng0'));
          await untilWaiting(world);
          qemu.emit(event, data);
          expect(await failure).toMatchObject({ code: 'ERR_REFUSED' });
          await untilTold(world, 'device-removal-failed');
          expect([told(world), vm.devices]).toEqual([['device-removal-failed'], [rng]]);
          // A guest that thinks better of it is believed.
          deleted(world);
          await untilTold(world, 'deviceDeleted done');
          expect(told(world)).toEqual(['device-removal-failed', 'device-removed', 'deviceDeleted done']);
        },
        { qemu: { status: 'paused' } },
      ),
  );

  test('is ERR_TIMEOUT if the guest does not answer; the handler has it when it does, once (qemu_hotplug.c:qemuDomainResetDeviceRemoval)', () =>
    withRng(
      async (world) => {
        const { vm } = world;
        expect(await failureOf(vm.detachDevice('rng0'))).toMatchObject({
          code: 'ERR_TIMEOUT',
          message: expect.stringContaining('device-removed comes when it does'),
        });
        await untilFree(world);
        expect(vm.devices).toEqual([rng]);
        // QEMU still asks the guest, and says so.
        expect(await failureOf(vm.detachDevice('rng0'))).toBeInstanceOf(CommandError);
        await vm.reset();
        await untilTold(world, 'deviceDeleted done');
        expect(told(world).filter((what) => !what.startsWith('reset'))).toEqual([
          'device-removed',
          'deviceDeleted done',
        ]);
      },
      { qemu: { status: 'paused' }, guestWaitMs: 30 },
    ));

  test('that came, but was not handled, is a handler’s: aborted by its caller', () =>
    withRng(
      async (world) => {
        const { vm, qemu } = world;
        const controller = new AbortController();
        const held = hold(qemu, 'device_del');
        const failure = failureOf(vm.detachDevice('rng0', { signal: controller.signal }));
        await held.reached;
        deleted(world);
        await waitFor(vm.actor, ({ context }) => context.work.takeovers['removal:rng0']?.came !== null);
        controller.abort(new Error('enough'));
        expect(await failure).toEqual(new Error('enough'));
        held.release();
        await untilTold(world, 'deviceDeleted done');
        expect(told(world)).toEqual(['device-removed', 'deviceDeleted done']);
      },
      { qemu: { status: 'paused' } },
    ));

  test('that came, but was not handled, is a handler’s: out of time', () =>
    withRng(
      async (world) => {
        const { vm, qemu } = world;
        const held = hold(qemu, 'device_del');
        const failure = failureOf(vm.detachDevice('rng0', { timeoutMs: 200 }));
        await held.reached;
        deleted(world);
        expect(await failure).toMatchObject({ code: 'ERR_TIMEOUT' });
        held.release();
        await untilTold(world, 'deviceDeleted done');
        expect(told(world)).toEqual(['device-removed', 'deviceDeleted done']);
      },
      { qemu: { status: 'paused' } },
    ));

  test('of a device that QEMU does not have any more removes it here (qemu_hotplug.c:qemuDomainDeleteDevice)', () =>
    withRng(
      async (world) => {
        await world.vm.detachDevice('rng0');
        await untilTold(world, 'device-removed');
        expect([told(world), world.vm.devices]).toEqual([['device-removed'], []]);
      },
      { qemu: { devices: [] } },
    ));

  test('of an unknown alias is a StateError, and sends nothing (qemu_hotplug.c:qemuDomainDetachDeviceLive)', () =>
    withRng(async ({ vm, qemu }) => {
      expect(await failureOf(vm.detachDevice('rng1'))).toMatchObject({ code: 'ERR_STATE' });
      expect(sent(qemu, 'device_del')).toEqual([]);
    }));

  test('where the devices are not known QEMU is believed: one that it has is removed, one that it has not is a StateError', () =>
    underControl(
      {
        qemu: { devices: ['rng0'] },
        attach: { devices: undefined },
        prepare: (qemu) => qemu.handle('qom-list', () => null),
      },
      async (world) => {
        const { vm } = world;
        expect(vm.devices).toBeNull();
        await vm.detachDevice('rng0');
        await untilTold(world, 'device-removed');
        expect(await failureOf(vm.detachDevice('rng0'))).toMatchObject({ code: 'ERR_STATE' });
        await untilFree(world);
        expect(told(world)).toEqual(['device-removed']);
      },
    ));

  test('that QEMU refuses is a CommandError, and waits for nothing', () =>
    withRng(async (world) => {
      world.qemu.handle('device_del', () => {
        throw new Error("Bus 'pci.0' does not support hotplugging");
      });
      expect(await failureOf(world.vm.detachDevice('rng0'))).toBeInstanceOf(CommandError);
      await untilFree(world);
      expect(world.vm.devices).toEqual([rng]);
    }));

  test('says in no error what stood behind it and stays: the device is gone', () =>
    withRng(
      async (world) => {
        await world.vm.detachDevice('rng0');
        expect(world.vm.devices).toEqual([]);
      },
      { qemu: { backends: {} } },
    ));

  test.each([
    ['nothing came yet', false],
    ['it came', true],
  ])(
    'is ERR_DOMAIN_INACTIVE by a destroy meanwhile, and tells nothing: %s (domain-states.md §2.3)',
    (_title, came) =>
      withRng(
        async (world) => {
          const { vm, qemu, seen } = world;
          const held = hold(qemu, 'device_del');
          const failure = failureOf(vm.detachDevice('rng0'));
          await held.reached;
          if (came) {
            deleted(world);
            await waitFor(vm.actor, ({ context }) => context.work.takeovers['removal:rng0']?.came !== null);
          }
          const destroyed = vm.destroy();
          expect(await failure).toMatchObject({ code: 'ERR_DOMAIN_INACTIVE' });
          expect(takeovers(world)).toEqual({});
          held.release();
          await destroyed;
          await seen.until(() => seen.lifecycle.includes('stopped destroyed'));
          const outcomes = told(world).filter((what) => what.startsWith('deviceDeleted'));
          expect(outcomes).toEqual(came ? ['deviceDeleted ignored'] : []);
          expect(told(world)).not.toContain('device-removed');
          expect(sent(qemu, 'object-del')).toEqual([]);
        },
        { qemu: { status: 'paused' } },
      ),
  );

  test.each([
    ['nothing came yet', false],
    ['it came: the handler has it when the monitor is back', true],
  ])('is ERR_DOMAIN_INACTIVE by a loss of the monitor meanwhile: %s', (_title, came) =>
    withRng(
      async (world) => {
        const { vm, qemu, seen } = world;
        const held = hold(qemu, 'device_del');
        const failure = failureOf(vm.detachDevice('rng0'));
        await held.reached;
        if (came) {
          deleted(world);
          await waitFor(vm.actor, ({ context }) => context.work.takeovers['removal:rng0']?.came !== null);
        }
        qemu.faults.closeAfterBytes(0);
        qemu.emit('POWERDOWN');
        expect(await failure).toMatchObject({ code: 'ERR_DOMAIN_INACTIVE' });
        expect(takeovers(world)).toEqual({});
        held.release();
        await seen.until(() => told(world).includes('attached done'));
        await turn();
        const removal = ['device-removed', 'deviceDeleted done'];
        expect(told(world).filter((what) => removal.includes(what))).toEqual(came ? removal : []);
      },
      { qemu: { status: 'paused' } },
    ),
  );

  test('of the next incarnation waits for nothing of the one before', () =>
    withRng(
      async (world) => {
        const { vm, qemu, seen } = world;
        const failure = failureOf(vm.detachDevice('rng0'));
        await untilWaiting(world);
        await qemu.restart();
        expect(await failure).toMatchObject({ code: 'ERR_DOMAIN_INACTIVE' });
        await seen.until(() => vm.state.active && vm.state.id === 2);
        expect(takeovers(world)).toEqual({});
      },
      { qemu: { status: 'paused' } },
    ));
});

describe('what an operation takes over (domain-takeovers.ts)', () => {
  const removal: ProcessEvent = { type: 'deviceDeleted', data: { alias: 'd' } };
  const job: ProcessEvent = { type: 'jobStatusChange', data: { id: 'j', actor: 'a', reconstructed: false } };
  const busy = { ...noWork, operations: { 'operation#1': 'detachDevice', 'operation#2': 'reset' } } as const;
  const isFirst = (id: string) => id === 'operation#1';

  test('is what has its key: a device by its alias, a QEMU job by its id (libvirt-events.md §1.7)', () => {
    const work = beginTakeover(
      beginTakeover(busy, 'operation#1', removalKey('d')),
      'operation#1',
      jobKey('j'),
    );
    const after = [removal, job].reduce((now, event) => enqueueProcessEvent(now, event).work, work);
    expect(after.waiting).toEqual([]);
    expect(Object.values(after.takeovers).map(({ came }) => came)).toEqual([removal, job]);
    const other = enqueueProcessEvent(after, { type: 'deviceDeleted', data: { alias: 'e' } }).work;
    expect(other.waiting).toHaveLength(1);
  });

  test('is given back when it ends: submitted if it was not handled, and only then', () => {
    const { work } = enqueueProcessEvent(beginTakeover(busy, 'operation#1', removalKey('d')), removal);
    for (const handled of [true, false]) {
      const after = endOperations(work, isFirst, handled);
      expect([after.takeovers, after.operations]).toEqual([{}, { 'operation#2': 'reset' }]);
      expect(after.waiting.map(({ event }) => event)).toEqual(handled ? [] : [removal]);
    }
  });

  test('is not given back when another one ends', () => {
    const { work } = enqueueProcessEvent(beginTakeover(busy, 'operation#1', removalKey('d')), removal);
    expect(endOperations(work, (id) => id === 'operation#2', false)).toMatchObject({
      takeovers: work.takeovers,
      waiting: [],
    });
  });

  test('of an operation that has ended is nothing', () => {
    expect(beginTakeover(noWork, 'operation#1', removalKey('d'))).toBe(noWork);
  });

  test('asked for again is for what comes next', () => {
    const key = jobKey('j');
    const { work } = enqueueProcessEvent(beginTakeover(busy, 'operation#1', key), job);
    expect(beginTakeover(work, 'operation#1', key).takeovers[key]?.came).toBeNull();
  });

  test('that the guest refused, and gave after all, is had: the word does not hide the deed', () => {
    const key = removalKey('d');
    const refused = refuseTakeover(beginTakeover(busy, 'operation#1', key), key);
    expect(refused.takeovers[key]?.came).toBe('refused');
    const given = enqueueProcessEvent(refused, removal).work;
    expect(given.takeovers[key]?.came).toBe(removal);
    expect(refuseTakeover(given, key)).toBe(given);
    expect(refuseTakeover(noWork, key)).toBe(noWork);
    expect(endOperations(refused, isFirst, false).waiting).toEqual([]);
  });
});

/** Operations of the API: what each needs, what it sends, and what it means. */
import { describe, expect, test } from 'vitest';
import { CommandError, type Domain, openDriver, StateError } from '../../../src/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { type Controlled, failureOf, hold, sent, underControl } from '../../support/controlled.ts';

const operations: Readonly<Record<string, (vm: Domain, signal?: AbortSignal) => Promise<void>>> = {
  suspend: (vm, signal) => vm.suspend({ ...(signal && { signal }) }),
  resume: (vm, signal) => vm.resume({ ...(signal && { signal }) }),
  reset: (vm, signal) => vm.reset({ ...(signal && { signal }) }),
  shutdown: (vm, signal) => vm.shutdown({ ...(signal && { signal }) }),
  reboot: (vm, signal) => vm.reboot({ ...(signal && { signal }) }),
  wakeup: (vm, signal) => vm.wakeup({ ...(signal && { signal }) }),
  injectNmi: (vm, signal) => vm.injectNmi({ ...(signal && { signal }) }),
  detachDevice: (vm, signal) => vm.detachDevice('rng0', { ...(signal && { signal }) }),
  eject: (vm, signal) => vm.eject('cd0', { ...(signal && { signal }) }),
  destroy: (vm, signal) => vm.destroy({ ...(signal && { signal }) }),
};

const CHANGES = ['system_reset', 'system_powerdown', 'system_wakeup', 'inject-nmi', 'cont', 'stop'];

describe.each(Object.entries(operations))('%s()', (name, operate) => {
  test('is refused for a domain that is only observed (design §3a)', async () => {
    await using qemu = await FakeQemu.start({ devices: ['rng0'] });
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    const error = await failureOf(operate(vm));
    expect(error).toBeInstanceOf(StateError);
    expect(String(error)).toContain(`${name}() needs attach({ control: true })`);
  });

  test('with a signal that is aborted already sends nothing', () =>
    underControl({ qemu: { devices: ['rng0'] } }, async ({ vm, qemu }) => {
      const before = qemu.received.length;
      expect(await failureOf(operate(vm, AbortSignal.abort(new Error('no'))))).toEqual(new Error('no'));
      expect(qemu.received.slice(before)).toEqual([]);
    }));

  test('of a domain that is off is ERR_DOMAIN_INACTIVE', () =>
    underControl({}, async ({ vm, qemu, seen }) => {
      qemu.kill();
      await seen.until(() => seen.lifecycle.includes('stopped failed'));
      expect(await failureOf(operate(vm))).toMatchObject({ code: 'ERR_DOMAIN_INACTIVE' });
    }));

  test('without time for the job is ERR_TIMEOUT, and sends nothing more (virdomainjob.c:virDomainObjBeginJob)', () =>
    underControl({ qemu: { devices: ['rng0'] } }, async ({ vm, qemu }) => {
      if (name === 'destroy') return;
      const held = hold(qemu, 'inject-nmi');
      const other = vm.injectNmi();
      await held.reached;
      const before = qemu.received.length;
      const impatient = { timeoutMs: 20 };
      const calls: Readonly<Record<string, () => Promise<void>>> = {
        detachDevice: () => vm.detachDevice('rng0', impatient),
        eject: () => vm.eject('cd0', impatient),
      };
      const call = calls[name] ?? (() => vm[name as 'reset'](impatient));
      expect(await failureOf(call())).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(qemu.received.slice(before)).toEqual([]);
      held.release();
      await other;
    }));
});

describe('arguments that are none are a TypeError', () => {
  test.each([
    ['an alias', (vm: Domain) => vm.detachDevice(7 as never)],
    ['an empty alias', (vm: Domain) => vm.detachDevice('')],
    ['options', (vm: Domain) => vm.detachDevice('rng0', 5 as never)],
    ['a drive', (vm: Domain) => vm.eject(undefined as never)],
    ['force', (vm: Domain) => vm.eject('cd0', { force: 1 as never })],
    ['no options', (vm: Domain) => vm.eject('cd0', null as never)],
    ['a time-out', (vm: Domain) => vm.reset({ timeoutMs: -1 })],
  ])('%s', (_title, call) =>
    underControl({}, async ({ vm }) => {
      expect(await failureOf(call(vm))).toBeInstanceOf(TypeError);
    }),
  );
});

const since = ({ qemu }: Controlled): string[] => sent(qemu, ...CHANGES);

describe('reset()', () => {
  test('is a reboot, and the domain stays as it is (domain-states.md §2.3: reset)', () =>
    underControl({ qemu: { status: 'paused' } }, async (world) => {
      const { vm, seen } = world;
      await vm.reset();
      await seen.until(() => seen.of('reboot').length === 1);
      expect([since(world), vm.state.state, seen.lifecycle]).toEqual([['system_reset'], 'paused', []]);
    }));

  test('of one that crashed makes it paused (crashed), silently, although QEMU refuses (qemu_driver.c:qemuDomainReset)', () =>
    underControl({ qemu: { actions: { panic: 'pause' } } }, async ({ vm, qemu, seen }) => {
      qemu.guestPanic();
      await seen.until(() => seen.lifecycle.includes('crashed panicked'));
      qemu.handle('system_reset', () => {
        throw new Error('not now');
      });
      expect(await failureOf(vm.reset())).toBeInstanceOf(CommandError);
      expect(vm.state).toMatchObject({ state: 'paused', reason: 'crashed' });
      expect(seen.lifecycle).toEqual(['crashed panicked']);
    }));

  test('forgets that a power-off was to be a reboot (domain-states.md §2.3: fakeReboot := false)', () =>
    underControl({ attach: { onPoweroff: 'destroy' } }, async ({ vm, qemu, seen }) => {
      await vm.reboot();
      await vm.reset();
      qemu.guestShutdown();
      await seen.until(() => seen.lifecycle.includes('stopped shutdown'));
      expect(seen.lifecycle).toEqual(['shutdown guest', 'stopped shutdown']);
    }));
});

describe('shutdown()', () => {
  test('asks by ACPI; what the guest does is told when it does it (qemu_driver.c:qemuDomainShutdownFlags)', () =>
    underControl({ qemu: { actions: { shutdown: 'pause' } } }, async (world) => {
      const { vm, qemu, seen } = world;
      await vm.shutdown();
      expect([since(world), vm.state.state]).toEqual([['system_powerdown'], 'running']);
      qemu.guestShutdown();
      await seen.until(() => seen.lifecycle.length === 1);
      expect(seen.lifecycle).toEqual(['shutdown guest']);
    }));

  test('needs a domain that runs (domain-states.md §2.3)', () =>
    underControl({ qemu: { status: 'paused' } }, async (world) => {
      expect(await failureOf(world.vm.shutdown())).toMatchObject({ code: 'ERR_STATE' });
      expect(since(world)).toEqual([]);
    }));

  test('ends in a reboot where onPoweroff is restart (domain-states.md §2.3: fakeReboot)', () =>
    underControl({ attach: { onPoweroff: 'restart' } }, async (world) => {
      const { vm, qemu, seen } = world;
      await vm.shutdown();
      expect(vm.actor.getSnapshot().context.power).toBe('armed');
      qemu.guestShutdown();
      await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'shutdownOrReboot'));
      expect(since(world)).toEqual(['system_powerdown', 'system_reset', 'cont']);
    }));

  test('after reboot() is a shutdown again', () =>
    underControl({ attach: { onPoweroff: 'destroy' } }, async ({ vm }) => {
      await vm.reboot();
      expect(vm.actor.getSnapshot().context.power).toBe('armed');
      await vm.shutdown();
      expect(vm.actor.getSnapshot().context.power).toBe('none');
    }));
});

describe('reboot()', () => {
  test('asks by ACPI, and resets a guest that powered off: a reboot, and no shutdown (qemu_process.c:qemuProcessFakeReboot)', () =>
    underControl({ attach: { onPoweroff: 'destroy' } }, async (world) => {
      const { vm, qemu, seen } = world;
      await vm.reboot();
      qemu.guestShutdown();
      await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'shutdownOrReboot'));
      expect(since(world)).toEqual(['system_powerdown', 'system_reset', 'cont']);
      expect([seen.of('reboot').length, seen.lifecycle, vm.state.state]).toEqual([1, [], 'running']);
    }));

  test('is refused where QEMU would end with its guest', () =>
    underControl({}, async (world) => {
      expect(String(await failureOf(world.vm.reboot()))).toContain('needs attach({ onPoweroff })');
      expect(since(world)).toEqual([]);
    }));

  test('is a shutdown where onReboot is destroy (domain-states.md §2.3)', () =>
    underControl({ attach: { onReboot: 'destroy' } }, async (world) => {
      await world.vm.reboot();
      expect(since(world)).toEqual(['system_powerdown']);
      expect(world.vm.actor.getSnapshot().context.power).toBe('none');
    }));
});

describe('wakeup()', () => {
  test('wakes a guest that is asleep (qemu_driver.c:qemuDomainPMWakeup)', () =>
    underControl({}, async (world) => {
      const { vm, qemu, seen } = world;
      qemu.guestSuspend();
      await seen.until(() => seen.of('pm-suspend').length === 1);
      await vm.wakeup();
      await seen.until(() => seen.lifecycle.includes('started wakeup'));
      expect([since(world), vm.state]).toMatchObject([
        ['system_wakeup'],
        { state: 'running', reason: 'wakeup' },
      ]);
    }));

  test('of one that is not is QEMU’s to refuse (golden wakeup-errors)', () =>
    underControl({}, async ({ vm }) => {
      expect(await failureOf(vm.wakeup())).toMatchObject({ code: 'ERR_COMMAND', command: 'system_wakeup' });
    }));
});

test('injectNmi() sends one (qemu_driver.c:qemuDomainInjectNMI)', () =>
  underControl({}, async (world) => {
    await world.vm.injectNmi();
    expect(since(world)).toEqual(['inject-nmi']);
  }));

test('suspend() is let in beside an outgoing migration, reset() is not (virdomainjob.h, qemu_migration.c)', () =>
  underControl({}, async (world) => {
    const { vm } = world;
    vm.actor.send({ type: 'manager.jobBegan', kind: 'migration-out' });
    const reset = vm.reset();
    await vm.suspend();
    expect(since(world)).toEqual(['stop']);
    vm.actor.send({ type: 'manager.jobEnded' });
    await reset;
    expect(since(world)).toEqual(['stop', 'system_reset']);
  }));

describe('eject()', () => {
  const cd = { type: 'disk', alias: 'cd0', bus: 'scsi' } as const;
  const open = (qemu: FakeQemu): string[] => sent(qemu, 'blockdev-open-tray');

  test('opens the tray, and says so (qemu_hotplug.c:qemuDomainChangeMediaBlockdev)', () =>
    underControl(
      { qemu: { drives: [{ id: 'cd0' }] }, attach: { devices: [cd] } },
      async ({ vm, qemu, seen }) => {
        await vm.eject('cd0');
        await seen.until(() => seen.of('tray-change').length === 1);
        expect(seen.of('tray-change')[0]?.args).toEqual({ alias: 'cd0', reason: 'open' });
        expect(open(qemu)).toEqual(['blockdev-open-tray cd0 false']);
        expect((await vm.info()).trays).toEqual({ cd0: 'open' });
        // It is open: there is nothing to do.
        await vm.eject('cd0');
        expect(open(qemu)).toHaveLength(1);
      },
    ));

  test('asks a guest that locked it, and waits for it (qemu_hotplug.c:qemuHotplugWaitForTrayEject)', () =>
    underControl(
      { qemu: { drives: [{ id: 'cd0', locked: true }] }, attach: { devices: [cd] } },
      async ({ vm, qemu }) => {
        let done = false;
        const ejected = vm.eject('cd0').then(() => {
          done = true;
        });
        while (open(qemu).length === 0) await new Promise((resolve) => setImmediate(resolve));
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        expect(done).toBe(false);
        qemu.emit('DEVICE_TRAY_MOVED', { device: '', id: 'cd0', 'tray-open': true });
        await ejected;
      },
    ));

  test('is ERR_REFUSED where the guest keeps it locked; force does not ask', () =>
    underControl(
      { qemu: { drives: [{ id: 'cd0', locked: true }] }, attach: { devices: [cd] }, guestWaitMs: 50 },
      async ({ vm, qemu }) => {
        expect(await failureOf(vm.eject('cd0'))).toMatchObject({ code: 'ERR_REFUSED' });
        await vm.eject('cd0', { force: true });
        expect(open(qemu)).toEqual(['blockdev-open-tray cd0 false', 'blockdev-open-tray cd0 true']);
      },
    ));

  test('names a drive as QEMU does (qemu_alias.c:qemuAssignDeviceDiskAlias)', () =>
    underControl(
      { qemu: { drives: [{ id: '/machine/x' }] }, attach: { devices: [{ ...cd, qomName: '/machine/x' }] } },
      async ({ vm, qemu }) => {
        await vm.eject('cd0');
        expect(open(qemu)).toEqual(['blockdev-open-tray /machine/x false']);
      },
    ));

  test('of a device that is not known, is no disk, or has no tray, is a StateError and asks for nothing', () =>
    underControl({ attach: { devices: [cd, { type: 'rng', alias: 'rng0' }] } }, async ({ vm, qemu }) => {
      for (const alias of ['cd0', 'rng0', 'cd1'])
        expect(await failureOf(vm.eject(alias))).toMatchObject({ code: 'ERR_STATE' });
      expect(open(qemu)).toEqual([]);
    }));
});

test('destroy() sends quit past a command that QEMU has not answered, which takes it in its turn', () => {
  let tell = (): void => {};
  const sent = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const trace = (direction: string, message: object): void => {
    if (direction === 'send' && 'execute' in message && message.execute === 'quit') tell();
  };
  return underControl({ attach: { trace } }, async ({ vm, qemu }) => {
    const held = hold(qemu, 'query-block');
    const asked = vm.execute('query-block').catch(() => {});
    await held.reached;
    const destroyed = vm.destroy();
    await sent;
    held.release();
    await Promise.all([destroyed, asked]);
    expect(vm.state).toMatchObject({ state: 'shutoff', reason: 'destroyed' });
  });
});

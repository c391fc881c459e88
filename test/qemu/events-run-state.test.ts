/**
 * Each QEMU event about how a guest runs, provoked on a real QEMU without a guest, and what an observer is told.
 *
 * Order, and what must not come, are part of each rule; how often a reset is told is not (QEMU sends 1 to 3).
 */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { acpi, Observer, oneReboot, setClock, writeUntil } from '../support/provoke.ts';
import { startQemu } from '../support/qemu.ts';

const lifecycle = (what: string) => ['lifecycle', what] as const;
const reboot = ['reboot', {}] as const;

describeWith(['qemu'], 'an observer of a real QEMU is told of', () => {
  test('RESUME as resumed unpaused, STOP as suspended paused, for reasons unknown (QAPI run-state.json; qemu_process.c:qemuProcessHandleResume, qemuProcessHandleStop)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using observer = await Observer.attach(qemu);
    expect(observer.state).toBe('paused unknown');
    await qemu.qmp('cont');
    await observer.untilRaw('RESUME');
    expect(observer.state).toBe('running unpaused');
    await qemu.qmp('stop');
    await observer.untilRaw('STOP');
    expect(observer.state).toBe('paused unknown');
    expect(observer.told).toEqual([lifecycle('resumed unpaused'), lifecycle('suspended paused')]);
  });

  test('RESET as reboot, by the host and by the guest; it goes on running (QAPI run-state.json:RESET; qemu_process.c:qemuProcessHandleReset)', async () => {
    await using qemu = await startQemu();
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('system_reset');
    await observer.untilRaw('RESET');
    expect(observer.raw('RESET')[0]).toEqual({ guest: false, reason: 'host-qmp-system-reset' });
    // The keyboard controller's line.
    const before = observer.raw('RESET').length;
    await qemu.hmp('o /b 0x64 0xfe');
    await observer.untilRaw('RESET', before + 1);
    expect(observer.raw('RESET').at(-1)).toEqual({ guest: true, reason: 'guest-reset' });
    expect(observer.told).toEqual(observer.raw('RESET').map(() => reboot));
    expect(observer.state).toBe('running unknown');
    expect(observer.outcomes('reset').length).toBeGreaterThan(0);
    expect(new Set(observer.outcomes('reset'))).toEqual(new Set(['done']));
  });

  test('POWERDOWN as nothing: it is counted, and raw (QAPI run-state.json:POWERDOWN; libvirt has no handler)', async () => {
    await using qemu = await startQemu();
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('system_powerdown');
    await observer.untilRaw('POWERDOWN');
    expect(observer.raw('POWERDOWN')).toEqual([null]);
    expect(observer.ignored).toEqual(['POWERDOWN']);
    expect(observer.driver.drops.toJSON()).toEqual({ 'ignored-in-state': { POWERDOWN: 1 } });
    expect(observer.told).toEqual([]);
    expect(observer.state).toBe('running unknown');
  });

  const shutdowns: [
    title: string,
    args: readonly string[],
    data: object,
    how: (qemu: Awaited<ReturnType<typeof startQemu>>) => unknown,
    told: string,
  ][] = [
    [
      'SHUTDOWN of quit as shutdown host, then stopped shutdown (QAPI run-state.json:SHUTDOWN; qemu_process.c:qemuProcessHandleShutdown)',
      [],
      { guest: false, reason: 'host-qmp-quit' },
      (qemu) => qemu.qmp('quit').catch(() => {}),
      'host',
    ],
    [
      'SHUTDOWN of SIGTERM as shutdown host, then stopped shutdown (QAPI run-state.json:ShutdownCause host-signal; qemu_process.c:qemuProcessHandleShutdown)',
      [],
      { guest: false, reason: 'host-signal' },
      (qemu) => qemu.kill('SIGTERM'),
      'host',
    ],
    [
      'SHUTDOWN of a reset with -no-reboot as shutdown host, and no reboot (QAPI run-state.json:ShutdownCause host-qmp-system-reset; qemu_process.c:qemuProcessHandleShutdown)',
      ['-no-reboot'],
      { guest: false, reason: 'host-qmp-system-reset' },
      (qemu) => qemu.qmp('system_reset').catch(() => {}),
      'host',
    ],
    [
      'SHUTDOWN of the guest by ACPI S5 as shutdown guest, then stopped shutdown (QAPI run-state.json:ShutdownCause guest-shutdown; qemu_process.c:qemuProcessHandleShutdown)',
      [],
      { guest: true, reason: 'guest-shutdown' },
      (qemu) => writeUntil(qemu, acpi.s5, 'SHUTDOWN'),
      'guest',
    ],
  ];
  test.each(shutdowns)('%s', async (_title, args, data, how, told) => {
    await using qemu = await startQemu({ args });
    await using observer = await Observer.attach(qemu);
    await how(qemu);
    await observer.end();
    expect(observer.raw('SHUTDOWN')).toEqual([data]);
    expect(observer.told).toEqual([lifecycle(`shutdown ${told}`), lifecycle('stopped shutdown')]);
    expect(observer.state).toBe('shutoff shutdown');
  });

  test('two SHUTDOWN with -no-shutdown as one shutdown guest and one stopped shutdown: only the end of QEMU is the end (QAPI run-state.json:SHUTDOWN; qemu_process.c:qemuProcessHandleShutdown)', async () => {
    await using qemu = await startQemu({ args: ['-no-shutdown'] });
    await using observer = await Observer.attach(qemu);
    await writeUntil(qemu, acpi.s5, 'SHUTDOWN');
    await observer.untilRaw('STOP');
    expect(observer.state).toBe('shutdown unknown');
    expect(observer.vm.state.active).toBe(true);
    await qemu.qmp('quit').catch(() => {});
    await observer.end();
    expect(observer.raw('SHUTDOWN')).toMatchObject([
      { reason: 'guest-shutdown' },
      { reason: 'host-qmp-quit' },
    ]);
    expect(observer.told).toEqual([lifecycle('shutdown guest'), lifecycle('stopped shutdown')]);
    expect(observer.state).toBe('shutoff shutdown');
  });

  test('no event of a SIGKILL: stopped failed, crashed (qemu_driver.c:processMonitorEOFEvent)', async () => {
    await using qemu = await startQemu();
    await using observer = await Observer.attach(qemu);
    qemu.kill('SIGKILL');
    await observer.end();
    expect(observer.rawNames).toEqual([]);
    expect(observer.told).toEqual([lifecycle('stopped failed')]);
    expect(observer.state).toBe('shutoff crashed');
  });

  test('SUSPEND as pm-suspend and pmsuspended memory, WAKEUP as pm-wakeup and started wakeup (QAPI run-state.json; qemu_process.c:qemuProcessHandlePMSuspend, qemuProcessHandlePMWakeup)', async () => {
    await using qemu = await startQemu();
    await using observer = await Observer.attach(qemu);
    await writeUntil(qemu, acpi.s3, 'SUSPEND');
    await observer.all();
    expect(observer.state).toBe('pmsuspended unknown');
    await qemu.qmp('system_wakeup');
    await observer.untilRaw('WAKEUP');
    expect(observer.state).toBe('running wakeup');
    // Nobody is there to wake up: the firmware resets itself.
    await observer.untilTold('reboot');
    expect(oneReboot(observer.told)).toEqual([
      ['pm-suspend', {}],
      lifecycle('pmsuspended memory'),
      ['pm-wakeup', {}],
      lifecycle('started wakeup'),
      reboot,
    ]);
    expect(observer.rawNames).not.toContain('STOP');
    expect(observer.rawNames).not.toContain('RESUME');
    expect(observer.state).toBe('running wakeup');
  });

  test('SUSPEND_DISK as pm-suspend-disk and pmsuspended disk, and then the end (QAPI run-state.json:SUSPEND_DISK; qemu_process.c:qemuProcessHandlePMSuspendDisk)', async () => {
    await using qemu = await startQemu();
    await using observer = await Observer.attach(qemu);
    await writeUntil(qemu, acpi.s4, 'SUSPEND_DISK');
    await observer.end();
    expect(observer.rawNames).toEqual(['SUSPEND_DISK', 'SHUTDOWN']);
    expect(observer.told).toEqual([
      ['pm-suspend-disk', {}],
      lifecycle('pmsuspended disk'),
      lifecycle('shutdown guest'),
      lifecycle('stopped shutdown'),
    ]);
    expect(observer.state).toBe('shutoff shutdown');
  });

  test('RTC_CHANGE as rtc-change with the seconds that QEMU gives, and as a fact (QAPI misc.json:RTC_CHANGE; qemu_process.c:qemuProcessHandleRTCChange)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using observer = await Observer.attach(qemu);
    expect((await observer.facts()).rtcOffsetSeconds).toBeNull();
    await setClock(qemu, 16);
    await observer.untilRaw('RTC_CHANGE');
    const [data] = observer.raw('RTC_CHANGE');
    expect(data).toMatchObject({ offset: expect.any(Number), 'qom-path': expect.any(String) });
    expect(observer.told).toEqual([['rtc-change', { utcOffsetSeconds: data?.offset }]]);
    expect((await observer.facts()).rtcOffsetSeconds).toBe(data?.offset);
    expect(observer.state).toBe('paused unknown');
  });
});

describeWith(['qemu'], 'an observer of a real QEMU is told of its watchdog', () => {
  const alone: [title: string, action: string][] = [
    [
      'none: watchdog, and nothing else (QAPI run-state.json:WatchdogAction; qemu_process.c:qemuProcessHandleWatchdog)',
      'none',
    ],
    [
      'debug: watchdog, and nothing else (QAPI run-state.json:WatchdogAction; qemu_process.c:qemuProcessHandleWatchdog)',
      'debug',
    ],
    [
      'inject-nmi: watchdog, and nothing else (QAPI run-state.json:WatchdogAction; qemu_process.c:qemuProcessHandleWatchdog)',
      'inject-nmi',
    ],
    [
      'shutdown: watchdog, and the power button, which is a matter of the guest (QAPI run-state.json:WatchdogAction; qemu_process.c:qemuProcessHandleWatchdog)',
      'shutdown',
    ],
  ];
  const expire = 'o /b 0x443 0xf';
  const watched = (action: string) =>
    startQemu({ args: ['-device', 'ib700', '-action', `watchdog=${action}`] });

  test.each(alone)('%s', async (_title, action) => {
    await using qemu = await watched(action);
    await using observer = await Observer.attach(qemu);
    await qemu.hmp(expire);
    await observer.untilRaw('WATCHDOG');
    expect(observer.raw('WATCHDOG')).toEqual([{ action }]);
    // An NMI may reset a firmware that is not ready for it.
    expect(observer.told.filter(([type]) => type !== 'reboot')).toEqual([['watchdog', { action }]]);
    if (action !== 'inject-nmi') expect(observer.told).toHaveLength(1);
    expect(observer.ignored).toEqual(action === 'shutdown' ? ['POWERDOWN'] : []);
    expect(observer.state).toBe('running unknown');
  });

  test('pause: watchdog and suspended watchdog; the STOP that follows says nothing more (QAPI run-state.json:WatchdogAction; qemu_process.c:qemuProcessHandleWatchdog)', async () => {
    await using qemu = await watched('pause');
    await using observer = await Observer.attach(qemu);
    await qemu.hmp(expire);
    await observer.untilRaw('STOP');
    expect(observer.rawNames.slice(0, 2)).toEqual(['WATCHDOG', 'STOP']);
    expect(observer.told).toEqual([['watchdog', { action: 'pause' }], lifecycle('suspended watchdog')]);
    expect(observer.ignored).toContain('STOP');
    expect(observer.state).toBe('paused watchdog');
    await qemu.qmp('cont');
    await observer.untilRaw('RESUME');
    expect(observer.told.slice(2)).toEqual([lifecycle('resumed unpaused')]);
    expect(observer.state).toBe('running unpaused');
  });

  test('reset: watchdog and reboot (QAPI run-state.json:WatchdogAction; qemu_process.c:qemuProcessHandleWatchdog, qemuProcessHandleReset)', async () => {
    await using qemu = await watched('reset');
    await using observer = await Observer.attach(qemu);
    await qemu.hmp(expire);
    await observer.untilRaw('RESET');
    expect(oneReboot(observer.told)).toEqual([['watchdog', { action: 'reset' }], reboot]);
    expect(observer.state).toBe('running unknown');
  });

  test('poweroff: watchdog and, as QEMU ends without SHUTDOWN, stopped failed (QAPI run-state.json:WatchdogAction; qemu_process.c:qemuProcessHandleWatchdog, qemu_driver.c:processMonitorEOFEvent)', async () => {
    await using qemu = await watched('poweroff');
    await using observer = await Observer.attach(qemu);
    await qemu.hmp(expire).catch(() => {});
    await observer.end();
    expect(observer.rawNames).toEqual(['WATCHDOG']);
    expect(observer.told).toEqual([['watchdog', { action: 'poweroff' }], lifecycle('stopped failed')]);
    expect(observer.state).toBe('shutoff crashed');
    expect(await qemu.exited).toEqual({ code: 0, signal: null });
  });
});

describeWith(
  ['qemu'],
  'an observer of a real QEMU is told of a panic, by the port of pvpanic, with policy',
  () => {
    const panic = 'o /b 0x505 1';
    const panicking = (action: string) =>
      startQemu({ args: ['-device', 'pvpanic', '-action', `panic=${action}`] });

    test('pause: crashed panicked; the STOP that follows says nothing more, and a cont is resumed unpaused (QAPI run-state.json:GUEST_PANICKED; qemu_process.c:qemuProcessHandleGuestPanic, qemu_driver.c:processGuestPanicEvent)', async () => {
      await using qemu = await panicking('pause');
      await using observer = await Observer.attach(qemu);
      await qemu.hmp(panic);
      await observer.untilRaw('STOP');
      expect(observer.raw('GUEST_PANICKED')).toEqual([{ action: 'pause' }]);
      expect(observer.told).toEqual([lifecycle('crashed panicked')]);
      expect(observer.ignored).toContain('STOP');
      expect(observer.state).toBe('crashed panicked');
      expect((await observer.facts()).panic).toBeNull();
      expect(observer.outcomes('guestPanic')).toEqual(['ignored: not in control']);
      await qemu.qmp('cont');
      await observer.untilRaw('RESUME');
      expect(observer.told.slice(1)).toEqual([lifecycle('resumed unpaused')]);
      expect(observer.state).toBe('running unpaused');
    });

    test('none: crashed panicked, although QEMU goes on (QAPI run-state.json:PanicAction; qemu_process.c:qemuProcessHandleGuestPanic)', async () => {
      await using qemu = await panicking('none');
      await using observer = await Observer.attach(qemu);
      await qemu.hmp(panic);
      await observer.untilRaw('GUEST_PANICKED');
      expect(observer.raw('GUEST_PANICKED')).toEqual([{ action: 'run' }]);
      expect(observer.told).toEqual([lifecycle('crashed panicked')]);
      expect(observer.state).toBe('crashed panicked');
      expect(await qemu.qmp('query-status')).toMatchObject({ status: 'running' });
    });

    const ends: [title: string, action: string, code: number][] = [
      [
        'shutdown: crashed panicked, then stopped failed, and no shutdown (QAPI run-state.json:PanicAction; qemu_process.c:qemuProcessHandleGuestPanic)',
        'shutdown',
        0,
      ],
      [
        'exit-failure: crashed panicked, then stopped failed, and no shutdown (QAPI run-state.json:PanicAction; qemu_process.c:qemuProcessHandleGuestPanic)',
        'exit-failure',
        1,
      ],
    ];
    test.each(ends)('%s', async (_title, action, code) => {
      await using qemu = await panicking(action);
      await using observer = await Observer.attach(qemu);
      await qemu.hmp(panic).catch(() => {});
      await observer.end();
      expect(observer.raw('GUEST_PANICKED')).toEqual([{ action: 'poweroff' }]);
      expect(observer.raw('SHUTDOWN')).toEqual([{ guest: true, reason: 'guest-panic' }]);
      expect(observer.told).toEqual([lifecycle('crashed panicked'), lifecycle('stopped failed')]);
      expect(observer.state).toBe('shutoff crashed');
      expect(await qemu.exited).toEqual({ code, signal: null });
    });

    test('any: GUEST_CRASHLOADED as crashed crashloaded, and no other state (QAPI run-state.json:GUEST_CRASHLOADED; qemu_driver.c:processGuestCrashloadedEvent)', async () => {
      await using qemu = await startQemu({ args: ['-device', 'pvpanic'] });
      await using observer = await Observer.attach(qemu);
      await qemu.hmp('o /b 0x505 2');
      await observer.untilRaw('GUEST_CRASHLOADED');
      expect(observer.raw('GUEST_CRASHLOADED')).toEqual([{ action: 'run' }]);
      expect(observer.told).toEqual([lifecycle('crashed crashloaded')]);
      expect(observer.outcomes('guestCrashloaded')).toEqual(['done']);
      expect(observer.state).toBe('running unknown');
    });
  },
);

describeWith(['qemu'], 'an observer of a real QEMU is told of a machine check', () => {
  test('that is put into the guest: memory-failure inject (QAPI run-state.json:MEMORY_FAILURE; qemu_process.c:qemuProcessHandleMemoryFailure)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using observer = await Observer.attach(qemu);
    // CPU, bank, status: corrected; global status, address, misc.
    await qemu.hmp('mce 0 9 0x8c00000000000000 0 0x1000 0');
    await observer.untilRaw('MEMORY_FAILURE');
    expect(observer.raw('MEMORY_FAILURE')).toEqual([
      { recipient: 'guest', action: 'inject', flags: { 'action-required': false, recursive: false } },
    ]);
    expect(observer.told).toEqual([
      ['memory-failure', { recipient: 'guest', action: 'inject', actionRequired: false, recursive: false }],
    ]);
    expect(observer.state).toBe('paused unknown');
  });

  test('that resets a guest which does not take them: memory-failure reset, then reboot (QAPI run-state.json:MEMORY_FAILURE; qemu_process.c:qemuProcessHandleMemoryFailure)', async () => {
    await using qemu = await startQemu({ args: ['-cpu', 'qemu64,+mce,+mca'] });
    await using observer = await Observer.attach(qemu);
    await qemu.hmp('mce 0 9 0xbd000000000000c0 0xd 0x62000000 0x8c');
    await observer.untilRaw('RESET');
    expect(oneReboot(observer.told)).toEqual([
      ['memory-failure', { recipient: 'guest', action: 'reset', actionRequired: false, recursive: false }],
      reboot,
    ]);
    expect(observer.state).toBe('running unknown');
  });
});

/** What becomes of a domain that we control, by its policies, on a real QEMU. */
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Domain, openDriver } from '../../src/index.ts';
import { describeWith } from '../support/needs.ts';
import { type Qemu, startQemu } from '../support/qemu.ts';
import { Seen } from '../support/seen.ts';

const ACPI_S5 = 'o /h 0x604 0x2000';
const PVPANIC = ['-device', 'pvpanic'];
const panic = (qemu: Qemu) => qemu.hmp('o /b 0x505 1');

/** The outcomes of a process event, in short. */
const outcomes = (seen: Seen, type: string): string[] =>
  seen
    .of('outcome')
    .filter(({ args }) => args.type === type)
    .map(({ args: { status, why } }) => (why === undefined ? status : `${status}: ${why}`));

async function attached(
  qemu: Qemu,
  options: Omit<Parameters<Awaited<ReturnType<typeof openDriver>>['attach']>[0], 'monitor'>,
  driverOptions: Parameters<typeof openDriver>[0] = {},
) {
  const driver = await openDriver(driverOptions);
  const seen = new Seen(driver);
  const vm: Domain = await driver.attach({ monitor: qemu.path, ...options });
  await vm.info();
  return { driver, seen, vm, [Symbol.asyncDispose]: () => driver.close() };
}

describeWith(['qemu'], 'policies of a domain that we control (design §3a)', () => {
  test('the set-action that they need is sent at attach, and told (qemu_process.c:qemuProcessSetupLifecycleActions)', async () => {
    await using qemu = await startQemu();
    const policies = { onPoweroff: 'restart', onReboot: 'restart', onCrash: 'preserve' } as const;
    await using world = await attached(qemu, { control: true, ...policies });
    await world.seen.until((seen) => outcomes(seen, 'attached').length === 1);
    expect(outcomes(world.seen, 'attached')).toEqual([
      'done: set-action {"reboot":"reset","shutdown":"pause","panic":"pause"}',
    ]);
  });

  test('onPoweroff restart: a power-off is a reboot, and nobody hears of the power-off (qemu_process.c:qemuProcessFakeReboot)', async () => {
    await using qemu = await startQemu();
    await using world = await attached(qemu, { control: true, onPoweroff: 'restart' });
    // The firmware switches the port on when it runs; written before, nothing comes of it.
    while (world.seen.of('reboot').length === 0) {
      await qemu.hmp(ACPI_S5);
      await qemu.qmp('query-status');
    }
    await world.seen.until((seen) => outcomes(seen, 'shutdownOrReboot').length === 1);
    expect(outcomes(world.seen, 'shutdownOrReboot')).toEqual(['done']);
    expect(world.seen.lifecycle).toEqual([]);
    expect(world.vm.state).toMatchObject({ state: 'running' });
    expect((await world.vm.execute('query-status')).status).toBe('running');
  });

  test('onReboot destroy: a reset is a shutdown', async () => {
    await using qemu = await startQemu();
    await using world = await attached(qemu, { control: true, onReboot: 'destroy' });
    await qemu.qmp('system_reset');
    await world.seen.until((seen) => seen.lifecycle.includes('stopped shutdown'));
    expect(world.seen.of('reboot')).toEqual([]);
  });

  test('onPoweroff restart does not go with onReboot destroy (qemu_validate.c:qemuValidateLifecycleAction)', async () => {
    await using driver = await openDriver();
    const options = { monitor: '/nowhere', control: true } as const;
    await expect(driver.attach({ ...options, onPoweroff: 'restart', onReboot: 'destroy' })).rejects.toThrow(
      "onPoweroff 'restart' does not go with onReboot 'destroy'",
    );
  });

  test('an observer sends none, and applies none', async () => {
    await using qemu = await startQemu({ args: [...PVPANIC, '-action', 'panic=pause'] });
    await using world = await attached(qemu, {});
    await panic(qemu);
    await world.seen.until((seen) => outcomes(seen, 'guestPanic').length === 1);
    expect(outcomes(world.seen, 'guestPanic')).toEqual(['ignored: not in control']);
    expect(world.vm.state).toMatchObject({ state: 'crashed', reason: 'panicked' });
    const driver = world.driver;
    await using other = await startQemu();
    await expect(driver.attach({ monitor: other.path, onCrash: 'destroy' })).rejects.toThrow(
      'attach: onCrash needs control: true',
    );
  });

  test('onCrash destroy: crashed panicked, stopped crashed (qemu_driver.c:processGuestPanicEvent)', async () => {
    await using qemu = await startQemu({ args: PVPANIC });
    await using world = await attached(qemu, { control: true, onCrash: 'destroy' });
    await panic(qemu);
    await world.seen.until((seen) => seen.lifecycle.includes('stopped crashed'));
    expect(world.seen.lifecycle).toEqual(['crashed panicked', 'stopped crashed']);
    expect(world.vm.state).toMatchObject({ state: 'shutoff', reason: 'crashed', active: false });
    expect(await qemu.exited).toEqual({ code: 0, signal: null });
  });

  test('onCrash restart: reboot, resumed unpaused, running crashed', async () => {
    await using qemu = await startQemu({ args: PVPANIC });
    await using world = await attached(qemu, { control: true, onCrash: 'restart' });
    await panic(qemu);
    await world.seen.until((seen) => outcomes(seen, 'guestPanic').length === 1);
    expect(outcomes(world.seen, 'guestPanic')).toEqual(['done']);
    expect(world.seen.lifecycle).toEqual(['crashed panicked', 'resumed unpaused']);
    expect(world.seen.of('reboot')).toHaveLength(1);
    expect(world.vm.state).toMatchObject({ state: 'running', reason: 'crashed' });
  });

  test('onCrash preserve: it stays crashed, and a resume lets it run', async () => {
    await using qemu = await startQemu({ args: PVPANIC });
    await using world = await attached(qemu, { control: true, onCrash: 'preserve' });
    await panic(qemu);
    await world.seen.until((seen) => outcomes(seen, 'guestPanic').length === 1);
    expect(world.vm.state).toMatchObject({ state: 'crashed', reason: 'panicked' });
    await world.vm.resume();
    expect(world.vm.state).toMatchObject({ state: 'running', reason: 'unpaused' });
  });

  test('onCrash coredump-destroy: the memory is written first', async () => {
    await using qemu = await startQemu({ args: PVPANIC });
    const dumpDirectory = qemu.directory;
    await using world = await attached(
      qemu,
      { control: true, onCrash: 'coredump-destroy' },
      { dumpDirectory },
    );
    await panic(qemu);
    await world.seen.until((seen) => seen.lifecycle.includes('stopped crashed'));
    const { dump } = (await world.driver.domains[0]?.info()) ?? {};
    // It is off: what was known of that run is forgotten.
    expect(dump).toBeNull();
    const files = (await readdir(dumpDirectory)).filter((name) => /^1-.*Z$/.test(name));
    expect(files).toHaveLength(1);
  });

  test('onCrash coredump-restart without a dump directory: the domain is left as it is, and that is told', async () => {
    await using qemu = await startQemu({ args: PVPANIC });
    await using world = await attached(qemu, { control: true, onCrash: 'coredump-restart' });
    await panic(qemu);
    await world.seen.until((seen) => outcomes(seen, 'guestPanic').length === 1);
    expect(outcomes(world.seen, 'guestPanic')[0]).toMatch(/^failed: the domain is left as it is: no dump: /);
    expect(world.vm.state).toMatchObject({ state: 'crashed' });
  });

  test('a watchdog that is configured to dump: paused watchdog, the dump, resumed unpaused (qemu_driver.c:processWatchdogEvent)', async () => {
    await using qemu = await startQemu({
      args: ['-device', 'ib700,id=watchdog0', '-action', 'watchdog=pause'],
    });
    const devices = [{ type: 'watchdog', alias: 'watchdog0', action: 'dump' }];
    const dumpDirectory = qemu.directory;
    await using world = await attached(qemu, { control: true, devices }, { dumpDirectory });
    await qemu.hmp('o /b 0x443 0xf');
    await world.seen.until((seen) => outcomes(seen, 'watchdog').length === 1);
    expect(outcomes(world.seen, 'watchdog')).toEqual(['done']);
    expect(world.seen.of('watchdog').map(({ args }) => args.action)).toEqual(['pause']);
    expect(world.seen.lifecycle).toEqual(['suspended watchdog', 'resumed unpaused']);
    expect((await world.vm.info()).dump).toMatchObject({ status: 'completed', error: null });
    expect((await readdir(dumpDirectory)).filter((name) => /^1-.*Z$/.test(name))).toHaveLength(1);
  });

  test('onPoweroff destroy: shutdown, then stopped shutdown, though QEMU would stay (qemu_process.c:qemuProcessShutdownOrReboot)', async () => {
    await using qemu = await startQemu({ args: ['-no-shutdown'] });
    await using world = await attached(qemu, { control: true, onPoweroff: 'destroy' });
    await qemu.qmp('set-action', { reboot: 'shutdown' });
    await qemu.qmp('system_reset');
    await world.seen.until((seen) => seen.lifecycle.includes('stopped shutdown'));
    expect(world.seen.lifecycle.map((one) => one.split(' ')[0])).toEqual(['shutdown', 'stopped']);
    expect(world.vm.state).toMatchObject({ state: 'shutoff', reason: 'shutdown' });
  });

  test('without onPoweroff nothing is sent: QEMU stays, shut down', async () => {
    await using qemu = await startQemu({ args: ['-no-shutdown'] });
    await using world = await attached(qemu, { control: true });
    await qemu.qmp('set-action', { reboot: 'shutdown' });
    await qemu.qmp('system_reset');
    await world.seen.until((seen) => seen.lifecycle.length === 1);
    await world.vm.execute('query-status');
    expect(world.vm.state).toMatchObject({ state: 'shutdown', active: true });
    expect(world.seen.of('outcome').map(({ args }) => args.type)).toEqual(['attached']);
  });
});

/** The host's interface behind a NIC: which one may be changed, and until when. */
import { expect, test } from 'vitest';
import { type Domain, type Driver, openDriver } from '../../src/index.ts';
import { FakeQemu, SimulatedRuntime } from '../../src/testing/index.ts';

const MAC = '52:54:00:12:34:56';
const OTHER_MAC = '52:54:00:12:34:57';

interface Scene {
  readonly runtime: SimulatedRuntime;
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly vm: Domain;
  /** Outcomes of looks at the filter: their status, and why. */
  readonly outcomes: string[];
  until(holds: () => boolean): Promise<void>;
}

/** A QEMU whose NIC `net0` is followed by `mvt0`, after the look at attach. */
async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  const runtime = new SimulatedRuntime(1);
  runtime.host.addInterface('mvt0', MAC);
  const qemu = await FakeQemu.start({
    path: '/web1',
    runtime,
    listener: runtime.listener,
    nics: [{ name: 'net0' }],
  });
  const driver = await openDriver({ runtime, host: 'apply', closeTimeoutMs: 60_000 });
  const outcomes: string[] = [];
  driver.on('outcome', ({ args: { type, status, why } }) => {
    if (type === 'nicRxFilterChanged') outcomes.push(why === undefined ? status : `${status}: ${why}`);
  });
  const host = { interface: 'mvt0', kind: 'macvtap' } as const;
  const devices = [{ type: 'net', alias: 'net0', trustGuestRxFilters: true, host }] as const;
  const vm = await runtime.until(driver.attach({ monitor: '/web1', devices: [...devices] }));
  await runtime.until(vm.info());
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await runtime.step();
  };
  await until(() => outcomes.length === 1);
  await run({ runtime, qemu, driver, vm, outcomes, until });
  await runtime.until(driver.close());
}

test('an interface of the same name that is not the one that was there at first is left alone (design §3a "The host")', () =>
  scene(async ({ runtime, qemu, outcomes, until }) => {
    runtime.host.removeInterface('mvt0');
    runtime.host.addInterface('mvt0', MAC);
    qemu.setRxFilter('net0', { 'main-mac': OTHER_MAC });
    await until(() => outcomes.length === 2);
    expect(outcomes[1]).toBe('failed: interface changed: mvt0 is not the one that was there at first');
    expect(runtime.host.macOf('mvt0')).toBe(MAC);
  }));

test('close() waits for a change of the host that is under way (embedding.md "Close")', () =>
  scene(async ({ runtime, qemu, driver, until }) => {
    let changing = false;
    runtime.processes.onCommand = (args) => {
      changing ||= args.includes('-batch');
    };
    qemu.setRxFilter('net0', { 'main-mac': OTHER_MAC });
    await until(() => changing);
    let closed = false;
    const closing = driver.close().then(() => {
      closed = true;
    });
    await runtime.settle();
    expect(closed).toBe(false);
    await runtime.until(closing);
    expect(runtime.host.macOf('mvt0')).toBe(OTHER_MAC);
  }));

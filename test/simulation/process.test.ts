/** The process behind a domain, and its devices, when it is another one or gone meanwhile. */
import { expect, test } from 'vitest';
import { type Domain, type Driver, openDriver } from '../../src/index.ts';
import { type Choice, FakeQemu, SimulatedRuntime } from '../../src/testing/index.ts';

const PID = 4711;

interface Scene {
  readonly runtime: SimulatedRuntime;
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly vm: Domain;
  /** What its process, or the one that has its pid, was sent. */
  readonly signals: string[];
  until(holds: () => boolean): Promise<void>;
  /** Another process gets the pid. */
  pidIsTaken(): void;
}

/** A QEMU of a known pid under control, whose look at attach is through. */
async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  const runtime = new SimulatedRuntime(1);
  const qemu = await FakeQemu.start({
    path: '/web1',
    runtime,
    listener: runtime.listener,
    devices: ['disk0'],
  });
  const signals: string[] = [];
  const begin = (of: string): void => {
    runtime.processes.start({ alive: true, onSignal: (signal) => signals.push(`${of} ${signal}`) }, PID);
  };
  begin('QEMU');
  const driver = await openDriver({ runtime });
  const vm = await runtime.until(
    driver.attach({
      monitor: '/web1',
      control: true,
      pid: PID,
      devices: [{ type: 'disk', alias: 'disk0' }],
    }),
  );
  await runtime.until(vm.info());
  await run({
    runtime,
    qemu,
    driver,
    vm,
    signals,
    async until(holds) {
      while (!holds()) await runtime.step();
    },
    pidIsTaken: () => begin('another'),
  });
  await runtime.until(driver.close());
}

test('a QEMU that does not end by quit is sent SIGTERM, then SIGKILL (design §3a)', () =>
  scene(async ({ runtime, qemu, vm, signals }) => {
    qemu.hang();
    const destroyed = vm.destroy().catch(() => {});
    await runtime.until(destroyed);
    expect(signals).toEqual(['QEMU SIGTERM', 'QEMU SIGKILL']);
  }));

test('another process that has the pid of QEMU is never sent a signal: a wrong kill is worse than a leak (design §3a)', () =>
  scene(async ({ runtime, qemu, vm, signals, pidIsTaken }) => {
    qemu.hang();
    const destroyed = vm.destroy().catch(() => {});
    pidIsTaken();
    await runtime.until(destroyed);
    expect(signals).toEqual([]);
  }));

test('a QEMU whose monitor is lost is not dead as long as its process lives, though nobody listens (design §3a "EOF is not death")', () =>
  scene(async ({ runtime, qemu, vm, until }) => {
    await qemu.faults.refuse();
    qemu.faults.closeAfterBytes(0);
    qemu.emit('POWERDOWN');
    await until(() => vm.state.monitor === 'lost');
    const from = runtime.elapsedMs;
    await until(() => runtime.elapsedMs > from + 10_000);
    expect(vm.state).toMatchObject({ state: 'running', active: true, monitor: 'lost' });
  }));

/** QEMU has said who it is: who is there is looked at once more, after the look before the connection. */
async function answered(runtime: SimulatedRuntime): Promise<Choice> {
  const look = async (): Promise<Choice> => {
    for (;;) {
      const found = runtime.choices.find('stat /web1');
      if (found !== undefined) return found;
      await runtime.step();
    }
  };
  await runtime.happen(await look());
  return look();
}

test('a connection that ends while it is found out whose it is leaves nothing behind (promise 3)', async () => {
  const runtime = new SimulatedRuntime(1);
  const qemu = await FakeQemu.start({ path: '/web1', runtime, listener: runtime.listener });
  const driver = await openDriver({ runtime });
  const attaching = driver.attach({ monitor: '/web1', wait: true });
  await answered(runtime);
  qemu.faults.closeAfterBytes(0);
  qemu.emit('POWERDOWN');
  for (let end = runtime.choices.find('/web1'); end !== undefined; end = runtime.choices.find('/web1'))
    await runtime.happen(end);
  await runtime.until(attaching);
  await runtime.until(driver.close());
  qemu.kill();
  expect(runtime.loop.size).toEqual({ handles: 0, timeouts: 0 });
});

test('a device is told as removed once, also when a gap follows (promise 1)', () =>
  scene(async ({ runtime, qemu, driver, vm, until }) => {
    const told: string[] = [];
    driver.on('device-removed', ({ args }) => told.push(args.alias));
    await runtime.until(vm.detachDevice('disk0'));
    qemu.faults.closeAfterBytes(0);
    qemu.emit('POWERDOWN');
    await until(() => vm.state.monitor === 'lost');
    await until(() => vm.state.monitor === 'ready');
    const looks = (): boolean => vm.actor.getSnapshot().context.work.running?.event.type === 'attached';
    await until(looks);
    await until(() => !looks());
    await runtime.until(driver.close());
    expect(told).toEqual(['disk0']);
  }));

test('a QEMU that is replaced while it is found out who answers was not met (promise 3)', async () => {
  const runtime = new SimulatedRuntime(1);
  const at = { path: '/web1', runtime, listener: runtime.listener };
  const first = await FakeQemu.start({ ...at, status: 'postmigrate' });
  const driver = await openDriver({ runtime });
  const attaching = driver.attach({ monitor: '/web1', wait: true });
  const secondLook = await answered(runtime);
  first.kill();
  await FakeQemu.start(at);
  await runtime.happen(secondLook);
  const vm = await runtime.until(attaching);
  expect(vm.state.state).toBe('running');
  await runtime.until(driver.close());
});

test('a QEMU that ends while it is found out who answers was met (promise 1)', async () => {
  const runtime = new SimulatedRuntime(1);
  const qemu = await FakeQemu.start({ path: '/web1', runtime, listener: runtime.listener });
  const driver = await openDriver({ runtime });
  const told: string[] = [];
  driver.on('lifecycle', ({ args }) => told.push(args.event));
  const attaching = driver.attach({ monitor: '/web1', wait: true });
  const secondLook = await answered(runtime);
  qemu.kill();
  await runtime.happen(secondLook);
  const vm = await runtime.until(attaching);
  while (vm.state.active) await runtime.step();
  while (told.length === 0) await runtime.step();
  expect(told).toEqual(['stopped']);
  await runtime.until(driver.close());
});

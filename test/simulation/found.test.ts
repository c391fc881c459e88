/** What simulation found, each as it can be made by hand. */
import { describe, expect, test } from 'vitest';
import { type Domain, openDriver } from '../../src/index.ts';
import { FakeQemu, type FakeQemuOptions, SimulatedRuntime } from '../../src/testing/index.ts';

test('a QEMU that was never asked, as our own process did not run meanwhile, is not unresponsive for good', async () => {
  const runtime = new SimulatedRuntime(1);
  await using _qemu = await FakeQemu.start({ path: '/web1', runtime, listener: runtime.listener });
  await using driver = await openDriver({ runtime });
  const vm = await runtime.until(driver.attach({ monitor: '/web1' }));
  await runtime.until(vm.info());
  while (runtime.choices.size > 0) await runtime.step();

  const timers = async (): Promise<void> => {
    for (let timer = runtime.choices.find('timer 5000'); timer; timer = runtime.choices.find('timer 5000'))
      await runtime.happen(timer);
  };
  // It spoke; then the ping is due; before that is written, its own time-out is.
  for (let n = 0; n < 3; n += 1) {
    runtime.pass(5000);
    await timers();
  }
  expect(vm.state.monitor).toBe('unresponsive');
  const from = runtime.elapsedMs;
  while (vm.state.monitor !== 'ready' && runtime.elapsedMs < from + 60_000) await runtime.step();
  expect(vm.state.monitor).toBe('ready');
  await runtime.until(driver.close());
});

describe('promise 4, of a second QEMU that is met before it began:', () => {
  /** What is told from the second one on; it is killed in the end. */
  async function second(
    status: NonNullable<FakeQemuOptions['status']>,
    live: (world: { qemu: FakeQemu; vm: Domain; runtime: SimulatedRuntime }) => Promise<void>,
  ): Promise<string[]> {
    const runtime = new SimulatedRuntime(4);
    const at = { path: '/web1', runtime, listener: runtime.listener };
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await runtime.step();
    };
    const first = await FakeQemu.start(at);
    const driver = await openDriver({ runtime });
    const vm = await runtime.until(driver.attach({ monitor: '/web1' }));
    first.kill();
    await until(() => !vm.state.active);
    while (runtime.choices.size > 0) await runtime.step();
    const told: string[] = [];
    driver.on('lifecycle', ({ args, reconstructed }) => {
      told.push(`${args.event} ${args.detail}${reconstructed ? ' reconstructed' : ''}`);
    });
    const qemu = await FakeQemu.start({ ...at, status });
    await until(() => vm.state.active);
    await runtime.until(vm.info());
    while (runtime.choices.size > 0) await runtime.step();
    await live({ qemu, vm, runtime });
    qemu.kill();
    await until(() => !vm.state.active);
    await runtime.until(driver.close());
    return told;
  }

  test('one that was asleep begins when it wakes up, and has an end', async () => {
    const told = await second('suspended', async ({ qemu, vm, runtime }) => {
      qemu.emit('WAKEUP');
      while (vm.state.state !== 'running') await runtime.step();
    });
    expect(told).toEqual(['started wakeup', 'stopped failed']);
  });

  test('one that began while the monitor was lost is told as started, and has an end', async () => {
    const told = await second('prelaunch', async ({ qemu, vm, runtime }) => {
      // Neither its RESUME nor its reply comes through.
      qemu.faults.closeAfterBytes(0);
      vm.execute('cont').catch(() => {});
      const comesTo = async (monitor: Domain['state']['monitor']): Promise<void> => {
        while (vm.state.monitor !== monitor) await runtime.step();
      };
      await comesTo('lost');
      await comesTo('ready');
      expect(vm.state).toMatchObject({ state: 'running', reason: 'booted' });
    });
    expect(told).toEqual(['started booted reconstructed', 'stopped failed']);
  });
});

describe('a reboot of ours that does not come to its end (domain-states.md §2.5)', () => {
  interface Scene {
    readonly runtime: SimulatedRuntime;
    readonly qemu: FakeQemu;
    readonly vm: Domain;
    /** Lifecycle events, one after the other. */
    readonly told: string[];
    until(holds: () => boolean): Promise<void>;
  }

  /** The guest of a domain whose power-offs are to be reboots. */
  async function scene(live: (scene: Scene) => Promise<void>): Promise<void> {
    const runtime = new SimulatedRuntime(1);
    await using qemu = await FakeQemu.start({ path: '/web1', runtime, listener: runtime.listener });
    await using driver = await openDriver({ runtime });
    const vm = await runtime.until(driver.attach({ monitor: '/web1', control: true, onPoweroff: 'restart' }));
    await runtime.until(vm.info());
    const told: string[] = [];
    driver.on('lifecycle', ({ args }) => void told.push(`${args.event} ${args.detail}`));
    await live({
      ...{ runtime, qemu, vm, told },
      async until(holds) {
        const from = runtime.elapsedMs;
        while (!holds() && runtime.elapsedMs < from + 100_000) await runtime.step();
      },
    });
    await runtime.until(driver.close());
  }

  test('for want of an answer is the end of QEMU, as if it was refused', () =>
    scene(async ({ qemu, vm, told, until }) => {
      qemu.faults.delayReply('system_reset', 20_000);
      qemu.faults.dropReply('cont');
      qemu.guestShutdown();
      await until(() => told.length > 0);
      expect(told).toEqual(['stopped failed']);
      expect([vm.state.state, vm.state.reason, qemu.alive]).toEqual(['shutoff', 'crashed', false]);
    }));

  test('for want of the job is tried again', () =>
    scene(async ({ runtime, qemu, vm, told, until }) => {
      vm.actor.send({ type: 'manager.jobBegan', kind: 'migration-out' });
      qemu.guestShutdown();
      await until(() => vm.actor.getSnapshot().context.work.running?.event.type === 'shutdownOrReboot');
      const from = runtime.elapsedMs;
      await until(() => runtime.elapsedMs > from + 40_000);
      expect(qemu.status).toBe('shutdown');
      vm.actor.send({ type: 'manager.jobEnded' });
      await until(() => qemu.status === 'running' && vm.actor.getSnapshot().context.work.running === null);
      expect([vm.state.state, qemu.status, told]).toEqual(['running', 'running', []]);
    }));

  test('as the monitor is lost, hides no later STOP', () =>
    scene(async ({ runtime, qemu, vm, told, until }) => {
      qemu.faults.dropReply('system_reset');
      qemu.guestShutdown();
      await until(() => vm.actor.getSnapshot().context.power === 'resetting');
      qemu.faults.closeAfterBytes(0);
      qemu.emit('POWERDOWN');
      await until(() => vm.state.monitor === 'lost');
      await until(() => vm.state.monitor === 'ready');
      await runtime.until(vm.resume());
      await runtime.until(vm.suspend());
      await until(() => told.length === 3);
      expect(told).toEqual(['suspended paused', 'resumed unpaused', 'suspended paused']);
      expect([vm.state.state, qemu.status]).toEqual(['paused', 'paused']);
    }));
});

/** A runtime in which nothing is real: what a user's own test needs of it. */
import { describe, expect, test } from 'vitest';
import { openDriver } from '../../src/index.ts';
import { FakeQemu, SimulatedRuntime } from '../../src/testing/index.ts';

const start = (runtime: SimulatedRuntime) =>
  FakeQemu.start({
    path: '/web1',
    name: 'web1',
    runtime,
    listener: runtime.listener,
    nics: [{ name: 'net0' }],
  });

describe('SimulatedRuntime', () => {
  test('a driver lives in it from attach to close, and leaves no handle, no timeout and nothing to happen', async () => {
    const runtime = new SimulatedRuntime(7);
    const qemu = await start(runtime);
    const driver = await openDriver({ runtime });
    const seen: string[] = [];
    driver.on('lifecycle', ({ args }) => seen.push(`${args.event} ${args.detail}`));
    const vm = await runtime.until(driver.attach({ monitor: '/web1', control: true }));
    await runtime.until(vm.suspend());
    qemu.kill();
    while (vm.state.active) await runtime.step();
    await runtime.until(driver.close());
    expect(seen).toEqual(['suspended paused', 'stopped failed']);
    expect(runtime.loop.size).toEqual({ handles: 0, timeouts: 0 });
    expect(runtime.choices.size).toBe(0);
  });

  test('time is virtual: a QEMU that hangs is unresponsive after ten seconds that take none', async () => {
    const runtime = new SimulatedRuntime(1);
    const qemu = await start(runtime);
    await using driver = await openDriver({ runtime });
    const vm = await runtime.until(driver.attach({ monitor: '/web1' }));
    qemu.hang();
    const from = runtime.elapsedMs;
    while (vm.state.monitor === 'ready') await runtime.step();
    expect(vm.state.monitor).toBe('unresponsive');
    expect(runtime.elapsedMs - from).toBeGreaterThanOrEqual(10_000);
    expect(runtime.elapsedMs - from).toBeLessThan(20_000);
  });

  test('nothing happens by itself: each step delivers one thing', async () => {
    const runtime = new SimulatedRuntime(2);
    await using _qemu = await start(runtime);
    await using driver = await openDriver({ runtime });
    let attached = false;
    void driver.attach({ monitor: '/web1' }).then(() => {
      attached = true;
    });
    for (let n = 0; n < 100; n += 1) await new Promise(setImmediate);
    expect(attached).toBe(false);
    let steps = 0;
    while (!attached) {
      await runtime.step();
      steps += 1;
    }
    // Connect, greeting, capabilities, three questions and their replies, the socket's file.
    expect(steps).toBeGreaterThan(8);
  });

  test('until() tells when a promise can settle no more', async () => {
    const runtime = new SimulatedRuntime();
    await expect(runtime.until(new Promise(() => {}))).rejects.toThrow('nothing more happens');
  });

  test('connecting where nobody listens is refused as on a real host', async () => {
    const runtime = new SimulatedRuntime();
    const signal = new AbortController().signal;
    await expect(runtime.until(runtime.connect({ path: '/nobody' }, signal))).rejects.toMatchObject({
      code: 'ENOENT',
    });
    const qemu = await start(runtime);
    qemu.kill();
    await expect(runtime.until(runtime.connect({ path: '/web1' }, signal))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});

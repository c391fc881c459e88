/** What simulation found, each as it can be made by hand. */
import { expect, test } from 'vitest';
import { openDriver } from '../../src/index.ts';
import { FakeQemu, SimulatedRuntime } from '../../src/testing/index.ts';

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

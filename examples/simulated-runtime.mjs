// A driver in a simulated world: no socket, no process, no time but what is stepped through.
// Usage: node examples/simulated-runtime.mjs
import { openDriver } from 'qemu-actors';
import { FakeQemu, SimulatedRuntime } from 'qemu-actors/testing';

const runtime = new SimulatedRuntime(7);
const qemu = await FakeQemu.start({ path: '/web1', name: 'web1', runtime, listener: runtime.listener });
const driver = await openDriver({ runtime });
const vm = await runtime.until(driver.attach({ monitor: '/web1' }));
qemu.hang();
while (vm.state.monitor === 'ready') await runtime.step();
console.log(`${vm.name} is ${vm.state.monitor} after ${runtime.elapsedMs} ms that took none`);
qemu.kill();
while (vm.state.active) await runtime.step();
console.log(`${vm.name} is ${vm.state.state} (${vm.state.reason})`);
await runtime.until(driver.close());

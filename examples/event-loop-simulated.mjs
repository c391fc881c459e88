// A driver whose time passes by command, on a QEMU that is only pretended: what takes 15 s is over at once.
// Usage: node examples/event-loop-simulated.mjs
import { setImmediate } from 'node:timers/promises';
import { openDriver } from 'qemu-actors';
import { FakeQemu } from 'qemu-actors/testing';
import { VirtualTimeLoop } from './loops/virtual-time-loop.mjs';

const eventLoop = new VirtualTimeLoop();
const qemu = await FakeQemu.start({ name: 'web1' });
const driver = await openDriver({ eventLoop });

/** Lets time pass, second by second, until it holds. */
async function until(holds) {
  while (!holds()) {
    eventLoop.advance(1000);
    await setImmediate();
  }
  console.log(`${vm.name} is ${vm.state.monitor} after ${eventLoop.nowMs} ms`);
}

const vm = await driver.attach({ monitor: qemu.path });
try {
  await vm.info();
  await until(() => vm.state.monitor === 'ready');
  qemu.hang();
  await until(() => vm.state.monitor === 'unresponsive');
  qemu.resume();
  await until(() => vm.state.monitor === 'ready');
} finally {
  await driver.close();
  await qemu.close();
}

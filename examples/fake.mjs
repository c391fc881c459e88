// A test without QEMU: the fake speaks QMP over a real socket, and does what it is told.
// Usage: node examples/fake.mjs
import assert from 'node:assert/strict';
import { openDriver } from 'qemu-actors';
import { FakeQemu } from 'qemu-actors/testing';

const qemu = await FakeQemu.start({ name: 'web1' });
const driver = await openDriver();
try {
  const vm = await driver.attach({ monitor: qemu.path });
  const events = vm.events(['lifecycle']);

  qemu.guestShutdown();

  const seen = [];
  for await (const { args } of events) {
    seen.push(`${args.event} ${args.detail}`);
    if (args.event === 'stopped') break;
  }
  assert.deepEqual(seen, ['shutdown guest', 'stopped shutdown']);
  console.log(`${vm.name}: ${seen.join(', ')}`);
} finally {
  await driver.close();
  await qemu.close();
}

// Observes a QEMU that somebody else started: prints its state and what happens to it, until it stops.
// Usage: node examples/observe.mjs /run/vm/web1.qmp
import { openDriver } from 'qemu-actors';

const driver = await openDriver();
try {
  const vm = await driver.attach({ monitor: process.argv[2] ?? 'qmp.sock' });
  console.log(`${vm.name} is ${vm.state.state} (${vm.state.reason})`);
  for await (const { type, args } of vm.events(['lifecycle', 'reboot', 'watchdog'])) {
    console.log(type, args);
    if (type === 'lifecycle' && args.event === 'stopped') break;
  }
} finally {
  await driver.close(); // QEMU is left as it is
}

// Attaches to a running QEMU and prints what happens to it until it stops. It only observes.
// Usage: node examples/watch.mjs /run/vm/web1.qmp
import { openDriver } from 'qemu-actors';

const driver = await openDriver();
try {
  const vm = await driver.attach({ monitor: process.argv[2] ?? 'qmp.sock' });
  const events = vm.events(['lifecycle', 'reboot', 'watchdog', 'control-error']);
  console.log(`${vm.name} is ${vm.state.state} (${vm.state.reason})`);
  for await (const event of events) {
    console.log(event.type, event.args);
    if (event.type === 'lifecycle' && event.args.event === 'stopped') break;
  }
} finally {
  await driver.close();
}

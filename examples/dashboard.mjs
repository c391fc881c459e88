// A program that shows its domains in a browser. Usage: node examples/dashboard.mjs /run/vm/web1.qmp
import { openDriver } from 'qemu-actors';

const driver = await openDriver();
try {
  const dashboard = await driver.dashboard({ listen: '127.0.0.1:0' });
  console.log(dashboard.url);
  const vm = await driver.attach({ monitor: process.argv[2] ?? 'qmp.sock' });
  console.log(vm.name, 'is', vm.state.state);

  // Serves until it is closed; here, until the domain stops.
  await vm.waitFor('lifecycle', ({ args }) => args.event === 'stopped');
  await dashboard.close();
} finally {
  await driver.close();
}

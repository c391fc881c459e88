// Pauses a QEMU for a second. The events tell that it was us: paused (user), not paused (unknown).
// Usage: node examples/control.mjs /run/vm/web1.qmp
import { openDriver } from 'qemu-actors';

const driver = await openDriver();
try {
  driver.on('state', ({ domain, args }) => console.log(`${domain.name} is ${args.state} (${args.reason})`));
  const vm = await driver.attach({ monitor: process.argv[2] ?? 'qmp.sock', control: true });
  await vm.suspend();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await vm.resume({ signal: AbortSignal.timeout(5000) });
  console.log(await vm.execute('query-status'));
} finally {
  await driver.close();
}

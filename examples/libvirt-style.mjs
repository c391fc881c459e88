// A program as one writes it for libvirt: register the default loop, then run it, one iteration after the other.
// Usage: node examples/libvirt-style.mjs /run/vm/web1.qmp
import {
  addTimeout,
  openDriver,
  registerDefaultEventLoop,
  removeTimeout,
  runDefaultEventLoop,
} from 'qemu-actors';

registerDefaultEventLoop();
const driver = await openDriver();
try {
  let quit = false;
  const timer = addTimeout(30_000, () => {
    console.error('nothing in 30 seconds');
    quit = true;
  });
  driver.on('lifecycle', ({ domain, args }) => {
    console.log(domain.name, args.event, args.detail);
    quit = args.event === 'stopped';
  });
  const vm = await driver.attach({ monitor: process.argv[2] ?? 'qmp.sock' });
  console.log(`${vm.name} is ${vm.state.state}`);

  while (!quit) await runDefaultEventLoop();
  removeTimeout(timer);
} finally {
  await driver.close();
}

// A driver in a process that has a main loop already, one in the manner of GLib's: it becomes the process's loop.
// Usage: node examples/event-loop-glib.mjs /run/vm/web1.qmp
import { openDriver, registerEventLoop } from 'qemu-actors';
import { MainContext } from './loops/main-context.mjs';
import { WatchEventLoop } from './loops/watch-event-loop.mjs';

registerEventLoop(new WatchEventLoop(new MainContext()));

const driver = await openDriver();
try {
  const vm = await driver.attach({ monitor: process.argv[2] ?? 'qmp.sock', control: true });
  const events = vm.events(['lifecycle']);
  console.log(`${vm.name} is ${vm.state.state}`);
  await vm.suspend();
  await vm.resume();
  for await (const event of events) {
    if (event.type === 'lifecycle') console.log(event.args.event, event.args.detail);
    if (event.type === 'lifecycle' && event.args.event === 'stopped') break;
  }
} finally {
  await driver.close();
}

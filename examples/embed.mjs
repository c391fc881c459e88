// A host process with an event loop of its own, in control of one QEMU: callbacks, operations, losses, errors.
// Usage: node examples/embed.mjs /run/vm/web1.qmp
import { subscribe } from 'node:diagnostics_channel';
import { NodeEventLoop, openDriver, StateError } from 'qemu-actors';

// Any object with the six functions will do. This one is Node's, and counts what is asked of it.
class CountingLoop extends NodeEventLoop {
  added = 0;

  addHandle(stream, events, callback, free) {
    this.added += 1;
    return super.addHandle(stream, events, callback, free);
  }

  addTimeout(ms, callback, free) {
    this.added += 1;
    return super.addTimeout(ms, callback, free);
  }
}

subscribe('qemu-actors:drop', ({ domain, reason, event }) => console.log('dropped', domain, reason, event));

const eventLoop = new CountingLoop();
const driver = await openDriver({
  eventLoop,
  onCallbackError: (error, event) => console.error(`callback for ${event?.type ?? 'free'}:`, error),
});
try {
  driver.on('lifecycle', ({ domain, id, args }) => console.log(domain.name, id, args.event, args.detail));
  driver.on('state', ({ args }) => console.log(args.state, args.reason, args.monitor));

  const vm = await driver.attach({
    monitor: process.argv[2] ?? 'qmp.sock',
    control: true,
    devices: [{ type: 'net', alias: 'net0', mac: '52:54:00:12:34:56' }],
  });
  await vm.suspend({ signal: AbortSignal.timeout(10_000) });
  await vm.resume();
  try {
    await vm.resume();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    console.log(error.code, error.message);
  }
  console.log(await vm.execute('query-version'));
} finally {
  await driver.close();
}
console.log(`the loop was asked ${eventLoop.added > 0 ? 'for handles and timeouts' : 'for nothing'}`);
console.log('drops', JSON.stringify(driver.drops));

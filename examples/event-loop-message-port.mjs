// A driver in a worker that gets its turns by messages: the main thread decides when callbacks run.
// Usage: node examples/event-loop-message-port.mjs /run/vm/web1.qmp
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openDriver } from 'qemu-actors';
import { giveTurns, MessagePortLoop } from './loops/message-port-loop.mjs';

if (isMainThread) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: process.argv[2] ?? 'qmp.sock' });
  giveTurns(worker);
} else {
  const driver = await openDriver({ eventLoop: new MessagePortLoop(parentPort) });
  try {
    const vm = await driver.attach({ monitor: workerData });
    const events = vm.events(['lifecycle', 'reboot']);
    console.log(`${vm.name} is ${vm.state.state}`);
    for await (const event of events) {
      console.log(event.type, event.args);
      if (event.type === 'lifecycle' && event.args.event === 'stopped') break;
    }
  } finally {
    await driver.close();
    parentPort.close();
  }
}

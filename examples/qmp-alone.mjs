// The QMP client alone: asks a running QEMU how it is, pauses it, and prints its events until it ends.
// Usage: node examples/qmp-alone.mjs /run/vm/web1.qmp
import { QmpClient } from 'qemu-actors/qmp';

const client = await QmpClient.connect(process.argv[2] ?? 'qmp.sock');
try {
  const { status } = await client.execute('query-status');
  console.log(`QEMU is ${status}`);

  // The event counts from before the command is sent, so it cannot be missed.
  const { event } = await client.executeAndWaitFor('stop', {}, 'STOP', { timeoutMs: 5000 });
  console.log(`${event.event} at ${event.timestamp?.seconds}`);
  await client.execute('cont');

  for await (const { event, data } of client.events()) console.log(event, data ?? '');
  console.log('QEMU has ended');
} finally {
  await client.close();
}

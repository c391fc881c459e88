/** A monitor's socket reads to the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';

test('what QEMU said before it closed is read, also when a write finds it gone first', async () => {
  const directory = await mkdtemp('/tmp/qemu-actors-');
  const path = `${directory}/monitor`;
  const peers: Socket[] = [];
  const server = createServer((socket) => peers.push(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });
  const stream = await createNodeRuntime().connect({ path }, new AbortController().signal);
  while (peers.length === 0) await new Promise(setImmediate);

  let read = '';
  const errors: Error[] = [];
  stream.on('readable', () => {
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) read += chunk;
  });
  stream.on('error', (error) => errors.push(error));
  const closed = new Promise((resolve) => stream.on('close', resolve));
  peers[0]?.write('SHUTDOWN\n');
  peers[0]?.destroy();
  // The handle of the other end closes when this tick is over; the write is before anything is read.
  await Promise.resolve();
  stream.write('query-status\n');
  stream.write('query-block\n');
  await closed;
  expect({ read, errors }).toEqual({ read: 'SHUTDOWN\n', errors: [] });
});

/**
 * What a driver asks of its event loop to deliver events, call by call.
 *
 * libvirt 9.0.0 `src/conf/object_event.c:virObjectEventStateQueue`, `virObjectEventStateFlush`.
 */
import { expect, test } from 'vitest';
import { openDriver } from '../../../src/index.ts';
import { NodeEventLoop } from '../../../src/loop/node-event-loop.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { NotingLoop } from '../../support/noting-loop.ts';

test('subscription: a timeout of -1; first queued event: 0; flush: -1; last deregistration: removed', async () => {
  await using qemu = await FakeQemu.start({ name: 'web1' });
  const loop = new NotingLoop(new NodeEventLoop());
  await using driver = await openDriver({ eventLoop: loop });
  await driver.attach({ monitor: qemu.path });
  loop.calls.length = 0;

  let heard = 0;
  const subscriptions = [
    driver.on('lifecycle', () => {
      heard += 1;
    }),
    driver.on('reboot', () => {
      heard += 1;
    }),
  ];
  const [added, ...others] = loop.calls;
  if (added?.name !== 'addTimeout') throw new Error('no timeout was added');
  expect([added.args[0], others]).toEqual([-1, []]);
  const timer = added.result;
  const asked = (): unknown[] =>
    loop.calls.flatMap(({ name, args }) => (args[0] === timer ? [[name, ...args.slice(1)]] : []));

  qemu.guestReset();
  while (heard === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(asked()).toEqual([
    ['updateTimeout', 0],
    ['updateTimeout', -1],
  ]);

  for (const subscription of subscriptions) subscription[Symbol.dispose]();
  expect(asked().slice(2)).toEqual([['removeTimeout']]);
  // A call that was under way when the loop was told not to make it.
  added.args[1](timer);
  expect({ heard, asked: asked().length }).toEqual({ heard: 1, asked: 3 });
});

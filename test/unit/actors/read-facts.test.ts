import { expect, test } from 'vitest';
import { notOlder } from '../../../src/actors/read-facts.ts';
import { noFacts } from '../../../src/events/facts.ts';
import { Walk } from '../machines/walk.ts';

test('what an event told while it was being read is not undone by the answer', () => {
  const before = { ...noFacts, trays: { cd0: 'closed', cd1: 'closed' }, balloonKiB: 1 } as const;
  const now = { ...before, trays: { cd0: 'open', cd1: 'closed' }, balloonKiB: 2 } as const;
  const read = {
    trays: { cd0: 'closed', cd1: 'open' },
    balloonKiB: 1,
    channels: { c0: 'connected' },
  } as const;
  expect(notOlder(before, now, read)).toEqual({
    trays: { cd0: 'open', cd1: 'open' },
    channels: { c0: 'connected' },
  });
});

test('clients of a unix socket, which are all called the same, are counted (QAPI ui.json:VncBasicInfo)', () => {
  const walk = new Walk();
  walk.contact('running');
  const side = { family: 'unix', host: '', service: '' };
  const data = { server: { ...side, auth: 'none' }, client: side };
  walk.qemu('VNC_CONNECTED', data);
  walk.qemu('VNC_CONNECTED', data);
  walk.qemu('VNC_INITIALIZED', data);
  const phases = () => walk.snapshot.context.facts.clients.map(({ phase }) => phase);
  expect(phases()).toEqual(['connect', 'initialize']);
  walk.qemu('VNC_DISCONNECTED', data);
  expect(phases()).toHaveLength(1);
});

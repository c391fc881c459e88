import { describe, expect, test } from 'vitest';
import type { ProcessEvent } from '../../../src/events/process-events.ts';
import {
  enqueueLooks,
  enqueueProcessEvent,
  nextProcessEvent,
  noWork,
  QUEUE_LIMIT,
} from '../../../src/machines/domain-queue.ts';

const nic = (alias: string): ProcessEvent => ({ type: 'nicRxFilterChanged', data: { alias } });
const deleted = (alias: string): ProcessEvent => ({ type: 'deviceDeleted', data: { alias } });
const eof: ProcessEvent = { type: 'monitorEof', data: { attempt: 'refused' } };

const filled = (...events: ProcessEvent[]) =>
  events.reduce((work, event) => enqueueProcessEvent(work, event).work, noWork);

const waiting = (work: typeof noWork): ProcessEvent[] => work.waiting.map(({ event }) => event);

describe('the queue of process events in a domain', () => {
  test('keeps the order of arrival (promise 2)', () => {
    expect(waiting(filled(deleted('a'), nic('b'), deleted('c')))).toEqual([
      deleted('a'),
      nic('b'),
      deleted('c'),
    ]);
  });

  test('holds one of those with the same key: a flood of filter changes is one query (libvirt-events.md §4.7)', () => {
    const work = filled(nic('net0'), nic('net1'));
    expect(enqueueProcessEvent(work, nic('net0'))).toEqual({ work, dropped: 'coalesced' });
  });

  test('never merges those that have no key: each DEVICE_DELETED stands for itself', () => {
    expect(waiting(filled(deleted('a'), deleted('a')))).toHaveLength(2);
  });

  test('the end of the monitor overtakes what waits for it (libvirt-events.md §6, 3)', () => {
    expect(waiting(filled(deleted('a'), eof))).toEqual([eof, deleted('a')]);
  });

  test(`holds ${QUEUE_LIMIT}; more is overflow, and what was lost is remembered`, () => {
    const full = filled(...Array.from({ length: QUEUE_LIMIT }, (_, n) => deleted(`d${n}`)));
    expect(enqueueProcessEvent(full, nic('net0'))).toEqual({
      work: { ...full, missed: true },
      dropped: 'overflow',
    });
    expect(enqueueProcessEvent(full, eof).dropped).toBeNull();
  });

  test('runs one at a time, and without its monitor only what needs no QEMU', () => {
    const work = filled(deleted('a'));
    expect(nextProcessEvent(work, 'ready')?.event).toEqual(deleted('a'));
    expect(nextProcessEvent(work, 'unresponsive')).toBeUndefined();
    expect(nextProcessEvent(work, 'lost')).toBeUndefined();
    expect(nextProcessEvent(filled(eof), 'lost')?.event).toEqual(eof);
    const busy = { ...work, running: { event: eof, key: '', id: 'processEvent#1', incarnation: 'run-1' } };
    expect(nextProcessEvent(busy, 'ready')).toBeUndefined();
  });

  test('only NICs that trust their guest are read (qemu_process.c:qemuProcessRefreshRxFilters)', () => {
    const device = { type: 'net', mac: null, host: null } as const;
    const devices = [
      { ...device, alias: 'net0', trustGuestRxFilters: true },
      { ...device, alias: 'net1', trustGuestRxFilters: false },
      { type: 'disk', alias: 'virtio-disk0' },
    ];
    const reset: ProcessEvent = { type: 'reset', data: {} };
    expect(waiting(enqueueLooks(noWork, devices, 'reset'))).toEqual([nic('net0'), reset]);
    expect(waiting(enqueueLooks(noWork, null, 'reset'))).toEqual([reset]);
  });
});

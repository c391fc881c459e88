import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dropped } from '../../../src/events/payload.ts';
import { qemuEventRoutes, qemuEvents } from '../../../src/events/qemu-events.ts';

describe('a row of Table 1', () => {
  test('DEVICE_DELETED without `device` is dropped, counted by the field (libvirt-events.md §2.2)', () => {
    expect(qemuEvents.DEVICE_DELETED.parse({ path: '/machine/x' })).toEqual(
      new Dropped('missing-field', 'device'),
    );
    expect(qemuEvents.DEVICE_DELETED.parse(undefined)).toEqual(new Dropped('missing-field', 'device'));
    expect(qemuEvents.DEVICE_DELETED.parse({ device: 7 })).toEqual(new Dropped('wrong-type', 'device'));
  });

  test('SHUTDOWN without or with a bad `guest` says "finished", and is never dropped (qemuMonitorJSONHandleShutdown)', () => {
    for (const data of [undefined, {}, { guest: 'yes' }, { guest: null, reason: 5 }])
      expect(qemuEvents.SHUTDOWN.parse(data)).toEqual({ guest: null, reason: null });
    expect(qemuEvents.SHUTDOWN.parse({ guest: true })).toEqual({ guest: true, reason: null });
  });

  test('WATCHDOG with a missing or unknown action is `none` (qemuMonitorJSONHandleWatchdog)', () => {
    for (const data of [undefined, {}, { action: 'explode' }, { action: 3 }])
      expect(qemuEvents.WATCHDOG.parse(data)).toEqual({ action: 'none' });
  });

  test('a name that every object has is unknown all the same', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect(qemuEventRoutes.get(name)).toBeUndefined();
  });

  test.each(Object.entries(qemuEvents))(
    '%s takes any data without throwing, and copies only what it names',
    (_, row) => {
      fc.assert(
        fc.property(fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined }), (data) => {
          const payload = row.parse(data as Record<string, unknown> | undefined);
          if (payload instanceof Dropped) expect(Object.keys(row.shape)).toContain(payload.field);
          else expect(Object.keys(payload)).toEqual(Object.keys(row.shape));
        }),
      );
    },
  );
});

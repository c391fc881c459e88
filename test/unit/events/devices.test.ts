import { describe, expect, test } from 'vitest';
import { findDisk } from '../../../src/events/devices.ts';

const disk = (alias: string, nodes: string[]) =>
  ({ type: 'disk', alias, target: null, source: null, nodes }) as const;
const devices = [
  { type: 'serial', alias: 'virtio-disk0' },
  disk('virtio-disk0', ['libvirt-3-format', 'libvirt-3-storage']),
  disk('ua-mine', ['libvirt-1-format']),
];

describe('the disk that a block event is about (libvirt-events.md §2.0)', () => {
  test.each([
    [{ drive: 'drive-virtio-disk0', node: null }, 'virtio-disk0'],
    [{ drive: 'virtio-disk0', node: null }, 'virtio-disk0'],
    [{ drive: '', node: 'libvirt-3-storage' }, 'virtio-disk0'],
    [{ drive: '', node: 'libvirt-1-format' }, 'ua-mine'],
    [{ drive: 'drive-other', node: 'libvirt-1-format' }, undefined],
    [{ drive: '', node: 'libvirt-9-format' }, undefined],
    [{ drive: '', node: null }, undefined],
  ])('%j is %s', (event, alias) => {
    expect(findDisk(devices, event)?.alias).toBe(alias);
  });

  test('is not known where the devices were not told', () => {
    expect(findDisk(null, { drive: 'drive-virtio-disk0', node: null })).toBeUndefined();
  });
});

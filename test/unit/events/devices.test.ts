import { describe, expect, test } from 'vitest';
import { type DiskDevice, findDisk, isVcpuAlias, qomNameOf } from '../../../src/events/devices.ts';

const disk = (alias: string, rest: Partial<DiskDevice> = {}): DiskDevice => ({
  type: 'disk',
  alias,
  target: null,
  source: null,
  nodes: [],
  paths: {},
  qomName: null,
  bus: null,
  reservations: null,
  ...rest,
});

describe('a QEMU event names a disk (qemu_process.c:qemuProcessFindDomainDiskByAliasOrQOM)', () => {
  const devices = [
    { type: 'serial', alias: 'serial0' },
    disk('virtio-disk0', { bus: 'virtio', nodes: ['f0', 's0'] }),
    disk('ide0-1-0', { bus: 'ide', nodes: ['f1', 's1'] }),
    disk('ua-backup', { bus: 'usb', nodes: ['f2'] }),
  ];
  test.each([
    ['by the legacy drive', { drive: 'drive-virtio-disk0' }, 'virtio-disk0'],
    ['by the alias alone', { drive: 'ide0-1-0' }, 'ide0-1-0'],
    ["by a user's alias", { drive: 'drive-ua-backup' }, 'ua-backup'],
    ['by the device id', { drive: '', qom: 'ide0-1-0' }, 'ide0-1-0'],
    [
      'by the QOM path of a virtio disk',
      { qom: '/machine/peripheral/virtio-disk0/virtio-backend' },
      'virtio-disk0',
    ],
    [
      'by the QOM path of a USB disk',
      { qom: '/machine/peripheral/ua-backup/ua-backup.0/legacy[0]' },
      'ua-backup',
    ],
    ['by the QOM name where the drive is not known', { drive: 'drive-x', qom: 'ide0-1-0' }, 'ide0-1-0'],
    ['by a format node', { drive: '', node: 'f1' }, 'ide0-1-0'],
    ['by a storage node', { node: 's0' }, 'virtio-disk0'],
    ['by the node only where no name is said', { drive: 'drive-x', node: 's0' }, undefined],
    ['by nothing', {}, undefined],
    ['by empty names', { drive: '', qom: '', node: null }, undefined],
  ])('%s', (_, event, alias) => {
    expect(findDisk(devices, event)?.alias).toBe(alias);
  });

  test('no disk where the devices are not known', () => {
    expect(findDisk(null, { drive: 'drive-virtio-disk0' })).toBeUndefined();
  });
});

test('a QOM name that was told goes before the one made of bus and alias (qemu_alias.c:qemuAssignDeviceDiskAlias)', () => {
  expect(qomNameOf(disk('virtio-disk0', { bus: 'virtio', qomName: '/machine/x' }))).toBe('/machine/x');
  expect(qomNameOf(disk('sd', { bus: 'sd' }))).toBeNull();
});

test('only vcpu is taken as the beginning of an alias (qemu_driver.c:processDeviceDeletedEvent)', () => {
  expect(isVcpuAlias('vcpu2')).toBe(true);
  expect(isVcpuAlias('ua-vcpu')).toBe(false);
});

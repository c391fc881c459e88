/** Rows of the QEMU events about devices. QAPI `qdev.json`, `machine.json`, `char.json`, `net.json`, `acpi.json`. */
import { boolean, lenient, nested, string, uint, uint64 } from '../payload.ts';
import { row } from './row.ts';

export const deviceEvents = {
  ACPI_DEVICE_OST: row(
    {
      info: nested({
        'slot-type': string,
        slot: string,
        source: uint,
        status: uint,
        device: lenient(string, null),
      }),
    },
    {
      summary: "the guest's answer to a plug or unplug of memory or a CPU; some mean that it refused",
      source: 'QAPI acpi.json, since 2.1; libvirt qemu_process.c:qemuProcessHandleAcpiOstInfo',
    },
  ),
  BALLOON_CHANGE: row(
    { actual: uint },
    {
      summary: 'the guest has so much memory now, in bytes; at most one a second',
      source: 'QAPI machine.json, since 1.2; libvirt qemu_process.c:qemuProcessHandleBalloonChange',
    },
  ),
  DEVICE_DELETED: row(
    { device: string },
    {
      summary:
        'a device is unplugged and gone; events of its inner objects carry no `device` and are dropped',
      source: 'QAPI qdev.json, since 1.5; libvirt qemu_process.c:qemuProcessHandleDeviceDeleted',
    },
  ),
  DEVICE_TRAY_MOVED: row(
    { device: lenient(string, ''), id: lenient(string, ''), 'tray-open': boolean },
    {
      oneOf: ['device', 'id'],
      summary: 'a tray moved, by the guest or by a command',
      source: 'QAPI block.json, since 1.1; libvirt qemu_process.c:qemuProcessHandleTrayChange',
    },
  ),
  DEVICE_UNPLUG_GUEST_ERROR: row(
    { path: string, device: lenient(string, null) },
    {
      summary: 'the guest refused to give a device back',
      source: 'QAPI qdev.json, since 6.2; libvirt qemu_process.c:qemuProcessHandleDeviceUnplugErr',
    },
  ),
  MEMORY_DEVICE_SIZE_CHANGE: row(
    { id: string, size: uint },
    {
      summary: 'a virtio-mem device has so much plugged now, in bytes',
      source: 'QAPI machine.json, since 5.1; libvirt qemu_process.c:qemuProcessHandleMemoryDeviceSizeChange',
    },
  ),
  NETDEV_STREAM_DISCONNECTED: row(
    { 'netdev-id': string },
    {
      summary: "a stream backend of a NIC lost its peer; libvirt's passt is then started again",
      source:
        'QAPI net.json, since 7.2; libvirt 9.1 qemu_process.c:qemuProcessHandleNetdevStreamDisconnected',
    },
  ),
  NETDEV_VHOST_USER_DISCONNECTED: row(
    { 'netdev-id': string },
    {
      summary: 'a vhost-user backend of a NIC lost its peer',
      source: 'QAPI net.json, since 10.0; treated as NETDEV_STREAM_DISCONNECTED',
    },
  ),
  NIC_RX_FILTER_CHANGED: row(
    { name: string },
    {
      summary: 'the guest changed the receive filter of a NIC; muted until the next query-rx-filter',
      source: 'QAPI net.json, since 1.6; libvirt qemu_process.c:qemuProcessHandleNicRxFilterChanged',
    },
  ),
  PR_MANAGER_STATUS_CHANGED: row(
    { id: string, connected: boolean },
    {
      summary: 'the helper for persistent reservations came or went',
      source: 'QAPI block.json, since 3.0; libvirt qemu_process.c:qemuProcessHandlePRManagerStatusChanged',
    },
  ),
  RDMA_GID_STATUS_CHANGED: row(
    { netdev: string, 'gid-status': boolean, 'subnet-prefix': uint64, 'interface-id': uint64 },
    {
      summary: "a guest's RDMA device took or gave up an address",
      source: 'QAPI rdma.json, 4.0 to 9.0; libvirt qemu_process.c:qemuProcessHandleRdmaGidStatusChanged',
    },
  ),
  VSERPORT_CHANGE: row(
    { id: string, open: boolean },
    {
      summary: 'the guest opened or closed a channel; at most one a second for each',
      source: 'QAPI char.json, since 2.1; libvirt qemu_process.c:qemuProcessHandleSerialChanged',
    },
  ),
} as const;

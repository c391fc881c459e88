/**
 * QEMU events that libvirt has no handler for, and why they mean nothing to a domain here: they are counted, and
 * passed on as they are to whoever subscribed to `monitor-event`.
 */
export const ignoredQemuEvents: Readonly<Record<string, string>> = {
  BLOCK_EXPORT_DELETED: 'exports are not followed. QAPI block-export.json, since 5.2',
  BLOCK_IMAGE_CORRUPTED: 'the errors that follow are told by BLOCK_IO_ERROR. QAPI block-core.json, since 1.7',
  BLOCK_JOB_ERROR: 'how the job ends is told by JOB_STATUS_CHANGE. QAPI block-core.json, since 1.3',
  BLOCK_JOB_PENDING: 'told by JOB_STATUS_CHANGE. QAPI block-core.json, since 2.12',
  COLO_EXIT: 'COLO is not followed. QAPI migration.json, since 3.1',
  CPU_POLARIZATION_CHANGE: 'a matter of s390 guests. QAPI machine-target.json, since 8.2',
  FAILOVER_NEGOTIATED: 'the NIC pair is not ours. QAPI net.json, since 4.2',
  HV_BALLOON_STATUS_REPORT: "the guest's own numbers, told every second. QAPI machine.json, since 8.2",
  MEM_UNPLUG_ERROR: 'told by DEVICE_UNPLUG_GUEST_ERROR. QAPI machine.json, since 2.4',
  NETDEV_STREAM_CONNECTED: 'a backend that works. QAPI net.json, since 7.2',
  NETDEV_VHOST_USER_CONNECTED: 'a backend that works. QAPI net.json, since 10.0',
  POWERDOWN: 'the button was pressed; what the guest makes of it comes by itself. QAPI run-state.json',
  QUORUM_FAILURE: 'the errors that follow are told by BLOCK_IO_ERROR. QAPI block-core.json, since 2.0',
  QUORUM_REPORT_BAD: 'the quorum still holds. QAPI block-core.json, since 2.0',
  UNPLUG_PRIMARY: 'the NIC pair is not ours. QAPI migration.json, since 4.2',
  VFIO_MIGRATION: 'the migration is told by MIGRATION. QAPI vfio.json, since 9.1',
  VFU_CLIENT_HANGUP: 'QEMU is a device server then, not a domain. QAPI misc.json, since 7.1',
};

/** Examples of what QEMU tells, of every row of Table 1: the compiler asks for those of a new one. */
import type { QemuEventData, QemuEventName } from '../../events/qemu-events.ts';

const vnc = {
  server: { family: 'ipv4', host: '127.0.0.1', service: '5900', auth: 'none' },
  client: { family: 'ipv4', host: '127.0.0.1', service: '40000', x509_dname: null, sasl_username: 'ada' },
} as const;

const spice = {
  server: { family: 'ipv4', host: '127.0.0.1', port: '5901', auth: 'spice' },
  client: { family: 'ipv4', host: '127.0.0.1', port: '40001' },
} as const;

const ejectRefused = { 'slot-type': 'DIMM', slot: '0', source: 3, status: 0x81, device: 'virtiomem0' };

/** Names are those of {@link exampleDevices}; of a job: `job0`. */
export const qemuExamples: { readonly [N in QemuEventName]: readonly QemuEventData<N>[] } = {
  ACPI_DEVICE_OST: [{ info: ejectRefused }, { info: { ...ejectRefused, status: 0 } }],
  BALLOON_CHANGE: [{ actual: 1_073_741_824 }],
  BLOCK_IO_ERROR: [
    { device: '', 'node-name': 'libvirt-1-format', 'qom-path': null, action: 'stop', nospace: true },
    { device: 'virtio-disk0', 'node-name': null, 'qom-path': null, action: 'report', nospace: false },
  ],
  BLOCK_JOB_CANCELLED: [{ device: 'job0', type: 'mirror' }],
  BLOCK_JOB_COMPLETED: [
    { device: 'job0', type: 'commit', error: null },
    { device: 'job0', type: 'stream', error: 'Input/output error' },
  ],
  BLOCK_JOB_READY: [{ device: 'job0', type: 'commit' }],
  BLOCK_WRITE_THRESHOLD: [
    { 'node-name': 'libvirt-1-storage', 'write-threshold': 65_536, 'amount-exceeded': 512 },
    { 'node-name': 'unheard-of', 'write-threshold': 65_536, 'amount-exceeded': 512 },
  ],
  DEVICE_DELETED: [{ device: 'net0' }, { device: 'virtio-disk0' }],
  DEVICE_TRAY_MOVED: [
    { device: 'virtio-disk0', id: '', 'tray-open': true },
    { device: '', id: 'virtio-disk0', 'tray-open': false },
    { device: 'unheard-of', id: '', 'tray-open': true },
  ],
  DEVICE_UNPLUG_GUEST_ERROR: [{ path: '/machine/peripheral/net0', device: 'net0' }],
  DUMP_COMPLETED: [
    { result: { status: 'completed', completed: 1024, total: 1024 }, error: null },
    { result: { status: 'failed', completed: 512, total: 1024 }, error: 'No space left on device' },
  ],
  GUEST_CRASHLOADED: [{}],
  GUEST_PANICKED: [
    { info: null },
    { info: { type: 'hyper-v', arg1: 1, arg2: 2, arg3: 3, arg4: 4, arg5: 5 } },
  ],
  JOB_STATUS_CHANGE: [
    { id: 'job0', status: 'created' },
    { id: 'job0', status: 'ready' },
    { id: 'job0', status: 'concluded' },
    { id: 'job0', status: 'null' },
  ],
  MEMORY_DEVICE_SIZE_CHANGE: [{ id: 'virtiomem0', size: 536_870_912 }],
  MEMORY_FAILURE: [
    { recipient: 'guest', action: 'inject', flags: { 'action-required': true, recursive: false } },
  ],
  MIGRATION: [
    { status: 'active' },
    { status: 'postcopy-active' },
    { status: 'postcopy-paused' },
    { status: 'postcopy-recover' },
    { status: 'completed' },
  ],
  MIGRATION_PASS: [{ pass: 2 }],
  NETDEV_STREAM_DISCONNECTED: [{ 'netdev-id': 'hostnet0' }],
  NETDEV_VHOST_USER_DISCONNECTED: [{ 'netdev-id': 'hostnet0' }],
  NIC_RX_FILTER_CHANGED: [{ name: 'net0' }],
  PR_MANAGER_STATUS_CHANGED: [
    { id: 'pr-helper0', connected: false },
    { id: 'pr-helper0', connected: true },
  ],
  RDMA_GID_STATUS_CHANGED: [
    {
      netdev: 'rdma0',
      'gid-status': true,
      'subnet-prefix': '33022',
      'interface-id': '15880255268188320842',
    },
  ],
  RESET: [{}],
  RESUME: [{}],
  RTC_CHANGE: [{ offset: 3600 }],
  SHUTDOWN: [
    { guest: true, reason: 'guest-shutdown' },
    { guest: false, reason: 'host-qmp-quit' },
    { guest: true, reason: 'guest-panic' },
  ],
  SPICE_CONNECTED: [spice],
  SPICE_DISCONNECTED: [spice],
  SPICE_INITIALIZED: [spice],
  SPICE_MIGRATE_COMPLETED: [{}],
  STOP: [{}],
  SUSPEND: [{}],
  SUSPEND_DISK: [{}],
  VNC_CONNECTED: [vnc],
  VNC_DISCONNECTED: [vnc],
  VNC_INITIALIZED: [vnc],
  VSERPORT_CHANGE: [
    { id: 'channel0', open: true },
    { id: 'channel0', open: false },
  ],
  WAKEUP: [{}],
  WATCHDOG: [{ action: 'pause' }, { action: 'reset' }],
};

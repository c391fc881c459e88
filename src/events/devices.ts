/**
 * Devices of a domain, as its embedder configures them or as QEMU shows them, and the rules by which a name in a
 * QEMU event is one of them.
 *
 * Rules of this file: an alias is QEMU's device id and is compared, never taken apart; the only prefixes that
 * mean something are `drive-` before a legacy drive's name and `vcpu` of a hot-plugged CPU. An alias that a user
 * chose begins with `ua-` and is one like any other.
 *
 * libvirt 9.0.0 `src/conf/domain_conf.h`; aliases `src/qemu/qemu_alias.c`.
 */

/** How a NIC reaches the host. Only `macvtap` follows the guest's filter; the others are never changed. */
export type HostInterfaceKind = 'macvtap' | 'tap' | 'bridge';

export interface NetDevice {
  readonly type: 'net';
  /** QEMU's device id, for example `net0`. */
  readonly alias: string;
  /** Configured MAC; null if not known. */
  readonly mac: string | null;
  /** The guest may change what the host lets through to it. libvirt `trustGuestRxFilters`. */
  readonly trustGuestRxFilters: boolean;
  readonly host: { readonly interface: string; readonly kind: HostInterfaceKind } | null;
  /** The program behind it, for example `passt`; null if it is not known, or there is none. */
  readonly backend: string | null;
}

/** A guest's RDMA device, whose addresses an interface of the host has. */
export interface RdmaDevice {
  readonly type: 'rdma';
  readonly alias: string | null;
  readonly host: { readonly interface: string };
}

export interface ChannelDevice {
  readonly type: 'channel';
  readonly alias: string;
  /** Name that the guest sees. */
  readonly name: string;
}

export interface DiskDevice {
  readonly type: 'disk';
  readonly alias: string;
  /** What the guest's disk is called here, for example `vda`. */
  readonly target: string | null;
  /** Path of the active layer; null where it has none, as for a network disk. */
  readonly source: string | null;
  /** Block node names of its layers, the active one first, each format before storage. */
  readonly nodes: readonly string[];
  /** Paths of the layers below, by block node, where they are known. */
  readonly paths: Readonly<Record<string, string>>;
  /** QEMU's name of the device that is not its alias; null: made of bus and alias, by `qomNameOf`. */
  readonly qomName: string | null;
  /** libvirt's bus, for example `virtio` or `ide`; null if not known. */
  readonly bus: string | null;
  /** Whose helper for persistent reservations it uses: `managed` is the domain's one, `pr-helper0`. */
  readonly reservations: 'managed' | null;
}

/** libvirt 9.0.0 `domain_conf.h:virDomainMemoryModel`. */
export const memoryModels = ['dimm', 'nvdimm', 'virtio-pmem', 'virtio-mem', 'sgx-epc'] as const;

export interface MemoryDevice {
  readonly type: 'memory';
  readonly alias: string;
  readonly model: (typeof memoryModels)[number];
  /** What the guest has of it now; null if not known. */
  readonly sizeKiB: number | null;
}

/** libvirt 9.0.0 `domain_conf.h:virDomainWatchdogAction`; QEMU is told `pause` where it is `dump`. */
export const watchdogDeviceActions = [
  'reset',
  'shutdown',
  'poweroff',
  'pause',
  'dump',
  'none',
  'inject-nmi',
] as const;

export interface WatchdogDevice {
  readonly type: 'watchdog';
  readonly alias: string;
  readonly action: (typeof watchdogDeviceActions)[number] | null;
}

/** Anything else: known by its alias. */
export interface OtherDevice {
  readonly type: string;
  readonly alias: string | null;
}

export type DomainDevice =
  | NetDevice
  | ChannelDevice
  | DiskDevice
  | MemoryDevice
  | WatchdogDevice
  | RdmaDevice
  | OtherDevice;

/** Null: they were not told, and could not be found. */
export type DomainDevices = readonly DomainDevice[] | null;

/** The channel that a guest agent listens on. libvirt 9.0.0 `qemu_domain.c:qemuFindAgentConfig`. */
export const AGENT_CHANNEL_NAME = 'org.qemu.guest_agent.0';

export const isNet = (device: DomainDevice): device is NetDevice => device.type === 'net';
export const isChannel = (device: DomainDevice): device is ChannelDevice => device.type === 'channel';
export const isDisk = (device: DomainDevice): device is DiskDevice => device.type === 'disk';
export const isMemory = (device: DomainDevice): device is MemoryDevice => device.type === 'memory';
export const isWatchdog = (device: DomainDevice): device is WatchdogDevice => device.type === 'watchdog';
export const isRdma = (device: DomainDevice): device is RdmaDevice => device.type === 'rdma';

/** The device with this alias. libvirt 9.0.0 `domain_conf.c:virDomainDefFindDevice`. */
export const findDevice = (devices: DomainDevices, alias: string): DomainDevice | undefined =>
  devices?.find((device) => device.alias === alias);

/** A hot-plugged CPU. libvirt 9.0.0 `qemu_driver.c:processDeviceDeletedEvent`. */
export const isVcpuAlias = (alias: string): boolean => alias.startsWith('vcpu');

/** QEMU's own name of a disk's device. libvirt 9.0.0 `qemu_alias.c:qemuAssignDeviceDiskAlias`. */
export function qomNameOf({ qomName, bus, alias }: DiskDevice): string | null {
  if (qomName !== null) return qomName;
  switch (bus) {
    case 'fdc':
    case 'ide':
    case 'sata':
    case 'scsi':
      return alias;
    case 'virtio':
      return `/machine/peripheral/${alias}/virtio-backend`;
    case 'usb':
      return `/machine/peripheral/${alias}/${alias}.0/legacy[0]`;
    default:
      return null;
  }
}

/** What a QEMU event says about which disk it means; empty and null: it does not say. */
export interface DiskName {
  /** Name of the legacy drive, `drive-` and the alias. */
  readonly drive?: string;
  /** QOM path or id of the device. */
  readonly qom?: string | null;
  /** Name of a block node. */
  readonly node?: string | null;
}

/**
 * The disk that a QEMU event is about: by the legacy drive's name or the QOM name, whichever fits first; by a
 * block node only where no drive is said.
 *
 * libvirt 9.0.0 `qemu_process.c:qemuProcessFindDomainDiskByAliasOrQOM`, `qemu_domain.c:qemuDomainDiskLookupByNodename`.
 */
export function findDisk(
  devices: DomainDevices,
  { drive = '', qom = '', node = null }: DiskName,
): DiskDevice | undefined {
  const disks = (devices ?? []).filter(isDisk);
  const alias = drive.replace(/^drive-/, '');
  const isNamed = (disk: DiskDevice): boolean =>
    (drive !== '' && disk.alias === alias) ||
    ((qom ?? '') !== '' && (disk.alias === qom || qomNameOf(disk) === qom));
  const named = disks.find(isNamed);
  if (named !== undefined || drive !== '' || node === null) return named;
  return disks.find(({ nodes }) => nodes.includes(node));
}

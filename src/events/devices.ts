/**
 * Devices of a domain, as its embedder configures them: the facts that handlers look up by alias.
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
  /** Block node names of its layers, format and storage. */
  readonly nodes: readonly string[];
}

/** Anything else: known by its alias. */
export interface OtherDevice {
  readonly type: string;
  readonly alias: string | null;
}

export type DomainDevice = NetDevice | ChannelDevice | DiskDevice | OtherDevice;

/** The channel that a guest agent listens on. libvirt 9.0.0 `qemu_domain.c:qemuFindAgentConfig`. */
export const AGENT_CHANNEL_NAME = 'org.qemu.guest_agent.0';

export const isNet = (device: DomainDevice): device is NetDevice => device.type === 'net';
export const isChannel = (device: DomainDevice): device is ChannelDevice => device.type === 'channel';
export const isDisk = (device: DomainDevice): device is DiskDevice => device.type === 'disk';

/**
 * The disk that a block event is about: by the legacy drive's name where there is one, else by a node.
 *
 * libvirt 9.0.0 `qemu_process.c:qemuProcessFindDomainDiskByAliasOrQOM`, `qemu_domain.c:qemuDomainDiskLookupByNodename`.
 */
export function findDisk(
  devices: readonly DomainDevice[] | null,
  { drive, node }: { readonly drive: string; readonly node: string | null },
): DiskDevice | undefined {
  const disks = (devices ?? []).filter(isDisk);
  if (drive !== '') return disks.find(({ alias }) => alias === drive.replace(/^drive-/, ''));
  return node === null ? undefined : disks.find(({ nodes }) => nodes.includes(node));
}

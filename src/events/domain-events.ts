/**
 * TABLE 3: domain events, what subscribers get; ids as `virsh event --list` prints them.
 *
 * Payload types and the row of each stand together; a new row is all that a new event needs.
 *
 * libvirt 9.0.0 `include/libvirt/libvirt-domain.h:virDomainEventID`.
 */
import type { Lifecycle } from './domain-state.ts';
import type { HostChange, RxFilter } from './nic.ts';
import type { watchdogActions } from './qemu-events.ts';

/** What is said of an I/O error; alias and path are empty where the disk is not known. */
export interface IoError {
  /** Null for a disk that has none. libvirt loses those events. */
  readonly path: string | null;
  readonly alias: string;
  /** libvirt `virDomainEventIOErrorAction` */
  readonly action: 'none' | 'pause' | 'report';
}

/** Where one end of a client's connection is. */
export interface GraphicsAddress {
  /** libvirt `virDomainEventGraphicsAddressType` */
  readonly family: 'ipv4' | 'ipv6' | 'unix';
  readonly node: string;
  readonly service: string;
}

/** libvirt `virDomainBlockJobType`. */
export const blockJobTypes = ['unknown', 'pull', 'copy', 'commit', 'active-commit', 'backup'] as const;
export type BlockJobType = (typeof blockJobTypes)[number];

/** libvirt `virConnectDomainEventBlockJobStatus`. */
export const blockJobStatuses = ['completed', 'failed', 'canceled', 'ready'] as const;

export interface BlockJobChange {
  /** Path of the active layer, or the disk's target. */
  readonly disk: string;
  readonly type: BlockJobType;
  readonly status: (typeof blockJobStatuses)[number];
}

/** libvirt `virTypedParameter`: a name and its value. */
export type Params = Readonly<Record<string, string | number | boolean>>;

/** Nothing but that it happened. */
type Nothing = Record<string, never>;

/** Arguments of each domain event, in the words of the constants. */
export interface DomainEventArgs {
  'agent-lifecycle': {
    readonly state: 'connected' | 'disconnected';
    readonly reason: 'unknown' | 'domain-started' | 'channel';
  };
  'balloon-change': { readonly actualKiB: number };
  'block-job': BlockJobChange;
  'block-job-2': BlockJobChange;
  'block-threshold': {
    /** `vda`, or `vda[3]` for a layer by its number. */
    readonly dev: string;
    readonly path: string | null;
    readonly thresholdBytes: number;
    readonly excessBytes: number;
  };
  'control-error': Nothing;
  'device-added': { readonly alias: string };
  'device-removal-failed': { readonly alias: string };
  'device-removed': { readonly alias: string };
  'disk-change': {
    readonly oldPath: string | null;
    readonly newPath: string | null;
    readonly alias: string;
    readonly reason: 'missing-on-start' | 'drop-missing-on-start';
  };
  graphics: {
    readonly phase: 'connect' | 'initialize' | 'disconnect';
    readonly local: GraphicsAddress;
    readonly remote: GraphicsAddress;
    readonly authScheme: string;
    readonly subject: readonly { readonly type: 'x509dname' | 'saslUsername'; readonly name: string }[];
  };
  'io-error': IoError;
  'io-error-reason': IoError & { readonly reason: 'enospc' | '' };
  'job-completed': { readonly params: Params };
  lifecycle: Lifecycle;
  'memory-device-size-change': { readonly alias: string; readonly sizeKiB: number };
  'memory-failure': {
    readonly recipient: 'hypervisor' | 'guest';
    readonly action: 'ignore' | 'inject' | 'fatal' | 'reset';
    readonly actionRequired: boolean;
    readonly recursive: boolean;
  };
  'metadata-change': {
    readonly type: 'description' | 'title' | 'element';
    readonly uri: string | null;
  };
  'migration-iteration': { readonly iteration: number };
  'nic-mac-change': { readonly alias: string; readonly oldMac: string; readonly newMac: string };
  'nic-rx-filter-change': {
    readonly alias: string;
    /** The guest's filter, as QEMU gave it. */
    readonly filter: RxFilter;
    /** Made on the host or, in a dry run, due; in order. */
    readonly changes: readonly HostChange[];
    readonly dryRun: boolean;
  };
  'pm-suspend': Nothing;
  'pm-suspend-disk': Nothing;
  'pm-wakeup': Nothing;
  reboot: Nothing;
  'rtc-change': { readonly utcOffsetSeconds: number };
  'tray-change': { readonly alias: string; readonly reason: 'open' | 'close' };
  tunable: { readonly params: Params };
  watchdog: { readonly action: (typeof watchdogActions)[number] };
}

export type DomainEventId = keyof DomainEventArgs;

/** One row of the table. */
export interface DomainEventRow<I extends DomainEventId = DomainEventId> {
  readonly summary: string;
  /** libvirt's constant and callback type, or why it is ours alone. */
  readonly source: string;
  /** Which argument names the device or disk: a stream that coalesces keeps the latest of each. */
  readonly subject?: keyof DomainEventArgs[I] & string;
}

const row = <I extends DomainEventId>(
  summary: string,
  source: string,
  subject?: keyof DomainEventArgs[I] & string,
): DomainEventRow<I> => ({ summary, source, ...(subject === undefined ? {} : { subject }) });

export const domainEvents: { readonly [I in DomainEventId]: DomainEventRow<I> } = {
  'agent-lifecycle': row(
    'the guest agent channel was connected or disconnected',
    'VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE',
  ),
  'balloon-change': row('the guest has more or less memory', 'VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE'),
  'block-job': row(
    'a block job is ready, or ended; by the path of the disk',
    'VIR_DOMAIN_EVENT_ID_BLOCK_JOB',
    'disk',
  ),
  'block-job-2': row('the same, by the target of the disk', 'VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2', 'disk'),
  'block-threshold': row(
    'a write went beyond the threshold of a layer',
    'VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD',
    'dev',
  ),
  'control-error': row(
    'the monitor sent something that is not QMP; the connection is made anew',
    'VIR_DOMAIN_EVENT_ID_CONTROL_ERROR',
  ),
  'device-added': row('a device was plugged in', 'VIR_DOMAIN_EVENT_ID_DEVICE_ADDED', 'alias'),
  'device-removal-failed': row(
    'the guest refused to give a device back',
    'VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED',
    'alias',
  ),
  'device-removed': row('a device left the domain', 'VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED', 'alias'),
  'disk-change': row(
    'a medium was missing at the start, and its startup policy let go of it',
    'VIR_DOMAIN_EVENT_ID_DISK_CHANGE',
    'alias',
  ),
  graphics: row("a client of the guest's screen came or went", 'VIR_DOMAIN_EVENT_ID_GRAPHICS'),
  'io-error': row('a disk had an I/O error', 'VIR_DOMAIN_EVENT_ID_IO_ERROR', 'alias'),
  'io-error-reason': row(
    'the same error, with the reason where it is a full disk',
    'VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON',
    'alias',
  ),
  'job-completed': row('a long job of a manager is through', 'VIR_DOMAIN_EVENT_ID_JOB_COMPLETED'),
  lifecycle: row('the domain changed its state', 'VIR_DOMAIN_EVENT_ID_LIFECYCLE'),
  'memory-device-size-change': row(
    'the guest took or gave back memory of a virtio-mem device',
    'VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE',
    'alias',
  ),
  'memory-failure': row("the host's memory failed", 'VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE'),
  'metadata-change': row(
    'a manager changed title or description',
    'VIR_DOMAIN_EVENT_ID_METADATA_CHANGE',
    'type',
  ),
  'migration-iteration': row(
    "another pass over the guest's memory begins",
    'VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION',
  ),
  'nic-mac-change': row(
    "the guest changed a NIC's MAC",
    'VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE, libvirt 11.2',
    'alias',
  ),
  'nic-rx-filter-change': row(
    "a guest's receive filter was read, and what it changed on the host",
    'ours alone: the open end of libvirt docs/kbase/internals/qemu-event-handlers.rst',
    'alias',
  ),
  'pm-suspend': row('the guest went to sleep, in memory', 'VIR_DOMAIN_EVENT_ID_PMSUSPEND'),
  'pm-suspend-disk': row('the guest went to sleep, on disk', 'VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK'),
  'pm-wakeup': row('the guest woke up', 'VIR_DOMAIN_EVENT_ID_PMWAKEUP'),
  reboot: row('the guest was reset', 'VIR_DOMAIN_EVENT_ID_REBOOT'),
  'rtc-change': row('the guest set its clock', 'VIR_DOMAIN_EVENT_ID_RTC_CHANGE'),
  'tray-change': row('a tray was opened or closed', 'VIR_DOMAIN_EVENT_ID_TRAY_CHANGE', 'alias'),
  tunable: row('a manager tuned CPUs or disks', 'VIR_DOMAIN_EVENT_ID_TUNABLE'),
  watchdog: row('the watchdog expired', 'VIR_DOMAIN_EVENT_ID_WATCHDOG'),
};

/** A domain event on its way to the subscribers. */
export type DomainEventItem = {
  [I in DomainEventId]: {
    readonly type: I;
    readonly args: DomainEventArgs[I];
    /** Found by comparing after a gap; QEMU did not tell. */
    readonly reconstructed?: true;
  };
}[DomainEventId];

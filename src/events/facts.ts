/**
 * Facts about a domain that QEMU events change and users ask for. Plain data; each list is bounded by what
 * QEMU has, or by a constant here.
 */
import type { BlockJobType, GraphicsAddress } from './domain-events.ts';
import type { QemuEventData } from './qemu-events.ts';
import type { QemuJobResult, QemuJobStatus } from './qemu-jobs.ts';

/** More clients than this are not kept; their events are told all the same. */
export const MAX_CLIENTS = 100;

/** What was last seen of a NIC, inside and on the host. */
export interface NicFacts {
  /** The MAC that the guest uses. */
  readonly mac?: string;
  /** The host's interface, as it was at the first look in this incarnation. */
  readonly interface?: { readonly ifindex: number; readonly kind: string | null };
}

/** A client of the guest's screen. */
export interface GraphicsClient {
  readonly protocol: 'vnc' | 'spice';
  readonly remote: GraphicsAddress;
  readonly phase: 'connect' | 'initialize';
}

/** More QEMU jobs than this are not followed at a time; what comes then is counted as `overflow`. */
export const MAX_QEMU_JOBS = 200;

/** A QEMU job that is followed. QAPI `job.json:JobInfo`. */
export interface QemuJobFacts {
  readonly status: QemuJobStatus;
  /** libvirt's type where it is a block job, else null. */
  readonly type: BlockJobType | null;
  /** Alias of the disk that it works on; null if it has none, or that is not known. */
  readonly disk: string | null;
  /** How it ended, by QEMU's BLOCK_JOB_COMPLETED or BLOCK_JOB_CANCELLED; null before, and where it is no block job. */
  readonly result: QemuJobResult | null;
  /** Why it failed, where QEMU said so. */
  readonly error: string | null;
}

export interface ThresholdFacts {
  /** It was set for a layer by its number, as `vda[3]`. */
  readonly indexed: boolean;
  /** What a write crossed last; null before the first. */
  readonly crossed: { readonly thresholdBytes: number; readonly excessBytes: number } | null;
}

export interface DomainFacts {
  /** Ids of the devices that QEMU had at the last look; null before it. */
  readonly plugged: readonly string[] | null;
  /** What the guest has, virtio-mem and all; null until it is known. */
  readonly balloonKiB: number | null;
  /** By alias of the memory device. */
  readonly memoryKiB: Readonly<Record<string, number>>;
  /** By alias of the disk. */
  readonly trays: Readonly<Record<string, 'open' | 'closed'>>;
  /** By alias of the channel. */
  readonly channels: Readonly<Record<string, 'connected' | 'disconnected'>>;
  /** By the QEMU job's id. */
  readonly jobs: Readonly<Record<string, QemuJobFacts>>;
  /** By block node. */
  readonly thresholds: Readonly<Record<string, ThresholdFacts>>;
  /** By alias of the NIC. */
  readonly nics: Readonly<Record<string, NicFacts>>;
  /** Addresses that were added on the host for its RDMA devices, by interface. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly clients: readonly GraphicsClient[];
  /** What the guest said of its last panic; null if it said nothing. */
  readonly panic: QemuEventData<'GUEST_PANICKED'>['info'];
  readonly migration: {
    readonly status: QemuEventData<'MIGRATION'>['status'] | null;
    readonly pass: number | null;
  } | null;
  readonly dump: {
    readonly status: 'completed' | 'failed';
    readonly error: string | null;
    readonly completedBytes: number | null;
    readonly totalBytes: number | null;
  } | null;
  /** The guest's clock against UTC's, in seconds, since QEMU started; null until the guest set it. */
  readonly rtcOffsetSeconds: number | null;
}

export const noFacts: DomainFacts = {
  plugged: null,
  balloonKiB: null,
  memoryKiB: {},
  trays: {},
  channels: {},
  jobs: {},
  thresholds: {},
  nics: {},
  addresses: {},
  clients: [],
  panic: null,
  migration: null,
  dump: null,
  rtcOffsetSeconds: null,
};

/** What is kept under a name that QEMU chose: `constructor` is a name like any other. */
export const ownOf = <V>(record: Readonly<Record<string, V>>, name: string): V | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

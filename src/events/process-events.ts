/**
 * TABLE 2: process events, the work that a QEMU event leaves for a handler that may wait.
 *
 * A type here must have a handler of the same name in `actors/handlers/`; the compiler asks for it.
 *
 * libvirt 9.0.0 `qemu_domain.h:qemuProcessEventType`, `qemu_driver.c:qemuProcessEventHandler`.
 */

import type { AsyncJobKind, JobKind } from './jobs.ts';
import type { OnCrash } from './policies.ts';
import type { QemuEventData } from './qemu-events.ts';

/** Payload of each process event: plain JSON. */
export interface ProcessEventData {
  /** A QEMU answers, for the first time or again: what does it have? Ours; libvirt `qemu_process.c:qemuProcessRefreshState` */
  attached: Record<string, never>;
  /** A device is gone. libvirt `qemu_driver.c:processDeviceDeletedEvent` */
  deviceDeleted: { readonly alias: string };
  /** The guest runs its crash kernel. libvirt `qemu_driver.c:processGuestCrashloadedEvent` */
  guestCrashloaded: Record<string, never>;
  /** The guest panicked; the policy is the one of that moment. libvirt `qemu_driver.c:processGuestPanicEvent` */
  guestPanic: { readonly onCrash: OnCrash | null; readonly info: QemuEventData<'GUEST_PANICKED'>['info'] };
  /** A QEMU job of somebody else is followed now: what does it work on? Ours; libvirt knows its own jobs */
  jobCreated: { readonly id: string; readonly actor: string };
  /** A QEMU job that is followed concluded; `actor`: which one of this id. libvirt `qemu_driver.c:processJobStatusChangeEvent` */
  jobStatusChange: { readonly id: string; readonly actor: string; readonly reconstructed: boolean };
  /** A virtio-mem device has another size. libvirt `qemu_driver.c:processMemoryDeviceSizeChange` */
  memoryDeviceSizeChange: { readonly alias: string; readonly sizeBytes: number };
  /** The monitor is lost: is the process? libvirt `qemu_driver.c:processMonitorEOFEvent` */
  monitorEof: { readonly attempt: ConnectAttempt };
  /** The nbdkit of a disk ended. libvirt 9.8 `qemu_driver.c:processNbdkitExitedEvent` */
  nbdkitExited: { readonly alias: string };
  /** The passt of a NIC ended. libvirt 9.1 `qemu_driver.c:processNetdevStreamDisconnectedEvent` */
  netdevStreamDisconnected: { readonly netdev: string };
  /** A receive filter changed, or may have. libvirt `qemu_driver.c:processNicRxFilterChangedEvent` */
  nicRxFilterChanged: { readonly alias: string };
  /** The helper for persistent reservations is gone. libvirt `qemu_driver.c:processPRDisconnectEvent` */
  prDisconnect: Record<string, never>;
  /** A guest's RDMA address came or went. libvirt `qemu_driver.c:processRdmaGidStatusChangedEvent` */
  rdmaGidStatusChanged: {
    readonly netdev: string;
    readonly present: boolean;
    readonly subnetPrefix: string;
    readonly interfaceId: string;
  };
  /** The guest was reset: what does it have now? libvirt `qemu_driver.c:processResetEvent` */
  reset: Record<string, never>;
  /** A channel was opened or closed. libvirt `qemu_driver.c:processSerialChangedEvent` */
  serialChanged: { readonly alias: string; readonly open: boolean };
  /** The guest is off, and QEMU waits. libvirt `qemu_process.c:qemuProcessShutdownOrReboot` */
  shutdownOrReboot: { readonly action: 'end' | 'reboot' };
  /** A migration completed that nobody waits for. libvirt `qemu_migration.c:qemuMigrationProcessUnattended` */
  unattendedMigration: { readonly job: 'migration-out' | 'migration-in' };
  /** The watchdog asks for a dump. libvirt `qemu_driver.c:processWatchdogEvent` */
  watchdog: { readonly action: 'dump' };
}

export type ProcessEventType = keyof ProcessEventData;

/**
 * What the last connection attempt after an EOF met. `refused` and `missing`: nobody listens; `failed`:
 * anything else, also a peer that accepts but sends no greeting, as while another client holds the monitor.
 */
export type ConnectAttempt = 'refused' | 'missing' | 'failed';

/** A process event as it waits in the domain's queue. */
export type ProcessEvent = {
  [T in ProcessEventType]: { readonly type: T; readonly data: ProcessEventData[T] };
}[ProcessEventType];

/** One row of the table. */
export interface ProcessEventRow<T extends ProcessEventType> {
  readonly summary: string;
  /** The domain job it needs; null runs without one. */
  readonly job: JobKind | AsyncJobKind | null;
  /** Commands without which it cannot do its work: a QEMU that lacks one is not asked. */
  readonly commands: readonly string[];
  /** Events with the same key are one while they wait; null: each stands for itself. */
  readonly coalesceKey: ((data: ProcessEventData[T]) => string) | null;
  /** An operation that waits for the same key gets it instead, and handles it. Null: none does. */
  readonly takeoverKey: ((data: ProcessEventData[T]) => string) | null;
  /** Runs although the monitor is lost, ahead of everything that waits, and beside what runs. */
  readonly overtakes: boolean;
  /** If it is dropped or times out, it is submitted again: QEMU will not send its event a second time. */
  readonly mustRun: boolean;
  readonly timeoutMs: number;
}

/** The takeover key of whoever waits for a device to go. */
export const removalKey = (alias: string): string => `removal:${alias}`;

/** Of whoever waits for a QEMU job to conclude. */
export const jobKey = (id: string): string => `job:${id}`;

const defaults = {
  commands: [],
  coalesceKey: null,
  takeoverKey: null,
  overtakes: false,
  mustRun: true,
  timeoutMs: 30_000,
} as const;

/** Memory is written to a disk: that takes as long as it takes, within reason. */
const DUMP_TIMEOUT_MS = 3_600_000;

/** Longer than its commands together: it decides itself what becomes of a guest that is off. */
const REBOOT_TIMEOUT_MS = 150_000;

export const processEvents: { readonly [T in ProcessEventType]: ProcessEventRow<T> } = {
  attached: {
    ...defaults,
    summary: 'finds devices that were not told, and reads how they are',
    job: 'query',
    coalesceKey: () => '',
  },
  deviceDeleted: {
    ...defaults,
    summary: 'takes the device out of what is known of the domain, and its backend out of QEMU',
    job: 'modify',
    takeoverKey: ({ alias }) => removalKey(alias),
  },
  guestCrashloaded: { ...defaults, summary: 'announces it', job: null },
  guestPanic: {
    ...defaults,
    summary: 'what onCrash asks for; needs control of the QEMU',
    job: 'dump',
    mustRun: false,
    timeoutMs: DUMP_TIMEOUT_MS,
  },
  jobCreated: {
    ...defaults,
    summary: 'finds out which disk a QEMU job works on, and announces it if it is ready by now',
    job: 'query',
    coalesceKey: ({ actor }) => actor,
  },
  jobStatusChange: {
    ...defaults,
    summary: 'finds out how the QEMU job ended, and announces it',
    job: 'modify',
    coalesceKey: ({ actor }) => actor,
    takeoverKey: ({ id }) => jobKey(id),
  },
  memoryDeviceSizeChange: {
    ...defaults,
    summary: 'notes the new size, and announces it',
    job: 'modify',
  },
  monitorEof: {
    ...defaults,
    summary: 'finds out whether the process is gone',
    job: null,
    coalesceKey: () => '',
    overtakes: true,
    mustRun: false,
    timeoutMs: 5_000,
  },
  nbdkitExited: {
    ...defaults,
    mustRun: false,
    summary: 'has nbdkit started again',
    job: 'modify',
    coalesceKey: ({ alias }) => alias,
  },
  netdevStreamDisconnected: {
    ...defaults,
    mustRun: false,
    summary: 'has passt started again',
    job: 'query',
    coalesceKey: ({ netdev }) => netdev,
  },
  nicRxFilterChanged: {
    ...defaults,
    summary: 'asks QEMU for the receive filter and makes the host interface follow it',
    job: 'query',
    commands: ['query-rx-filter'],
    coalesceKey: ({ alias }) => alias,
  },
  prDisconnect: {
    ...defaults,
    mustRun: false,
    summary: 'has the helper for persistent reservations started again',
    job: null,
    coalesceKey: () => '',
  },
  rdmaGidStatusChanged: {
    ...defaults,
    summary: "adds the address to the host's interface, or removes it",
    job: null,
  },
  reset: {
    ...defaults,
    summary: 'reads again how devices are',
    job: 'modify',
    coalesceKey: () => '',
  },
  serialChanged: {
    ...defaults,
    summary: "notes the channel's state; announces it where the guest agent listens",
    job: 'modify-migration-safe',
  },
  shutdownOrReboot: {
    ...defaults,
    summary: 'ends the process, or resets the guest and lets it run; needs control of the QEMU',
    job: 'modify',
    timeoutMs: REBOOT_TIMEOUT_MS,
  },
  unattendedMigration: {
    ...defaults,
    summary: 'ends a migration whose manager is gone',
    job: null,
    mustRun: false,
  },
  watchdog: {
    ...defaults,
    summary: 'dumps the memory and lets the guest run again; needs control of the QEMU',
    job: 'dump',
    mustRun: false,
    timeoutMs: DUMP_TIMEOUT_MS,
  },
};

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

/** Arguments of each domain event, in the words of the constants. */
export interface DomainEventArgs {
  'agent-lifecycle': {
    readonly state: 'connected' | 'disconnected';
    readonly reason: 'unknown' | 'domain-started' | 'channel';
  };
  'control-error': Record<string, never>;
  'device-removed': { readonly alias: string };
  'io-error': IoError;
  'io-error-reason': IoError & { readonly reason: 'enospc' | '' };
  lifecycle: Lifecycle;
  'nic-mac-change': { readonly alias: string; readonly oldMac: string; readonly newMac: string };
  'nic-rx-filter-change': {
    readonly alias: string;
    /** The guest's filter, as QEMU gave it. */
    readonly filter: RxFilter;
    /** Made on the host or, in a dry run, due; in order. */
    readonly changes: readonly HostChange[];
    readonly dryRun: boolean;
  };
  'pm-suspend': Record<string, never>;
  'pm-suspend-disk': Record<string, never>;
  'pm-wakeup': Record<string, never>;
  reboot: Record<string, never>;
  watchdog: { readonly action: (typeof watchdogActions)[number] };
}

export type DomainEventId = keyof DomainEventArgs;

/** One row of the table. */
export interface DomainEventRow {
  readonly summary: string;
  /** libvirt's constant and callback type, or why it is ours alone. */
  readonly source: string;
}

export const domainEvents: Readonly<Record<DomainEventId, DomainEventRow>> = {
  'agent-lifecycle': {
    summary: 'the guest agent channel was connected or disconnected',
    source: 'VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE',
  },
  'control-error': {
    summary: 'the monitor sent something that is not QMP; the connection is made anew',
    source: 'VIR_DOMAIN_EVENT_ID_CONTROL_ERROR',
  },
  'device-removed': { summary: 'a device left the domain', source: 'VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED' },
  'io-error': { summary: 'a disk had an I/O error', source: 'VIR_DOMAIN_EVENT_ID_IO_ERROR' },
  'io-error-reason': {
    summary: 'the same error, with the reason where it is a full disk',
    source: 'VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON',
  },
  lifecycle: { summary: 'the domain changed its state', source: 'VIR_DOMAIN_EVENT_ID_LIFECYCLE' },
  'nic-mac-change': {
    summary: "the guest changed a NIC's MAC",
    source: 'VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE, libvirt 11.2',
  },
  'nic-rx-filter-change': {
    summary: "a guest's receive filter was read, and what it changed on the host",
    source: 'ours alone: the open end of libvirt docs/kbase/internals/qemu-event-handlers.rst',
  },
  'pm-suspend': { summary: 'the guest went to sleep, in memory', source: 'VIR_DOMAIN_EVENT_ID_PMSUSPEND' },
  'pm-suspend-disk': {
    summary: 'the guest went to sleep, on disk',
    source: 'VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK',
  },
  'pm-wakeup': { summary: 'the guest woke up', source: 'VIR_DOMAIN_EVENT_ID_PMWAKEUP' },
  reboot: { summary: 'the guest was reset', source: 'VIR_DOMAIN_EVENT_ID_REBOOT' },
  watchdog: { summary: 'the watchdog expired', source: 'VIR_DOMAIN_EVENT_ID_WATCHDOG' },
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

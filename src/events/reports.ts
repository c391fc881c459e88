/**
 * Reports: what our own doors tell beside libvirt's domain events.
 */
import type { QmpTimestamp } from '../qmp/message.ts';
import type { DomainState } from './domain-state.ts';
import type { HostChange } from './nic.ts';
import type { ProcessEventType } from './process-events.ts';

/** `lost`: no connection. `unresponsive`: connected, but QEMU does not answer. */
export type MonitorState = 'ready' | 'unresponsive' | 'lost';

/**
 * Why something that arrived did nothing. `stale`: of another incarnation. `ignored-in-state`: means nothing
 * in the present state. `coalesced`: the same work waits already. `overflow`: too much waits.
 */
export type DropReason =
  | 'unknown'
  | 'missing-field'
  | 'wrong-type'
  | 'stale'
  | 'ignored-in-state'
  | 'coalesced'
  | 'overflow';

export interface ReportArgs {
  /** The driver let go of the domain, which goes on without us. */
  detached: Record<string, never>;
  /** A QEMU event or process event that did nothing. */
  drop: { readonly reason: DropReason; readonly event: string };
  /** A change of the host's network was made or, in a dry run, is due. */
  host: {
    readonly device: string;
    readonly interface: string;
    readonly change: HostChange;
    readonly dryRun: boolean;
    /** Absent if it was made. */
    readonly error?: string;
  };
  /** A QEMU event as it came, known or not. libvirt `virConnectDomainQemuMonitorEventRegister`. */
  'monitor-event': {
    readonly event: string;
    readonly timestamp: QmpTimestamp | null;
    readonly data: Readonly<Record<string, unknown>> | null;
  };
  /** A process event ended. */
  outcome: {
    readonly type: ProcessEventType;
    readonly status: 'done' | 'ignored' | 'failed';
    readonly why?: string;
  };
  /** State, reason or monitor changed; `attached` at the first contact with an incarnation. */
  state: {
    readonly state: DomainState;
    readonly reason: string;
    readonly active: boolean;
    readonly monitor: MonitorState;
    readonly attached?: true;
    readonly connected?: boolean;
  };
}

export type ReportId = keyof ReportArgs;

export type ReportItem = {
  [I in ReportId]: { readonly type: I; readonly args: ReportArgs[I] };
}[ReportId];

/** What each report tells, for the generated page and for whoever asks which types there are. */
export const reports: Readonly<Record<ReportId, string>> = {
  detached: 'the driver let go of the domain, which goes on without us',
  drop: 'a QEMU event or process event did nothing, and why',
  host: "a change of the host's network was made or, in a dry run, is due",
  'monitor-event': 'a QEMU event as it came, known or not',
  outcome: 'a process event ended',
  state: 'state, reason or monitor changed',
};

/** Which argument names what a report is about: a stream that coalesces keeps the latest of each. */
export const reportSubjects = {
  drop: 'event',
  host: 'device',
  'monitor-event': 'event',
  outcome: 'type',
} as const satisfies { readonly [I in ReportId]?: keyof ReportArgs[I] };

/** What is known about one domain, and the messages that change it: types only. */

import type { DomainDevice } from '../events/devices.ts';
import type { DomainEventItem } from '../events/domain-events.ts';
import type {
  DomainState,
  LifecycleDetail,
  PausedReason,
  RunningReason,
  ShutoffReason,
} from '../events/domain-state.ts';
import type { JobKind } from '../events/jobs.ts';
import type { NicFacts, Outcome } from '../events/outcome.ts';
import type { ConnectAttempt, ProcessEvent } from '../events/process-events.ts';
import type { QemuMachineEvent } from '../events/qemu-events.ts';
import type { MonitorState, ReportItem } from '../events/reports.ts';
import type { Contact } from './monitor-machine.ts';
import type { ProcessEventEnded } from './process-event-machine.ts';

/** One run of one QEMU under a domain. */
export interface Incarnation {
  /** Fresh for each run. */
  readonly uuid: string;
  /** libvirt's small domain id; grows, is not used twice. */
  readonly id: number;
}

export interface DomainInput {
  /** Our key of the domain; effects find by it what belongs to the domain. */
  readonly key: string;
  /** Null: not known, so any alias that QEMU names is believed. */
  readonly devices: readonly DomainDevice[] | null;
  /** Whether it has a monitor that looks for QEMU; without one it is told what happens (a replay). */
  readonly monitored: boolean;
}

/** How a stop that we cause will be announced. */
export interface Ending {
  readonly detail: LifecycleDetail<'stopped'>;
  readonly reason: ShutoffReason;
}

/** A process event that waits, or runs. */
export interface QueuedProcessEvent {
  readonly event: ProcessEvent;
  /** Of the row; null stands for itself. */
  readonly key: string | null;
}

/** What is being done for a domain, and what waits for it. */
export interface DomainWork {
  readonly waiting: readonly QueuedProcessEvent[];
  readonly running: (QueuedProcessEvent & { readonly id: string; readonly incarnation: string }) | null;
  /** Something for a NIC was lost to a full queue: all are read again when it is empty. */
  readonly nicsMissed: boolean;
  /** Number of the last process event. */
  readonly sequence: number;
  /** Operations under way, by their ids. */
  readonly operations: Readonly<Record<string, OperationName>>;
  /** Who holds the domain job, and who waits for it, in order. */
  readonly jobHolder: string | null;
  readonly jobWaiters: readonly string[];
}

/** Not more than 18 members: V8 copies larger objects twenty times slower, and each `assign` copies it. */
export interface DomainContext {
  readonly key: string;
  readonly monitored: boolean;
  readonly devices: readonly DomainDevice[] | null;
  /** Null while inactive. */
  readonly incarnation: Incarnation | null;
  /** An incarnation begins when it is started, or met while active: it then owes one `stopped`. */
  readonly begun: boolean;
  /** Some QEMU was met before: what comes next is a later incarnation, seen from its beginning. */
  readonly met: boolean;
  /** Reason of the present state. */
  readonly reason: string;
  /** The state that is reported while the domain is `stopping`. */
  readonly stoppingFrom: DomainState | null;
  readonly ending: Ending | null;
  readonly monitor: MonitorState;
  /** Slot: why we are about to send `stop`. libvirt `priv->pausedReason` */
  readonly pausedReason: PausedReason | null;
  /** Slot: why we are about to send `cont`. libvirt `priv->runningReason` */
  readonly runningReason: RunningReason | null;
  readonly nics: Readonly<Record<string, NicFacts>>;
  readonly work: DomainWork;
}

/** An operation of the API. libvirt `src/driver-hypervisor.h` */
export type OperationName = 'suspend' | 'resume' | 'destroy';

export type DomainMachineEvent =
  | QemuMachineEvent
  | { readonly type: 'monitor.ready'; readonly contact: Contact }
  | { readonly type: 'monitor.lost'; readonly protocolError: boolean }
  | { readonly type: 'monitor.attemptFailed'; readonly attempt: ConnectAttempt }
  | { readonly type: 'monitor.unresponsive' }
  | { readonly type: 'monitor.responsive' }
  | { readonly type: 'domainJob.requested'; readonly id: string; readonly kind: JobKind }
  | ProcessEventEnded
  | OperationRequested
  | { readonly type: 'operation.canceled'; readonly id: string; readonly why: string }
  /** Our own `stop` or `cont` is about to be sent: the event that it makes has this reason. */
  | { readonly type: 'command.stop'; readonly reason: PausedReason }
  | { readonly type: 'command.cont'; readonly reason: RunningReason }
  /** Its reply came: if no event used the reason, none will. */
  | { readonly type: 'command.settled' }
  | ManagerEvent;

export interface OperationRequested {
  readonly type: 'operation.requested';
  /** Chosen by the caller, `operation#…`. */
  readonly id: string;
  readonly operation: OperationName;
  readonly timeoutMs: number;
}

/** What a manager knows because it does it itself. */
export type ManagerEvent =
  | { readonly type: 'manager.defined'; readonly detail: LifecycleDetail<'defined'> }
  | { readonly type: 'manager.undefined' }
  | { readonly type: 'manager.starting'; readonly incarnation: Incarnation }
  | { readonly type: 'manager.started'; readonly detail: LifecycleDetail<'started'> }
  | { readonly type: 'manager.startFailed' }
  | ({ readonly type: 'manager.stopping' } & Ending);

/** What the machine tells: domain events and reports, each with the incarnation that it belongs to. */
export type DomainEmitted =
  | ((DomainEventItem | ReportItem) & { readonly incarnation: Incarnation | null })
  | OperationEnded;

/** Answers `operation.requested`, exactly once. */
export interface OperationEnded {
  readonly type: 'operation.ended';
  readonly id: string;
  readonly outcome: Outcome;
}

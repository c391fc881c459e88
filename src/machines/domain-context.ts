/** What is known about one domain, and the messages that change it: types only. */

import type { DomainDevice, DomainDevices } from '../events/devices.ts';
import type { DomainEventItem } from '../events/domain-events.ts';
import type {
  DomainState,
  Ending,
  LifecycleDetail,
  PausedReason,
  RunningReason,
} from '../events/domain-state.ts';
import type { DomainFacts } from '../events/facts.ts';
import type { AsyncJobKind, JobKind } from '../events/jobs.ts';
import type { Outcome } from '../events/outcome.ts';
import type { Policies } from '../events/policies.ts';
import type { ConnectAttempt, ProcessEvent } from '../events/process-events.ts';
import type { QemuMachineEvent } from '../events/qemu-events.ts';
import type { JobIntent, OwnJob } from '../events/qemu-jobs.ts';
import type { MonitorState, ReportItem } from '../events/reports.ts';
import type { OperationData, OperationName } from './domain-operations.ts';
import type { Contact } from './monitor-machine.ts';
import type { ProcessEventEnded } from './process-event-machine.ts';
import type { QemuJobTold } from './qemu-job-machine.ts';

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
  readonly devices: DomainDevices;
  /** What is to become of it; nothing where it is only observed. */
  readonly policies: Policies;
  /** Whether it has a monitor that looks for QEMU; without one it is told what happens (a replay). */
  readonly monitored: boolean;
  /** `registered`: a manager says which QEMU jobs are its own, and no others are followed. @defaultValue `all` */
  readonly followedJobs?: FollowedJobs['which'];
}

/** A process event that waits, or runs. */
export interface QueuedProcessEvent {
  readonly event: ProcessEvent;
  /** Of the row; null stands for itself. */
  readonly key: string | null;
}

/** Who holds the domain job, who the async job, and who waits, in order. */
export interface DomainJobs {
  /** Id of a process event or an operation. */
  readonly holder: string | null;
  /** `holder` null: a manager's own, which we only know of. */
  readonly async: { readonly kind: AsyncJobKind; readonly holder: string | null } | null;
  readonly waiters: readonly { readonly id: string; readonly kind: JobKind | AsyncJobKind }[];
}

/** An operation waits for something that it handles itself. */
export interface Takeover {
  /** Its id. */
  readonly operation: string;
  /** Null: nothing yet. `refused`: it will not come, the guest said no. */
  readonly came: ProcessEvent | 'refused' | null;
}

/** What is being done for a domain, and what waits for it. */
export interface DomainWork {
  readonly waiting: readonly QueuedProcessEvent[];
  readonly running: (QueuedProcessEvent & { readonly id: string; readonly incarnation: string }) | null;
  /** Something was lost to a full queue: all is read again when it is empty. */
  readonly missed: boolean;
  /** Number of the last process event. */
  readonly sequence: number;
  /** Operations under way, by their ids. */
  readonly operations: Readonly<Record<string, OperationName>>;
  /** What operations wait for, by the takeover key of Table 2. libvirt `priv->unplug`, `job->synchronous` */
  readonly takeovers: Readonly<Record<string, Takeover>>;
  readonly jobs: DomainJobs;
}

/** A QEMU job that is followed: what users need not know of it. */
export interface FollowedJob {
  /** `qemuJob#N`, the actor of its life. An id that QEMU uses again is another job, with another actor. */
  readonly actor: string;
  /** It became ready; `due`: that is announced when its disk is known. */
  readonly ready: 'no' | 'due' | 'told';
  /** What it works on was asked, or need not be. */
  readonly looked: boolean;
  /** Block nodes of its disk as it began: by what has become of them it is judged if nobody saw its end. */
  readonly nodes: readonly string[];
  /** It is over; `found`: by comparing after a gap. */
  readonly concluded: 'no' | 'heard' | 'found';
  /** Its end was told: it is forgotten when QEMU lets go of it. */
  readonly told: boolean;
  /** It is ours; null if somebody else's. */
  readonly own: (Pick<OwnJob, 'becomes'> & { readonly intent: JobIntent | null }) | null;
}

export interface FollowedJobs {
  readonly which: 'all' | 'registered';
  /** Number of the last actor. */
  readonly sequence: number;
  /** By the QEMU job's id, as `facts.jobs`. */
  readonly byId: Readonly<Record<string, FollowedJob>>;
}

/**
 * A reboot that the guest does not make itself: it powers off, and is reset and let run. `armed`: a power-off is
 * to be a reboot; `rebooting`: it came, and is hidden; `resetting`: the reset came. libvirt `priv->fakeReboot`,
 * `priv->pausedShutdown`.
 */
export type PowerIntent = 'none' | 'armed' | 'rebooting' | 'resetting';

/** Not more than 18 members: V8 copies larger objects twenty times slower, and each `assign` copies it. */
export interface DomainContext {
  readonly key: string;
  readonly monitored: boolean;
  readonly devices: DomainDevices;
  /** Nobody told them: they were found, and QEMU is believed about those that were plugged since. */
  readonly devicesFound: boolean;
  readonly policies: Policies;
  /** Null while inactive. */
  readonly incarnation: Incarnation | null;
  /** An incarnation begins when it is started, or met while active: it then owes one `stopped`. */
  readonly begun: 'no' | 'by-manager' | 'yes';
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
  readonly power: PowerIntent;
  readonly facts: DomainFacts;
  readonly work: DomainWork;
  readonly qemuJobs: FollowedJobs;
}

export type DomainMachineEvent =
  | QemuMachineEvent
  | { readonly type: 'monitor.ready'; readonly contact: Contact }
  | { readonly type: 'monitor.lost'; readonly protocolError: boolean }
  | { readonly type: 'monitor.attemptFailed'; readonly attempt: ConnectAttempt }
  | { readonly type: 'monitor.unresponsive' }
  | { readonly type: 'monitor.responsive' }
  | { readonly type: 'domainJob.requested'; readonly id: string; readonly kind: JobKind | AsyncJobKind }
  | ProcessEventEnded
  | QemuJobTold
  | OperationRequested
  | { readonly type: 'operation.canceled'; readonly id: string; readonly why: string }
  /** An operation waits for what has this takeover key, and handles it itself; until it ends. */
  | { readonly type: 'takeover.begun'; readonly id: string; readonly key: string }
  /** Our own `stop` or `cont` is about to be sent: the event that it makes has this reason. */
  | { readonly type: 'command.stop'; readonly reason: PausedReason }
  | { readonly type: 'command.cont'; readonly reason: RunningReason }
  /** Its reply came: if no event used the reason, none will. */
  | { readonly type: 'command.settled' }
  /** Our own reset, on somebody's word, is about to be sent. */
  | { readonly type: 'command.reset' }
  /** A guest that is asked to power off is to be rebooted then; or, again, not. */
  | { readonly type: 'command.powerdown'; readonly reboot: boolean }
  /** Whoever started a helper program of QEMU says that it ended. */
  | { readonly type: 'service.exited'; readonly service: 'nbdkit'; readonly alias: string }
  | ManagerEvent;

export interface OperationRequested {
  readonly type: 'operation.requested';
  /** Chosen by the caller, `operation#…`. */
  readonly id: string;
  readonly operation: OperationName;
  /** Of the operation of this name. */
  readonly data: OperationData[OperationName];
  readonly timeoutMs: number;
}

/** What a manager knows because it does it itself. */
export type ManagerEvent =
  | { readonly type: 'manager.defined'; readonly detail: LifecycleDetail<'defined'> }
  | { readonly type: 'manager.undefined'; readonly detail: LifecycleDetail<'undefined'> }
  | { readonly type: 'manager.starting'; readonly incarnation: Incarnation }
  /** QEMU is up, and its channels were looked at. */
  | { readonly type: 'manager.channels'; readonly channels: DomainFacts['channels'] }
  | {
      readonly type: 'manager.started';
      readonly detail: LifecycleDetail<'started'>;
      /** It stays paused. */
      readonly paused: {
        readonly reason: PausedReason;
        readonly detail: LifecycleDetail<'suspended'>;
      } | null;
    }
  | { readonly type: 'manager.startFailed' }
  | { readonly type: 'manager.jobBegan'; readonly kind: AsyncJobKind }
  | { readonly type: 'manager.jobEnded' }
  /** It is announced by the manager, and changes no state. */
  | { readonly type: 'manager.announced'; readonly item: DomainEventItem }
  /** What it put in, or changed, itself. An alias that is known is replaced. */
  | { readonly type: 'manager.deviceChanged'; readonly device: DomainDevice; readonly added: boolean }
  | { readonly type: 'manager.thresholdSet'; readonly node: string; readonly indexed: boolean }
  /** It is about to start a QEMU job; null: QEMU refused to. */
  | { readonly type: 'manager.jobRegistered'; readonly id: string; readonly job: OwnJob | null }
  /** What it asks of a job of its own; null: QEMU refused that. */
  | { readonly type: 'manager.jobAsked'; readonly id: string; readonly intent: JobIntent | null }
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

/** How a process event ends, and what it brings home: plain JSON. */
import type { DomainDevice } from './devices.ts';
import type { DomainEventItem } from './domain-events.ts';
import type { DomainState, Ending, Lifecycle } from './domain-state.ts';
import type { DomainFacts, NicFacts } from './facts.ts';
import type { DiskContents, QemuJobFinding } from './qemu-jobs.ts';
import type { ReportItem } from './reports.ts';

/** How one process event ended. Every one of them ends in exactly one outcome. */
export interface Outcome {
  readonly status: 'done' | 'ignored' | 'failed';
  /** Why it was ignored or failed, and what was done if that is worth a word. */
  readonly why?: string;
  /** It failed for want of time: if its row says `mustRun`, it is submitted again. */
  readonly retry?: true;
  /** What became known, for the domain machine. */
  readonly facts?: ProcessEventFacts;
  /** What is to be announced, in order. */
  readonly emits?: readonly (DomainEventItem | ReportItem)[];
}

/** Facts that an outcome brings home. */
export interface ProcessEventFacts {
  /** The process of this incarnation is known to be gone. */
  readonly gone?: true;
  /** QEMU is to be ended, and announced so. */
  readonly end?: Ending;
  /** Devices that left the domain. */
  readonly removedDevices?: readonly string[];
  /** What was seen of a NIC. */
  readonly nic?: { readonly alias: string; readonly seen: NicFacts };
  /** A disk has other contents than before. */
  readonly changedDisk?: DiskContents & { readonly alias: string };
  /** What was found out about QEMU jobs. */
  readonly qemuJobs?: readonly QemuJobFinding[];
  /** All devices, where they had to be found. */
  readonly devices?: readonly DomainDevice[];
  /** What is to be known instead; each member replaces the one before. */
  readonly known?: Partial<DomainFacts>;
  /** Another reason for the state that the domain is in. */
  readonly reason?: { readonly [S in DomainState]?: string };
  /** What is announced of it, by the state that the domain is in. */
  readonly lifecycle?: { readonly [S in DomainState]?: Lifecycle };
  /** A manager's own async job, which nobody attended to any more, is over. */
  readonly managerJobEnded?: true;
  /** A reboot that we make ourselves is through, or failed. */
  readonly rebooted?: true;
}

/** How a process event ends, and what it brings home: plain JSON. */
import type { DomainEventItem } from './domain-events.ts';
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

/** What was last seen of a NIC, inside and on the host. */
export interface NicFacts {
  /** The MAC that the guest uses. */
  readonly mac?: string;
  /** The host's interface, as it was at the first look in this incarnation. */
  readonly interface?: { readonly ifindex: number; readonly kind: string | null };
}

/** Facts that an outcome brings home. */
export interface ProcessEventFacts {
  /** The process of this incarnation is known to be gone. */
  readonly gone?: true;
  /** A device left the domain. */
  readonly removedDevice?: string;
  /** What was seen of a NIC. */
  readonly nic?: { readonly alias: string; readonly seen: NicFacts };
}

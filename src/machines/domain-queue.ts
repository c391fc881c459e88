/** The order of work in a domain: process events one at a time, and one holder of the domain job. Pure. */
import { isNet } from '../events/devices.ts';
import { type ProcessEvent, processEvents } from '../events/process-events.ts';
import type { MonitorState } from '../events/reports.ts';
import type { DomainContext, DomainWork, QueuedProcessEvent } from './domain-context.ts';

/** More process events than this do not wait in one domain; what comes then is counted as `overflow`. */
export const QUEUE_LIMIT = 1000;

export const noWork: DomainWork = {
  waiting: [],
  running: null,
  nicsMissed: false,
  sequence: 0,
  operations: {},
  jobHolder: null,
  jobWaiters: [],
};

/** Puts a process event behind the others, or says why it need not wait. */
export function enqueueProcessEvent(
  work: DomainWork,
  event: ProcessEvent,
): { readonly work: DomainWork; readonly dropped: 'coalesced' | 'overflow' | null } {
  const { waiting } = work;
  // The row's key function takes the data of the row's own type; the pair is made together in `event`.
  const row = processEvents[event.type] as {
    coalesceKey: ((data: ProcessEvent['data']) => string) | null;
    overtakes: boolean;
    mustRun: boolean;
  };
  const key = row.coalesceKey?.(event.data) ?? null;
  const isSame = (other: QueuedProcessEvent) => other.event.type === event.type && other.key === key;
  if (key !== null && waiting.some(isSame)) return { work, dropped: 'coalesced' };
  if (waiting.length >= QUEUE_LIMIT && !row.overtakes)
    return { work: { ...work, nicsMissed: work.nicsMissed || row.mustRun }, dropped: 'overflow' };
  const queued: QueuedProcessEvent = { event, key };
  return {
    work: { ...work, waiting: row.overtakes ? [queued, ...waiting] : [...waiting, queued] },
    dropped: null,
  };
}

/**
 * The process event whose turn it is. While the monitor does not answer, only those run that need no QEMU:
 * the others wait for it, in order.
 */
export function nextProcessEvent(
  { running, waiting }: DomainWork,
  monitor: MonitorState,
): QueuedProcessEvent | undefined {
  if (running !== null) return undefined;
  const first = waiting[0];
  if (first === undefined) return undefined;
  return monitor === 'ready' || processEvents[first.event.type].overtakes ? first : undefined;
}

/** A look at every NIC that follows its guest: at attach, after a gap, after a reset. */
export function enqueueAllNics(work: DomainWork, devices: DomainContext['devices']): DomainWork {
  let all = work;
  for (const nic of (devices ?? []).filter(isNet))
    if (nic.trustGuestRxFilters)
      all = enqueueProcessEvent(all, { type: 'nicRxFilterChanged', data: { alias: nic.alias } }).work;
  return all;
}

/** Asks for the job: granted at once if nobody holds it. */
export const requestJob = (work: DomainWork, id: string): DomainWork =>
  work.jobHolder === null ? { ...work, jobHolder: id } : { ...work, jobWaiters: [...work.jobWaiters, id] };

/** Gives the job back, or the wait for it up: the next in order gets it. */
export function releaseJob(work: DomainWork, id: string): DomainWork {
  if (work.jobHolder !== id)
    return { ...work, jobWaiters: work.jobWaiters.filter((waiter) => waiter !== id) };
  const [next = null, ...jobWaiters] = work.jobWaiters;
  return { ...work, jobHolder: next, jobWaiters };
}

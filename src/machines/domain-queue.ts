/** The order of work in a domain: process events one at a time, and one holder of the domain job. Pure. */
import { isNet } from '../events/devices.ts';
import { type ProcessEvent, processEvents } from '../events/process-events.ts';
import type { DomainContext, QueuedProcessEvent } from './domain-context.ts';

/** More process events than this do not wait in one domain; what comes then is counted as `overflow`. */
export const QUEUE_LIMIT = 1000;

type Queue = Pick<DomainContext, 'waiting' | 'nicsMissed'>;

/** Puts a process event behind the others, or says why it need not wait. */
export function enqueueProcessEvent(
  { waiting, nicsMissed }: Queue,
  event: ProcessEvent,
): { readonly queue: Queue; readonly dropped: 'coalesced' | 'overflow' | null } {
  // The row's key function takes the data of the row's own type; the pair is made together in `event`.
  const row = processEvents[event.type] as {
    coalesceKey: ((data: ProcessEvent['data']) => string) | null;
    overtakes: boolean;
    mustRun: boolean;
  };
  const key = row.coalesceKey?.(event.data) ?? null;
  const isSame = (other: QueuedProcessEvent) => other.event.type === event.type && other.key === key;
  if (key !== null && waiting.some(isSame)) return { queue: { waiting, nicsMissed }, dropped: 'coalesced' };
  if (waiting.length >= QUEUE_LIMIT && !row.overtakes)
    return { queue: { waiting, nicsMissed: nicsMissed || row.mustRun }, dropped: 'overflow' };
  const queued: QueuedProcessEvent = { event, key };
  return {
    queue: { waiting: row.overtakes ? [queued, ...waiting] : [...waiting, queued], nicsMissed },
    dropped: null,
  };
}

/**
 * The process event whose turn it is. While the monitor does not answer, only those run that need no QEMU:
 * the others wait for it, in order.
 */
export function nextProcessEvent(
  context: Pick<DomainContext, 'running' | 'waiting' | 'monitor'>,
): QueuedProcessEvent | undefined {
  if (context.running !== null) return undefined;
  const first = context.waiting[0];
  if (first === undefined) return undefined;
  return context.monitor === 'ready' || processEvents[first.event.type].overtakes ? first : undefined;
}

/** A look at every NIC that follows its guest: at attach, after a gap, after a reset. */
export function readAllNics(context: Queue & Pick<DomainContext, 'devices'>): Queue {
  let queue: Queue = { waiting: context.waiting, nicsMissed: context.nicsMissed };
  for (const nic of (context.devices ?? []).filter(isNet))
    if (nic.trustGuestRxFilters)
      queue = enqueueProcessEvent(queue, { type: 'nicRxFilterChanged', data: { alias: nic.alias } }).queue;
  return queue;
}

type Job = Pick<DomainContext, 'jobHolder' | 'jobWaiters'>;

/** Asks for the job: granted at once if nobody holds it. */
export const requestJob = ({ jobHolder, jobWaiters }: Job, id: string): Job =>
  jobHolder === null ? { jobHolder: id, jobWaiters } : { jobHolder, jobWaiters: [...jobWaiters, id] };

/** Gives the job back, or the wait for it up: the next in order gets it. */
export function releaseJob({ jobHolder, jobWaiters }: Job, id: string): Job {
  const others = jobWaiters.filter((waiter) => waiter !== id);
  return jobHolder === id
    ? { jobHolder: others[0] ?? null, jobWaiters: others.slice(1) }
    : { jobHolder, jobWaiters: others };
}

/** The order of work in a domain: process events one at a time, and who holds the domain job. Pure. */
import { isNet } from '../events/devices.ts';
import { type AsyncJobKind, asyncJobs, isAsyncJob, type JobKind } from '../events/jobs.ts';
import { type ProcessEvent, processEvents } from '../events/process-events.ts';
import type { MonitorState } from '../events/reports.ts';
import type { DomainContext, DomainJobs, DomainWork, QueuedProcessEvent } from './domain-context.ts';
import { endTakeovers, takeOver } from './domain-takeovers.ts';

/** More process events than this do not wait in one domain; what comes then is counted as `overflow`. */
export const QUEUE_LIMIT = 1000;

export const noJobs: DomainJobs = { holder: null, async: null, waiters: [] };

export const noWork: DomainWork = {
  waiting: [],
  running: null,
  missed: false,
  sequence: 0,
  operations: {},
  takeovers: {},
  jobs: noJobs,
};

/** Gives a process event to the operation that waits for it, puts it behind the others, or says why it need not wait. */
export function enqueueProcessEvent(
  work: DomainWork,
  event: ProcessEvent,
): { readonly work: DomainWork; readonly dropped: 'coalesced' | 'overflow' | null } {
  const taken = takeOver(work, event);
  if (taken !== null) return taken;
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
    return { work: { ...work, missed: work.missed || row.mustRun }, dropped: 'overflow' };
  const queued: QueuedProcessEvent = { event, key };
  return {
    work: { ...work, waiting: row.overtakes ? [queued, ...waiting] : [...waiting, queued] },
    dropped: null,
  };
}

/**
 * Operations ended: what came for them, and was not handled, waits behind the others. Followed by
 * `startNextProcessEvent`.
 */
export function endOperations(
  work: DomainWork,
  hasEnded: (id: string) => boolean,
  handled: boolean,
): DomainWork {
  const ended = endTakeovers(work, hasEnded, handled);
  const operations = Object.fromEntries(Object.entries(work.operations).filter(([id]) => !hasEnded(id)));
  return ended.left.reduce((now, event) => enqueueProcessEvent(now, event).work, {
    ...ended.work,
    operations,
  });
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
function enqueueAllNics(work: DomainWork, devices: DomainContext['devices']): DomainWork {
  let all = work;
  for (const nic of (devices ?? []).filter(isNet))
    if (nic.trustGuestRxFilters)
      all = enqueueProcessEvent(all, { type: 'nicRxFilterChanged', data: { alias: nic.alias } }).work;
  return all;
}

/**
 * A look at everything: what events tell was missed, or may have been. NICs go first: QEMU is mute about one until
 * it was asked.
 */
export const enqueueLooks = (
  work: DomainWork,
  devices: DomainContext['devices'],
  why: 'attached' | 'reset',
): DomainWork => enqueueProcessEvent(enqueueAllNics(work, devices), { type: why, data: {} }).work;

/** The admission rule of domain jobs. libvirt 9.0.0 `virdomainjob.c:virDomainObjBeginJobInternal`. */
function canHold({ holder, async }: DomainJobs, kind: JobKind | AsyncJobKind): boolean {
  if (holder !== null) return false;
  if (async === null) return true;
  return !isAsyncJob(kind) && (asyncJobs[async.kind] as readonly JobKind[]).includes(kind);
}

const hold = (jobs: DomainJobs, id: string, kind: JobKind | AsyncJobKind): DomainJobs =>
  isAsyncJob(kind) ? { ...jobs, async: { kind, holder: id } } : { ...jobs, holder: id };

/** What became of the jobs, and who holds one now. */
interface Granted {
  readonly jobs: DomainJobs;
  readonly granted: readonly string[];
}

/** All who can, in the order in which they asked. */
function grant(jobs: DomainJobs): Granted {
  const granted: string[] = [];
  let now = { ...jobs, waiters: [] as DomainJobs['waiters'] };
  for (const waiter of jobs.waiters)
    if (canHold(now, waiter.kind)) {
      now = { ...hold(now, waiter.id, waiter.kind), waiters: now.waiters };
      granted.push(waiter.id);
    } else now.waiters = [...now.waiters, waiter];
  return { jobs: now, granted };
}

/** Asks for a job: granted at once if nobody stands in the way. */
export const requestJob = (jobs: DomainJobs, id: string, kind: JobKind | AsyncJobKind): Granted =>
  canHold(jobs, kind)
    ? { jobs: hold(jobs, id, kind), granted: [id] }
    : { jobs: { ...jobs, waiters: [...jobs.waiters, { id, kind }] }, granted: [] };

/** Gives a job back, or the wait for it up: others may get it. */
export const releaseJob = (jobs: DomainJobs, id: string): Granted =>
  grant({
    holder: jobs.holder === id ? null : jobs.holder,
    async: jobs.async?.holder === id ? null : jobs.async,
    waiters: jobs.waiters.filter((waiter) => waiter.id !== id),
  });

/** A manager's own async job begins (its kind), or ends (null). */
export const setManagerJob = (jobs: DomainJobs, kind: AsyncJobKind | null): Granted => {
  // Two never run at once: what a manager says of a second one is not so yet.
  if (kind !== null) return { jobs: { ...jobs, async: jobs.async ?? { kind, holder: null } }, granted: [] };
  return grant({ ...jobs, async: jobs.async?.holder === null ? null : jobs.async });
};

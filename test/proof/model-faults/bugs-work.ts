/** Bugs in the order of work: the queue, the domain job, what an operation takes over. */
import type { PlantedBug } from './planted-bug.ts';

const QUEUE = 'src/machines/domain-queue.ts';
const WORK = 'src/machines/domain-work.ts';
const TAKEOVERS = 'src/machines/domain-takeovers.ts';

export const workBugs: readonly PlantedBug[] = [
  {
    name: 'what comes after a refusal is taken for old news',
    breaks: 'promise 1; libvirt 9.0.0 `qemu_hotplug.c:qemuDomainSignalDeviceRemoval`',
    file: TAKEOVERS,
    from: `if (takeover.came !== null && takeover.came !== 'refused') return`,
    to: 'if (takeover.came !== null) return',
  },
  {
    name: 'an operation that has ended waits for a removal',
    breaks: 'promise 1: an event that arrives is accounted for',
    file: TAKEOVERS,
    from: `  if (work.operations[operation] === undefined) return work;
`,
    to: '',
  },
  {
    name: 'the last to come is the first to run',
    breaks: 'promise 2: the order of arrival',
    file: QUEUE,
    from: '[queued, ...waiting] : [...waiting, queued]',
    to: '[queued, ...waiting] : [queued, ...waiting]',
  },
  {
    name: 'the search for the process waits behind the others',
    breaks: 'design §3a: when dead, `stopped` comes within a second',
    file: QUEUE,
    from: 'row.overtakes ? [queued, ...waiting] : [...waiting, queued]',
    to: '[...waiting, queued]',
  },
  {
    name: 'an async job lets every job in',
    breaks: 'libvirt 9.0.0 `virdomainjob.c:virDomainNestedJobAllowed`',
    file: QUEUE,
    from: 'return !isAsyncJob(kind) && (asyncJobs[async.kind] as readonly JobKind[]).includes(kind);',
    to: 'return !isAsyncJob(kind);',
  },
  {
    name: 'who asked last for the job gets it first',
    breaks: 'libvirt 9.0.0 `virdomainjob.c:virDomainObjBeginJobInternal`: in the order of asking',
    file: QUEUE,
    from: 'for (const waiter of jobs.waiters)',
    to: 'for (const waiter of jobs.waiters.toReversed())',
  },
  {
    name: 'whoever gave up waiting for the job gets it',
    breaks: 'libvirt 9.0.0 `virdomainjob.c:virDomainObjBeginJobInternal`: a waiter that leaves has no job',
    file: QUEUE,
    from: 'waiters: jobs.waiters.filter((waiter) => waiter.id !== id),',
    to: 'waiters: jobs.waiters,',
  },
  {
    name: 'what had no time to run is not tried again',
    breaks: 'promise 1: QEMU does not send its event a second time',
    file: WORK,
    from: 'work: again ? enqueueProcessEvent(idle, running.event).work : idle,',
    to: 'work: idle,',
  },
  {
    name: 'what a full queue lost is not read again',
    breaks: 'promise 7; docs/subscriptions.md "What may be lost"',
    file: QUEUE,
    from: 'missed: work.missed || row.mustRun }',
    to: 'missed: work.missed }',
  },
];

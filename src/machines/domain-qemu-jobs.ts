/**
 * QEMU jobs in a domain: each that is followed has an actor for its life, and this is what comes of what it tells.
 *
 * Rules of this file: pure. That a job is ready is announced at once, or as soon as its disk is known; how it ended
 * is work for a handler. A job is forgotten when its end was told and QEMU let go of it.
 *
 * libvirt 9.0.0: src/qemu/qemu_process.c:qemuProcessHandleJobStatusChange, src/qemu/qemu_blockjob.c
 */
import { enqueueActions } from 'xstate';
import type { DomainState } from '../events/domain-state.ts';
import type { QemuJobFacts } from '../events/facts.ts';
import {
  blockJobEvents,
  blockJobTypeOf,
  diskOfJob,
  type QemuJobFinding,
  type QemuJobStatus,
} from '../events/qemu-jobs.ts';
import type { DomainContext } from './domain-context.ts';
import {
  hasRoomForJob,
  type KnownJob,
  knownJob,
  withDisk,
  withJob,
  withNewJob,
  withoutJob,
  workFor,
} from './domain-followed-jobs.ts';
import { enqueueProcessEvent } from './domain-queue.ts';
import { ignoredEvent } from './domain-setup.ts';
import { domainSetup as domainWorkSetup } from './domain-work.ts';
import type { ProcessEventEnded } from './process-event-machine.ts';
import type { QemuJobTold } from './qemu-job-machine.ts';

const overflow = (context: DomainContext, event: string) => ({
  type: 'drop' as const,
  args: { reason: 'overflow' as const, event },
  incarnation: context.incarnation,
});

/** What QEMU calls one job was another: its end, which nobody heard of yet, as far as it is known. */
const lostEnd = ({ devices }: DomainContext, { facts, followed }: KnownJob) =>
  facts.result === null || followed.told
    ? []
    : blockJobEvents(diskOfJob(devices, facts), facts.type, facts.result, followed.concluded === 'found');

/** A commit that becomes ready is one of an active layer. */
const typeWhenReady = (type: QemuJobFacts['type']): QemuJobFacts['type'] =>
  type === 'commit' ? 'active-commit' : type;

export const domainSetup = domainWorkSetup.extend({
  actions: {
    /** A QEMU job went on; one that is not known is followed, if it may be. Followed by `startNextProcessEvent`. */
    followQemuJob: enqueueActions(({ context, enqueue, event, self }) => {
      if (event.type !== 'qemu.JOB_STATUS_CHANGE') return;
      const { id, status } = event.data;
      const before = knownJob(context, id);
      const isNew = before === undefined || (status === 'created' && before.facts.status !== 'undefined');
      const next = { type: `status.${status}` as const, reconstructed: false };
      if (!isNew) {
        enqueue.assign(withJob(context, id, { facts: { status } }));
        enqueue.sendTo(before.followed.actor, next);
        return;
      }
      const isOver = status === 'null' || status === 'undefined' || status === 'concluded';
      if (context.qemuJobs.which === 'registered' || isOver) {
        enqueue.emit(ignoredEvent(context, event.type));
        return;
      }
      if (before === undefined && !hasRoomForJob(context)) {
        enqueue.emit(overflow(context, 'JOB_STATUS_CHANGE'));
        return;
      }
      if (before !== undefined) {
        for (const item of lostEnd(context, before))
          enqueue.emit({ ...item, incarnation: context.incarnation });
        enqueue.stopChild(before.followed.actor);
      }
      const { tables, actor } = withNewJob(context, id, 'undefined', { facts: { status } });
      const { work } = enqueueProcessEvent(context.work, { type: 'jobCreated', data: { id, actor } });
      enqueue.assign({ ...tables, work });
      enqueue.spawnChild('qemuJob', {
        id: actor,
        input: { id, actor, foundAs: 'undefined', domain: self },
      });
      enqueue.sendTo(actor, next);
    }),
    /** QEMU's older events say what kind of job it is, and how it ended. */
    noteBlockJob: enqueueActions(({ context, enqueue, event }) => {
      if (
        event.type !== 'qemu.BLOCK_JOB_READY' &&
        event.type !== 'qemu.BLOCK_JOB_COMPLETED' &&
        event.type !== 'qemu.BLOCK_JOB_CANCELLED'
      )
        return;
      const { device: id, type: kind } = event.data;
      const job = knownJob(context, id);
      if (job === undefined) {
        enqueue.emit(ignoredEvent(context, event.type));
        return;
      }
      const error = event.type === 'qemu.BLOCK_JOB_COMPLETED' ? event.data.error : null;
      const wasReady = job.followed.ready !== 'no';
      const type = job.facts.type ?? (kind === null ? null : blockJobTypeOf(kind, wasReady));
      const noted = { type, error: error ?? job.facts.error };
      const result = error === null ? 'completed' : 'failed';
      enqueue.assign(
        withJob(context, id, {
          facts:
            event.type === 'qemu.BLOCK_JOB_READY'
              ? noted
              : { ...noted, result: event.type === 'qemu.BLOCK_JOB_CANCELLED' ? 'canceled' : result },
        }),
      );
    }),
    /** Where the disk is known; else as soon as it is. */
    announceJobReady: enqueueActions(({ context, enqueue }, told: QemuJobTold) => {
      const job = knownJob(context, told.id, told.actor);
      if (job === undefined) return;
      const type = typeWhenReady(job.facts.type);
      const disk = diskOfJob(context.devices, job.facts);
      const isDue = disk === undefined && !job.followed.looked && job.followed.own === null;
      enqueue.assign(
        withJob(context, told.id, { facts: { type }, followed: { ready: isDue ? 'due' : 'told' } }),
      );
      for (const item of blockJobEvents(disk, type, 'ready', told.reconstructed))
        enqueue.emit({ ...item, incarnation: context.incarnation });
    }),
    /** It is over: a handler finds out how. Followed by `startNextProcessEvent`. */
    submitJobConcluded: enqueueActions(({ context, enqueue }, told: QemuJobTold) => {
      const { id, actor, reconstructed } = told;
      if (knownJob(context, id, actor) === undefined) return;
      const { work, dropped } = enqueueProcessEvent(context.work, {
        type: 'jobStatusChange',
        data: { id, actor, reconstructed },
      });
      enqueue.assign({
        ...withJob(context, id, { followed: { concluded: reconstructed ? 'found' : 'heard' } }),
        work,
      });
      if (dropped === 'overflow') enqueue.emit(overflow(context, 'jobStatusChange'));
    }),
    /** QEMU let go of it: it is forgotten, unless its end is still to be told. */
    forgetJob: enqueueActions(({ context, enqueue }, { id, actor, type }: QemuJobTold) => {
      const job = knownJob(context, id, actor);
      if (job === undefined || (type === 'qemuJob.dismissed' && !job.followed.told)) return;
      enqueue.assign(withoutJob(context, id));
      enqueue.stopChild(actor);
    }),
    registerJob: enqueueActions(({ context, enqueue, event, self }) => {
      if (event.type !== 'manager.jobRegistered') return;
      const { id, job } = event;
      const before = knownJob(context, id);
      if (before !== undefined) enqueue.stopChild(before.followed.actor);
      if (job === null) {
        enqueue.assign(withoutJob(context, id));
        return;
      }
      if (before === undefined && !hasRoomForJob(context)) {
        enqueue.emit(overflow(context, 'manager.jobRegistered'));
        return;
      }
      const { type, disk, becomes } = job;
      const { tables, actor } = withNewJob(context, id, 'undefined', {
        facts: { type, disk },
        followed: { looked: true, own: { becomes, intent: null } },
      });
      enqueue.assign(tables);
      enqueue.spawnChild('qemuJob', {
        id: actor,
        input: { id, actor, foundAs: 'undefined', domain: self },
      });
    }),
    setJobIntent: enqueueActions(({ context, enqueue, event }) => {
      if (event.type !== 'manager.jobAsked') return;
      const own = knownJob(context, event.id)?.followed.own;
      if (own == null) return;
      const { intent } = event;
      enqueue.assign(withJob(context, event.id, { followed: { own: { ...own, intent } } }));
    }),
    /** What an outcome brought home of QEMU jobs and their disks. Followed by `applyOutcome`. */
    applyJobFindings: enqueueActions(
      (
        { context, enqueue, self },
        { ended, state }: { ended: ProcessEventEnded; state: DomainState | null },
      ) => {
        const { work, incarnation } = context;
        if (state === null || work.running?.id !== ended.id || incarnation?.uuid !== ended.incarnation)
          return;
        const { changedDisk, qemuJobs: findings = [] } = ended.outcome.facts ?? {};
        const devices = changedDisk === undefined ? context.devices : withDisk(context.devices, changedDisk);
        let now: DomainContext = { ...context, devices };
        for (const finding of findings) {
          const { tables, emits = [], spawned, stopped, sent } = applied(now, finding);
          now = { ...now, ...tables };
          for (const item of emits) enqueue.emit({ ...item, incarnation });
          if (spawned !== undefined)
            enqueue.spawnChild('qemuJob', { id: spawned.actor, input: { ...spawned, domain: self } });
          if (stopped !== undefined) enqueue.stopChild(stopped);
          if (sent !== undefined)
            enqueue.sendTo(sent.actor, { type: `status.${sent.status}`, reconstructed: true });
        }
        const isLook = work.running.event.type === 'attached' || work.running.event.type === 'reset';
        enqueue.assign({
          devices,
          facts: now.facts,
          qemuJobs: now.qemuJobs,
          work: isLook ? withLostJobs(now) : work,
        });
      },
    ),
    stopQemuJobs: enqueueActions(({ context, enqueue }) => {
      const { byId } = context.qemuJobs;
      for (const { actor } of Object.values(byId)) enqueue.stopChild(actor);
      enqueue.assign({
        qemuJobs: { ...context.qemuJobs, byId: {} },
        facts: { ...context.facts, jobs: {} },
      });
    }),
  },
});

/** What was not done for a job is asked for again: it was lost with the monitor, or to a full queue. */
function withLostJobs(context: DomainContext): DomainContext['work'] {
  let { work } = context;
  for (const id of Object.keys(context.qemuJobs.byId)) {
    const job = knownJob(context, id);
    const due = job === undefined ? null : workFor(id, job);
    if (due !== null) work = enqueueProcessEvent(work, due).work;
  }
  return work;
}

/** What a finding changes. */
interface Applied {
  readonly tables?: Pick<DomainContext, 'facts' | 'qemuJobs'>;
  readonly emits?: ReturnType<typeof blockJobEvents>;
  readonly spawned?: { readonly id: string; readonly actor: string; readonly foundAs: QemuJobStatus };
  readonly stopped?: string;
  readonly sent?: { readonly actor: string; readonly status: QemuJobStatus };
}

function applied(context: DomainContext, finding: QemuJobFinding): Applied {
  const { id } = finding;
  if (finding.found === 'status') return appliedStatus(context, finding);
  const job = knownJob(context, id, finding.actor);
  if (job === undefined) return {};
  if (finding.found === 'told')
    return job.facts.status === 'null'
      ? { tables: withoutJob(context, id), stopped: finding.actor }
      : { tables: withJob(context, id, { followed: { told: true } }) };

  const wasReady = job.followed.ready !== 'no';
  const found = job.facts.type ?? finding.type;
  const type = wasReady ? typeWhenReady(found) : found;
  const disk = job.facts.disk ?? finding.disk;
  const isDue = job.followed.ready === 'due';
  const device = diskOfJob(context.devices, { disk });
  return {
    tables: withJob(context, id, {
      facts: { type, disk },
      followed: { looked: true, nodes: device?.nodes ?? [], ...(isDue ? { ready: 'told' } : {}) },
    }),
    emits: isDue ? blockJobEvents(device, type, 'ready', false) : [],
  };
}

/** After a gap. What is not so any more by now, QEMU has told itself. */
function appliedStatus(
  context: DomainContext,
  { id, from, status }: Extract<QemuJobFinding, { found: 'status' }>,
): Applied {
  const job = knownJob(context, id);
  if ((job?.facts.status ?? null) !== from) return {};
  if (job !== undefined)
    return {
      tables: withJob(context, id, { facts: { status } }),
      sent: { actor: job.followed.actor, status },
    };
  // One that is over before it was followed is nobody's news.
  if (context.qemuJobs.which === 'registered' || status === 'concluded' || status === 'null') return {};
  if (!hasRoomForJob(context)) return {};
  const { tables, actor } = withNewJob(context, id, status);
  return { tables, spawned: { id, actor, foundAs: status } };
}

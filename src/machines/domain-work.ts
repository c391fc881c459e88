/**
 * The work that a domain's states leave to others: process events, operations, and the domain job.
 *
 * Rules of this file: pure. One process event runs at a time; each ends in exactly one outcome, told here.
 */
import { assign, enqueueActions } from 'xstate';
import type { DomainState } from '../events/domain-state.ts';
import type { AsyncJobKind, JobKind } from '../events/jobs.ts';
import type { Outcome, ProcessEventFacts } from '../events/outcome.ts';
import { type ProcessEvent, processEvents } from '../events/process-events.ts';
import type { DomainContext } from './domain-context.ts';
import { factsWithout } from './domain-devices.ts';
import { operationJobs } from './domain-operations.ts';
import {
  endOperations,
  enqueueLooks,
  enqueueProcessEvent,
  nextProcessEvent,
  noJobs,
  releaseJob,
  requestJob,
  setManagerJob,
} from './domain-queue.ts';
import { domainStatesSetup, ignoredEvent } from './domain-setup.ts';
import { submissionOf } from './domain-submissions.ts';
import { beginTakeover } from './domain-takeovers.ts';
import type { ProcessEventEnded } from './process-event-machine.ts';

/** `quit`, and the signals after it. */
const END_TIMEOUT_MS = 60_000;

const jobGranted = (context: DomainContext) => ({
  type: 'domainJob.granted' as const,
  incarnation: context.incarnation?.uuid ?? '',
});

const droppedWork = (context: DomainContext, event: string, reason: 'coalesced' | 'overflow') => ({
  type: 'drop' as const,
  args: { reason, event },
  incarnation: context.incarnation,
});

export const domainSetup = domainStatesSetup.extend({
  actions: {
    /** Null: there is nothing to do. Followed by `startNextProcessEvent`. */
    submitProcessEvent: enqueueActions(({ context, enqueue }, event: ProcessEvent | null) => {
      if (event === null) return;
      const { work, dropped } = enqueueProcessEvent(context.work, event);
      enqueue.assign({ work });
      if (dropped !== null) enqueue.emit(droppedWork(context, event.type, dropped));
    }),
    /** What the QEMU event leaves for a handler. Followed by `startNextProcessEvent`. */
    submitWork: enqueueActions(({ context, enqueue, event }) => {
      if (!('data' in event)) return;
      const made = submissionOf(event);
      if (made === null) {
        enqueue.emit(ignoredEvent(context, event.type));
        return;
      }
      const { work, dropped } = enqueueProcessEvent(context.work, made);
      enqueue.assign({ work });
      if (dropped !== null) enqueue.emit(droppedWork(context, made.type, dropped));
    }),
    /** A look at everything. Followed by `startNextProcessEvent`. */
    submitLooks: assign({
      work: ({ context }, { why }: { why: 'attached' | 'reset' }) =>
        enqueueLooks(context.work, context.devices, why),
    }),
    startNextProcessEvent: enqueueActions(({ context, enqueue, self }) => {
      const { work } = context;
      const next = nextProcessEvent(work, context.monitor);
      if (next === undefined || context.incarnation === null) return;
      const { type, data } = next.event;
      const sequence = work.sequence + 1;
      const id = `processEvent#${sequence}`;
      const incarnation = context.incarnation.uuid;
      enqueue.assign({
        work: { ...work, sequence, running: { ...next, id, incarnation }, waiting: work.waiting.slice(1) },
      });
      const { job, timeoutMs } = processEvents[type];
      enqueue.spawnChild('processEvent', {
        id,
        input: { id, type, data, incarnation, job, timeoutMs, domain: self },
      });
    }),
    /**
     * Nothing more is started for this domain by anything that holds a lease: it is stopped in this step, and
     * ends as ignored. Only what finds out whether the process is gone, and a destroy, go on. A reboot of ours
     * that had begun hides nothing any more.
     */
    revokeLeases: enqueueActions(({ context, enqueue }, { why }: { why: string }) => {
      const { work, incarnation, power } = context;
      const { running, operations } = work;
      const revoked = running !== null && !processEvents[running.event.type].overtakes;
      if (revoked) {
        enqueue.stopChild(running.id);
        enqueue.emit({
          type: 'outcome',
          args: { type: running.event.type, status: 'ignored', why },
          incarnation,
        });
      }
      const hasEnded = (id: string) => operations[id] !== 'destroy';
      for (const id of Object.keys(operations).filter(hasEnded)) {
        enqueue.stopChild(id);
        enqueue.emit({ type: 'operation.ended', id, outcome: { status: 'ignored', why } });
      }
      // Neither of those that go on has a job; a manager's own job is not ours to end.
      const { async } = work.jobs;
      enqueue.assign({
        power: power === 'armed' ? 'armed' : 'none',
        work: {
          ...endOperations(work, hasEnded, false),
          running: revoked ? null : running,
          jobs: { ...noJobs, async: async?.holder === null ? async : null },
        },
      });
    }),
    /** What still waits ends too, each with its outcome. */
    flushProcessEvents: enqueueActions(({ context, enqueue }) => {
      for (const { event } of context.work.waiting)
        enqueue.emit({
          type: 'outcome',
          args: { type: event.type, status: 'ignored', why: 'domain gone' },
          incarnation: context.incarnation,
        });
      enqueue.assign({ work: { ...context.work, waiting: [], missed: false } });
    }),
    /**
     * `state`: what the domain is; null if no outcome counts any more. Followed by `releaseJob` and
     * `startNextProcessEvent`.
     */
    applyOutcome: enqueueActions(
      ({ context, enqueue }, { ended, state }: { ended: ProcessEventEnded; state: DomainState | null }) => {
        enqueue.stopChild(ended.id);
        const { work } = context;
        const { running } = work;
        const current = state !== null && context.incarnation?.uuid === ended.incarnation;
        if (running?.id !== ended.id) {
          // It was ended before: what it waited for was given back, and must not be handled twice.
          if (work.operations[ended.id] === undefined) return;
          const { facts, emits = [] } = current ? ended.outcome : {};
          const handled = current && ended.outcome.status === 'done';
          enqueue.assign({
            work: endOperations(work, (id) => id === ended.id, handled),
            ...(facts === undefined || state === null ? {} : withFacts(context, facts, state)),
          });
          for (const item of emits) enqueue.emit({ ...item, incarnation: context.incarnation });
          enqueue.emit({ type: 'operation.ended', id: ended.id, outcome: ended.outcome });
          return;
        }
        const outcome: Outcome =
          current || ended.outcome.status !== 'done'
            ? ended.outcome
            : { status: 'ignored', why: 'domain gone' };
        const { status, why } = outcome;
        const { facts, emits = [] } = current ? outcome : {};
        const again = current && outcome.retry === true && processEvents[running.event.type].mustRun;
        const { jobs } = work;
        const async = facts?.managerJobEnded === true && jobs.async?.holder === null ? null : jobs.async;
        const idle = { ...work, running: null, jobs: { ...jobs, async } };
        enqueue.assign({
          work: again ? enqueueProcessEvent(idle, running.event).work : idle,
          ...(facts === undefined || state === null ? {} : withFacts(context, facts, state)),
        });
        const { incarnation } = context;
        const lifecycle = state === null ? undefined : facts?.lifecycle?.[state];
        if (lifecycle !== undefined) enqueue.emit({ type: 'lifecycle', args: lifecycle, incarnation });
        for (const item of emits) enqueue.emit({ ...item, incarnation });
        enqueue.emit({
          type: 'outcome',
          args: { type: running.event.type, status, ...(why === undefined ? {} : { why }) },
          incarnation,
        });
      },
    ),
    /** The full queue that lost something is empty again. Followed by `startNextProcessEvent`. */
    submitMissed: enqueueActions(({ context, enqueue }) => {
      const { work, devices } = context;
      if (!work.missed || work.waiting.length > 0) return;
      enqueue.assign({ work: enqueueLooks({ ...work, missed: false }, devices, 'reset') });
    }),

    startOperation: enqueueActions(({ context, enqueue, event, self }) => {
      if (event.type !== 'operation.requested' || context.incarnation === null) return;
      const { id, operation, data, timeoutMs } = event;
      const { work } = context;
      enqueue.assign({ work: { ...work, operations: { ...work.operations, [id]: operation } } });
      enqueue.spawnChild('operation', {
        id,
        input: {
          id,
          type: operation,
          data,
          incarnation: context.incarnation.uuid,
          job: operationJobs[operation],
          timeoutMs,
          domain: self,
        },
      });
    }),
    /** Our own end of QEMU, on a handler's word. */
    startEnd: enqueueActions(({ context, enqueue, self }) => {
      if (context.incarnation === null) return;
      const { work } = context;
      const sequence = work.sequence + 1;
      const id = `operation#end-${sequence}`;
      enqueue.assign({ work: { ...work, sequence, operations: { ...work.operations, [id]: 'destroy' } } });
      enqueue.spawnChild('operation', {
        id,
        input: {
          id,
          type: 'destroy',
          data: {},
          incarnation: context.incarnation.uuid,
          job: null,
          timeoutMs: END_TIMEOUT_MS,
          domain: self,
        },
      });
    }),
    refuseOperation: enqueueActions(({ enqueue, event }, params: { why: string }) => {
      if (event.type !== 'operation.requested') return;
      enqueue.emit({
        type: 'operation.ended',
        id: event.id,
        outcome: { status: 'ignored', why: params.why },
      });
    }),
    /** What has this key is the operation's, until it ends. */
    beginTakeover: assign({
      work: ({ context }, { id, key }: { id: string; key: string }) => beginTakeover(context.work, id, key),
    }),
    /** Followed by `releaseJob` and `startNextProcessEvent`. */
    cancelOperation: enqueueActions(({ context, enqueue }, { id, why }: { id: string; why: string }) => {
      if (context.work.operations[id] === undefined) return;
      enqueue.stopChild(id);
      enqueue.assign({ work: endOperations(context.work, (other) => other === id, false) });
      enqueue.emit({ type: 'operation.ended', id, outcome: { status: 'ignored', why } });
    }),
    requestJob: enqueueActions(
      ({ context, enqueue }, { id, kind }: { id: string; kind: JobKind | AsyncJobKind }) => {
        // Its request may have crossed with its end.
        const { work } = context;
        if (work.running?.id !== id && work.operations[id] === undefined) return;
        const { jobs, granted } = requestJob(work.jobs, id, kind);
        enqueue.assign({ work: { ...work, jobs } });
        for (const holder of granted) enqueue.sendTo(holder, jobGranted(context));
      },
    ),
    releaseJob: enqueueActions(({ context, enqueue }, { id }: { id: string }) => {
      const { jobs, granted } = releaseJob(context.work.jobs, id);
      enqueue.assign({ work: { ...context.work, jobs } });
      for (const holder of granted) enqueue.sendTo(holder, jobGranted(context));
    }),
    /** A manager's own async job begins, or ends. */
    setManagerJob: enqueueActions(({ context, enqueue }, { kind }: { kind: AsyncJobKind | null }) => {
      const { jobs, granted } = setManagerJob(context.work.jobs, kind);
      enqueue.assign({ work: { ...context.work, jobs } });
      if (kind !== null) enqueue.assign({ facts: { ...context.facts, migration: null } });
      for (const holder of granted) enqueue.sendTo(holder, jobGranted(context));
    }),
  },
});

/** What an outcome brought home. */
function withFacts(
  context: DomainContext,
  facts: ProcessEventFacts,
  state: DomainState,
): Partial<DomainContext> {
  const { removedDevices = [], devices = context.devices, nic, known, rebooted } = facts;
  let before = context.facts;
  for (const alias of removedDevices) before = factsWithout(before, context.devices, alias);
  const { nics } = before;
  return {
    devicesFound: context.devicesFound || facts.devices !== undefined,
    devices: devices?.filter(({ alias }) => alias === null || !removedDevices.includes(alias)) ?? null,
    facts: {
      ...before,
      ...known,
      ...(nic === undefined ? {} : { nics: { ...nics, [nic.alias]: { ...nics[nic.alias], ...nic.seen } } }),
    },
    reason: facts.reason?.[state] ?? context.reason,
    power: rebooted === true ? 'none' : context.power,
  };
}

/**
 * The work that a domain's states leave to others: process events, operations, and the domain job.
 *
 * Rules of this file: pure. One process event runs at a time; each ends in exactly one outcome, told here.
 */
import { assign, enqueueActions } from 'xstate';
import type { Outcome, ProcessEventFacts } from '../events/outcome.ts';
import { type ProcessEvent, processEvents } from '../events/process-events.ts';
import type { DomainContext, OperationName } from './domain-context.ts';
import {
  enqueueAllNics,
  enqueueProcessEvent,
  nextProcessEvent,
  releaseJob,
  requestJob,
} from './domain-queue.ts';
import { domainStatesSetup } from './domain-setup.ts';
import type { ProcessEventEnded } from './process-event-machine.ts';

const jobGranted = (context: DomainContext) => ({
  type: 'domainJob.granted' as const,
  incarnation: context.incarnation?.uuid ?? '',
});

export const domainSetup = domainStatesSetup.extend({
  actions: {
    /** Followed by `startNextProcessEvent`. */
    submitProcessEvent: enqueueActions(({ context, enqueue }, event: ProcessEvent) => {
      const { work, dropped } = enqueueProcessEvent(context.work, event);
      enqueue.assign({ work });
      if (dropped === null) return;
      enqueue.emit({
        type: 'drop',
        args: { reason: dropped, event: event.type },
        incarnation: context.incarnation,
      });
    }),
    /** Followed by `startNextProcessEvent`. */
    submitAllNics: assign({ work: ({ context }) => enqueueAllNics(context.work, context.devices) }),
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
     * ends as ignored. Only what finds out whether the process is gone, and a destroy, go on.
     */
    revokeLeases: enqueueActions(({ context, enqueue }, { why }: { why: string }) => {
      const { work, incarnation } = context;
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
      const kept: Record<string, OperationName> = {};
      for (const [id, operation] of Object.entries(operations)) {
        if (operation === 'destroy') kept[id] = operation;
        else {
          enqueue.stopChild(id);
          enqueue.emit({ type: 'operation.ended', id, outcome: { status: 'ignored', why } });
        }
      }
      // Neither of those that go on has a job.
      enqueue.assign({
        work: {
          ...work,
          running: revoked ? null : running,
          operations: kept,
          jobHolder: null,
          jobWaiters: [],
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
      enqueue.assign({ work: { ...context.work, waiting: [], nicsMissed: false } });
    }),
    /** Followed by `releaseJob` and `startNextProcessEvent`. */
    applyOutcome: enqueueActions(
      ({ context, enqueue }, { ended, active }: { ended: ProcessEventEnded; active: boolean }) => {
        enqueue.stopChild(ended.id);
        const { work } = context;
        const { running } = work;
        if (running?.id !== ended.id) {
          const { [ended.id]: operation, ...operations } = work.operations;
          enqueue.assign({ work: { ...work, operations } });
          if (operation !== undefined)
            enqueue.emit({ type: 'operation.ended', id: ended.id, outcome: ended.outcome });
          return;
        }
        const current = active && context.incarnation?.uuid === ended.incarnation;
        const outcome: Outcome =
          current || ended.outcome.status !== 'done'
            ? ended.outcome
            : { status: 'ignored', why: 'domain gone' };
        const { status, why } = outcome;
        const { facts, emits = [] } = current ? outcome : {};
        const again = current && outcome.retry === true && processEvents[running.event.type].mustRun;
        const idle = { ...work, running: null };
        enqueue.assign({
          work: again ? enqueueProcessEvent(idle, running.event).work : idle,
          ...(facts === undefined ? {} : withFacts(context, facts)),
        });
        const { incarnation } = context;
        for (const item of emits) enqueue.emit({ ...item, incarnation });
        enqueue.emit({
          type: 'outcome',
          args: { type: running.event.type, status, ...(why === undefined ? {} : { why }) },
          incarnation,
        });
      },
    ),
    /** The full queue that lost something for a NIC is empty again. Followed by `startNextProcessEvent`. */
    submitMissedNics: enqueueActions(({ context, enqueue }) => {
      const { work, devices } = context;
      if (!work.nicsMissed || work.waiting.length > 0) return;
      enqueue.assign({ work: enqueueAllNics({ ...work, nicsMissed: false }, devices) });
    }),

    startOperation: enqueueActions(({ context, enqueue, event, self }) => {
      if (event.type !== 'operation.requested' || context.incarnation === null) return;
      const { id, operation, timeoutMs } = event;
      const { work } = context;
      enqueue.assign({ work: { ...work, operations: { ...work.operations, [id]: operation } } });
      enqueue.spawnChild('operation', {
        id,
        input: {
          id,
          type: operation,
          data: {},
          incarnation: context.incarnation.uuid,
          job: operation === 'destroy' ? null : 'modify',
          timeoutMs,
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
    /** Followed by `releaseJob`. */
    cancelOperation: enqueueActions(({ context, enqueue }, { id, why }: { id: string; why: string }) => {
      const { [id]: operation, ...operations } = context.work.operations;
      if (operation === undefined) return;
      enqueue.stopChild(id);
      enqueue.assign({ work: { ...context.work, operations } });
      enqueue.emit({ type: 'operation.ended', id, outcome: { status: 'ignored', why } });
    }),
    requestJob: enqueueActions(({ context, enqueue }, { id }: { id: string }) => {
      // Its request may have crossed with its end.
      const { work } = context;
      if (work.running?.id !== id && work.operations[id] === undefined) return;
      enqueue.assign({ work: requestJob(work, id) });
      if (work.jobHolder === null) enqueue.sendTo(id, jobGranted(context));
    }),
    releaseJob: enqueueActions(({ context, enqueue }, { id }: { id: string }) => {
      const work = releaseJob(context.work, id);
      enqueue.assign({ work });
      if (work.jobHolder !== null && work.jobHolder !== context.work.jobHolder)
        enqueue.sendTo(work.jobHolder, jobGranted(context));
    }),
  },
});

/** What an outcome brought home. */
function withFacts(context: DomainContext, facts: ProcessEventFacts): Partial<DomainContext> {
  return {
    ...(facts.removedDevice === undefined || context.devices === null
      ? {}
      : { devices: context.devices.filter(({ alias }) => alias !== facts.removedDevice) }),
    ...(facts.nic === undefined
      ? {}
      : {
          nics: {
            ...context.nics,
            [facts.nic.alias]: { ...context.nics[facts.nic.alias], ...facts.nic.seen },
          },
        }),
  };
}

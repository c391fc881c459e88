/**
 * The work that a domain's states leave to others: process events, operations, and the domain job.
 *
 * Rules of this file: pure. One process event runs at a time; each ends in exactly one outcome, told here.
 */
import { assign, enqueueActions } from 'xstate';
import {
  type Outcome,
  type ProcessEvent,
  type ProcessEventFacts,
  processEvents,
} from '../events/process-events.ts';
import type { DomainContext, OperationName } from './domain-context.ts';
import {
  enqueueProcessEvent,
  nextProcessEvent,
  readAllNics,
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
      const { queue, dropped } = enqueueProcessEvent(context, event);
      enqueue.assign(queue);
      if (dropped === null) return;
      enqueue.emit({
        type: 'drop',
        args: { reason: dropped, event: event.type },
        incarnation: context.incarnation,
      });
    }),
    /** Followed by `startNextProcessEvent`. */
    submitAllNics: assign(({ context }) => readAllNics(context)),
    startNextProcessEvent: enqueueActions(({ context, enqueue, self }) => {
      const next = nextProcessEvent(context);
      if (next === undefined || context.incarnation === null) return;
      const { type, data } = next.event;
      const sequence = context.sequence + 1;
      const id = `processEvent#${sequence}`;
      const incarnation = context.incarnation.uuid;
      enqueue.assign({ sequence, running: { ...next, id, incarnation }, waiting: context.waiting.slice(1) });
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
      const { running, operations, incarnation } = context;
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
        running: revoked ? null : running,
        operations: kept,
        jobHolder: null,
        jobWaiters: [],
      });
    }),
    /** What still waits ends too, each with its outcome. */
    flushProcessEvents: enqueueActions(({ context, enqueue }) => {
      for (const { event } of context.waiting)
        enqueue.emit({
          type: 'outcome',
          args: { type: event.type, status: 'ignored', why: 'domain gone' },
          incarnation: context.incarnation,
        });
      enqueue.assign({ waiting: [] });
    }),
    /** Followed by `releaseJob` and `startNextProcessEvent`. */
    applyOutcome: enqueueActions(
      ({ context, enqueue }, { ended, active }: { ended: ProcessEventEnded; active: boolean }) => {
        enqueue.stopChild(ended.id);
        const { running } = context;
        if (running?.id !== ended.id) {
          const { [ended.id]: operation, ...operations } = context.operations;
          enqueue.assign({ operations });
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
        enqueue.assign({
          running: null,
          ...(facts === undefined ? {} : withFacts(context, facts)),
          ...(again ? enqueueProcessEvent(context, running.event).queue : {}),
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
    submitMissedNics: assign(({ context }) =>
      context.nicsMissed && context.waiting.length === 0
        ? { ...readAllNics(context), nicsMissed: false }
        : {},
    ),

    startOperation: enqueueActions(({ context, enqueue, event, self }) => {
      if (event.type !== 'operation.requested' || context.incarnation === null) return;
      const { id, operation, timeoutMs } = event;
      enqueue.assign({ operations: { ...context.operations, [id]: operation } });
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
      const { [id]: operation, ...operations } = context.operations;
      if (operation === undefined) return;
      enqueue.stopChild(id);
      enqueue.assign({ operations });
      enqueue.emit({ type: 'operation.ended', id, outcome: { status: 'ignored', why } });
    }),
    requestJob: enqueueActions(({ context, enqueue }, { id }: { id: string }) => {
      // Its request may have crossed with its end.
      if (context.running?.id !== id && context.operations[id] === undefined) return;
      enqueue.assign(requestJob(context, id));
      if (context.jobHolder === null) enqueue.sendTo(id, jobGranted(context));
    }),
    releaseJob: enqueueActions(({ context, enqueue }, { id }: { id: string }) => {
      const job = releaseJob(context, id);
      enqueue.assign(job);
      if (job.jobHolder !== null && job.jobHolder !== context.jobHolder)
        enqueue.sendTo(job.jobHolder, jobGranted(context));
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

/**
 * The life of one process event: job → still active? → run → outcome.
 *
 * An operation of the API lives the same life, so it is the same machine with another handler.
 *
 * Rules of this file: the checks stand here, for all handlers alike; a handler never repeats them. Whatever
 * happens, exactly one `processEvent.ended` goes to the domain, which then stops this actor. A domain that
 * goes inactive stops it at once, wherever it is: that aborts the handler's signal, and the domain itself
 * counts it as ignored.
 *
 * libvirt 9.0.0: src/qemu/qemu_driver.c:qemuProcessEventHandler, src/conf/virdomainjob.c:virDomainObjBeginJob
 */
import { type AnyActorRef, assign, type ErrorActorEvent, sendTo, setup } from 'xstate';
import type { AsyncJobKind, JobKind } from '../events/jobs.ts';
import type { Outcome } from '../events/outcome.ts';
import { unprovidedPromise } from './unprovided.ts';

export interface ProcessEventInput {
  /** `processEvent#N` or `operation#N`; also the name under which it asks for the job. */
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  /** The run of the domain that it belongs to. */
  readonly incarnation: string;
  /** Null runs without a job. */
  readonly job: JobKind | AsyncJobKind | null;
  readonly timeoutMs: number;
  readonly domain: AnyActorRef;
}

export interface ProcessEventContext extends ProcessEventInput {
  readonly outcome: Outcome | null;
}

export interface ProcessEventMachineEvent {
  readonly type: 'domainJob.granted';
  /** The run that the domain is in now. */
  readonly incarnation: string;
}

/** What the domain is told at the end. */
export interface ProcessEventEnded {
  readonly type: 'processEvent.ended';
  readonly id: string;
  readonly incarnation: string;
  readonly outcome: Outcome;
}

/** What a handler is given. */
export type HandlerInput = Pick<ProcessEventInput, 'id' | 'type' | 'data' | 'incarnation' | 'domain'>;

/** The longest wait for the job. libvirt `VIR_JOB_WAIT_TIME`. */
export const JOB_TIMEOUT_MS = 30_000;

const failed = (why: string): Outcome => ({ status: 'failed', why });

const processEventSetup = setup({
  types: {
    input: {} as ProcessEventInput,
    context: {} as ProcessEventContext,
    events: {} as ProcessEventMachineEvent | ErrorActorEvent<unknown, 'handler'>,
  },
  actors: {
    handler: unprovidedPromise<Outcome, HandlerInput>(),
  },
  guards: {
    needsNoJob: ({ context }) => context.job === null,
    isStillActive: ({ context }, params: { incarnation: string }) =>
      params.incarnation === context.incarnation,
  },
  actions: {
    requestJob: sendTo(
      ({ context }) => context.domain,
      ({ context }) => ({ type: 'domainJob.requested', id: context.id, kind: context.job }),
    ),
    keepOutcome: assign({ outcome: (_, outcome: Outcome) => outcome }),
    tellDomain: sendTo(
      ({ context }) => context.domain,
      ({ context }): ProcessEventEnded => ({
        type: 'processEvent.ended',
        id: context.id,
        incarnation: context.incarnation,
        outcome: context.outcome ?? failed('no outcome'),
      }),
    ),
  },
  delays: {
    jobTimeout: ({ context }) => Math.min(JOB_TIMEOUT_MS, context.timeoutMs),
    handlerTimeout: ({ context }) => context.timeoutMs,
  },
});

const submitted = processEventSetup.createStateConfig({
  always: [{ guard: 'needsNoJob', target: 'running' }, { target: 'waitingForJob' }],
});

const waitingForJob = processEventSetup.createStateConfig({
  entry: 'requestJob',
  after: {
    jobTimeout: {
      target: 'ended',
      actions: { type: 'keepOutcome', params: { status: 'failed', why: 'no job in time', retry: true } },
    },
  },
  on: {
    'domainJob.granted': [
      {
        guard: { type: 'isStillActive', params: ({ event }) => ({ incarnation: event.incarnation }) },
        target: 'running',
      },
      {
        target: 'ended',
        actions: { type: 'keepOutcome', params: { status: 'ignored', why: 'domain gone' } },
      },
    ],
  },
});

const running = processEventSetup.createStateConfig({
  invoke: {
    src: 'handler',
    id: 'handler',
    input: ({ context: { id, type, data, incarnation, domain } }) => ({
      id,
      type,
      data,
      incarnation,
      domain,
    }),
    onDone: { target: 'ended', actions: { type: 'keepOutcome', params: ({ event }) => event.output } },
    onError: {
      target: 'ended',
      actions: { type: 'keepOutcome', params: ({ event }) => failed(String(event.error)) },
    },
  },
  after: {
    handlerTimeout: {
      target: 'ended',
      actions: {
        type: 'keepOutcome',
        params: { status: 'failed', why: 'took too long', retry: true },
      },
    },
  },
});

const ended = processEventSetup.createStateConfig({ entry: 'tellDomain' });

export const processEventMachine = processEventSetup.createMachine({
  id: 'processEvent',
  context: ({ input }) => ({ ...input, outcome: null }),
  initial: 'submitted',
  states: { submitted, waitingForJob, running, ended },
});

/**
 * Transitions that several states of the domain machine have alike: how work ends, how a process ends, how a
 * domain is met again.
 */
import type { DomainState, Ending } from '../events/domain-state.ts';
import type { ProcessEvent } from '../events/process-events.ts';
import { type AnnouncedName, announcedNames } from './domain-announcements.ts';
import type { DomainContext, DomainMachineEvent } from './domain-context.ts';
import { foundAs } from './domain-reasons.ts';
import { type SubmittedName, submittedNames } from './domain-submissions.ts';

type Event<T extends DomainMachineEvent['type']> = Extract<DomainMachineEvent, { type: T }>;
export type With<T extends DomainMachineEvent['type']> = { event: Event<T> };

/** The states that QEMU's run state can show. */
export const foundStates = ['running', 'paused', 'pmsuspended', 'crashed', 'shutdown'] as const;

/** Submits a process event made of the QEMU event, if there is one to make, and starts it if nothing else runs. */
export const submit = <T extends DomainMachineEvent['type']>(
  make: (event: Event<T>, context: DomainContext) => ProcessEvent | null,
) =>
  [
    {
      type: 'submitProcessEvent',
      params: ({ event, context }: With<T> & { context: DomainContext }) => make(event, context),
    },
    'startNextProcessEvent',
  ] as const;

/** A process event or operation came to its end. `state` null: its outcome changes nothing any more. */
export const end = (state: DomainState | null) =>
  [
    {
      type: 'applyJobFindings',
      params: ({ event }: With<'processEvent.ended'>) => ({ ended: event, state }),
    },
    {
      type: 'applyOutcome',
      params: ({ event }: With<'processEvent.ended'>) => ({ ended: event, state }),
    },
    { type: 'releaseJob', params: ({ event }: With<'processEvent.ended'>) => ({ id: event.id }) },
    'submitMissed',
    'startNextProcessEvent',
  ] as const;

/** Whoever asked for an operation gave it up. */
export const cancel = [
  { type: 'cancelOperation', params: ({ event }: With<'operation.canceled'>) => event },
  { type: 'releaseJob', params: ({ event }: With<'operation.canceled'>) => ({ id: event.id }) },
  'startNextProcessEvent',
] as const;

/** What a QEMU has and how it is, is read: events may have been missed. */
export const look = (why: 'attached' | 'reset') =>
  [{ type: 'submitLooks', params: { why } }, 'startNextProcessEvent'] as const;

const lookAgain = look('attached');

/** The process is gone: the one `stopped`; every lease, and everything that waits, ends. */
export const gone = (params: { sawShutdown: boolean; reconstructed?: true }) =>
  [
    { type: 'revokeLeases', params: { why: 'domain gone' } },
    'flushProcessEvents',
    { type: 'emitStopped', params },
    'stopQemuJobs',
    { type: 'endIncarnation', params },
  ] as const;

/** QEMU events that change no state; what each announces stands in `domain-announcements.ts`. */
export const announced = Object.fromEntries(
  announcedNames.map((name) => [`qemu.${name}`, { guard: 'isSameIncarnation', actions: 'announce' }]),
) as {
  readonly [N in AnnouncedName as `qemu.${N}`]: {
    readonly guard: 'isSameIncarnation';
    readonly actions: 'announce';
  };
};

/** QEMU events that are work for a handler; which stands in `domain-submissions.ts`. */
export const submitted = Object.fromEntries(
  submittedNames.map((name) => [
    `qemu.${name}`,
    { guard: 'isSameIncarnation', actions: ['submitWork', 'startNextProcessEvent'] },
  ]),
) as {
  readonly [N in SubmittedName as `qemu.${N}`]: {
    readonly guard: 'isSameIncarnation';
    readonly actions: ['submitWork', 'startNextProcessEvent'];
  };
};

/** QEMU jobs, and what the actors of those that are followed tell. */
export const jobs = {
  'qemu.JOB_STATUS_CHANGE': {
    guard: 'isSameIncarnation',
    actions: ['followQemuJob', 'startNextProcessEvent'],
  },
  'qemu.BLOCK_JOB_READY': { guard: 'isSameIncarnation', actions: 'noteBlockJob' },
  'qemu.BLOCK_JOB_COMPLETED': { guard: 'isSameIncarnation', actions: 'noteBlockJob' },
  'qemu.BLOCK_JOB_CANCELLED': { guard: 'isSameIncarnation', actions: 'noteBlockJob' },
  'qemuJob.ready': {
    actions: { type: 'announceJobReady', params: ({ event }: With<'qemuJob.ready'>) => event },
  },
  'qemuJob.concluded': {
    actions: [
      { type: 'submitJobConcluded', params: ({ event }: With<'qemuJob.concluded'>) => event },
      'startNextProcessEvent',
    ],
  },
  'qemuJob.dismissed': {
    actions: { type: 'forgetJob', params: ({ event }: With<'qemuJob.dismissed'>) => event },
  },
  'qemuJob.neverRan': {
    actions: { type: 'forgetJob', params: ({ event }: With<'qemuJob.neverRan'>) => event },
  },
  'manager.jobRegistered': { actions: 'registerJob' },
  'manager.jobAsked': { actions: 'setJobIntent' },
} as const;

/** The end is ours to announce; until then nothing is started for the domain any more. */
export const beginStopping = (state: DomainState) =>
  [
    { type: 'revokeLeases', params: { why: 'domain gone' } },
    'flushProcessEvents',
    { type: 'setStoppingFrom', params: { state } },
  ] as const;

const endAsked = ({ event }: With<'processEvent.ended'>): Ending =>
  event.outcome.facts?.end ?? { detail: 'failed', reason: 'crashed' };

export const contact = ({ event }: With<'monitor.ready'>) => event.contact;

/** What the end of the process, and another look at it, mean in a state. */
export const endsIn = (state: DomainState) => {
  const sawShutdown = state === 'shutdown';
  return {
    'processEvent.ended': [
      { guard: 'saysGone', target: '#domain.shutoff', actions: [...end(state), ...gone({ sawShutdown })] },
      {
        guard: 'asksEnd',
        target: '#domain.stopping',
        actions: [
          ...end(state),
          ...beginStopping(state),
          { type: 'setEnding', params: endAsked },
          'startEnd',
        ],
      },
      { actions: [...end(state)] },
    ],
    'monitor.ready': [
      // After a gap: what QEMU shows now, if it is the same run.
      ...foundStates.map(
        (found) =>
          ({
            guard: {
              type: 'isFoundAs',
              params: ({ event, context }: With<'monitor.ready'> & { context: DomainContext }) => ({
                contact: event.contact,
                same: context.incarnation?.uuid === event.contact.incarnation,
                state: found,
              }),
            },
            ...(found === state ? {} : { target: `#domain.active.${found}` as const }),
            actions: [
              {
                type: 'emitDifference',
                params: ({ event }: With<'monitor.ready'>) => ({
                  found: foundAs(event.contact),
                  from: state,
                }),
              },
              { type: 'setMonitor', params: { monitor: 'ready' } },
              ...lookAgain,
            ],
          }) as const,
      ),
      // Another run: this one ended unseen.
      {
        target: '#domain.shutoff',
        actions: [...gone({ sawShutdown, reconstructed: true }), { type: 'contactAgain', params: contact }],
      },
    ],
    'operation.requested': [
      {
        guard: 'isDestroy',
        target: '#domain.stopping',
        actions: [
          ...beginStopping(state),
          { type: 'setEnding', params: { detail: 'destroyed', reason: 'destroyed' } },
          'startOperation',
        ],
      },
      { actions: 'startOperation' },
    ],
    'manager.stopping': {
      target: '#domain.stopping',
      actions: [
        ...beginStopping(state),
        { type: 'setEnding', params: ({ event }: With<'manager.stopping'>) => event },
      ],
    },
  } as const;
};

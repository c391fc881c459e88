/**
 * Transitions that several states of the domain machine have alike: how work ends, how a process ends, how a
 * domain is met again.
 */
import type { DomainState } from '../events/domain-state.ts';
import type { ProcessEvent } from '../events/process-events.ts';
import type { DomainContext, DomainMachineEvent } from './domain-context.ts';
import { foundAs } from './domain-setup.ts';

type Event<T extends DomainMachineEvent['type']> = Extract<DomainMachineEvent, { type: T }>;
export type With<T extends DomainMachineEvent['type']> = { event: Event<T> };

/** The states that QEMU's run state can show. */
export const foundStates = ['running', 'paused', 'pmsuspended', 'crashed', 'shutdown'] as const;

/** Submits a process event made of the QEMU event, and starts it if nothing else runs. */
export const submit = <T extends DomainMachineEvent['type']>(make: (event: Event<T>) => ProcessEvent) =>
  [
    { type: 'submitProcessEvent', params: ({ event }: With<T>) => make(event) },
    'startNextProcessEvent',
  ] as const;

/** A process event or operation came to its end. `active`: its outcome may still change something. */
export const end = (active: boolean) =>
  [
    {
      type: 'applyOutcome',
      params: ({ event }: With<'processEvent.ended'>) => ({ ended: event, active }),
    },
    { type: 'releaseJob', params: ({ event }: With<'processEvent.ended'>) => ({ id: event.id }) },
    'submitMissedNics',
    'startNextProcessEvent',
  ] as const;

/** Whoever asked for an operation gave it up. */
export const cancel = [
  { type: 'cancelOperation', params: ({ event }: With<'operation.canceled'>) => event },
  { type: 'releaseJob', params: ({ event }: With<'operation.canceled'>) => ({ id: event.id }) },
] as const;

/** The process is gone: the one `stopped`; every lease, and everything that waits, ends. */
export const gone = (params: { sawShutdown: boolean; reconstructed?: true }) =>
  [
    { type: 'revokeLeases', params: { why: 'domain gone' } },
    'flushProcessEvents',
    { type: 'emitStopped', params },
    { type: 'endIncarnation', params },
  ] as const;

/** The end is ours to announce; until then nothing is started for the domain any more. */
export const beginStopping = (state: DomainState) =>
  [
    { type: 'revokeLeases', params: { why: 'domain gone' } },
    'flushProcessEvents',
    { type: 'setStoppingFrom', params: { state } },
  ] as const;

export const contact = ({ event }: With<'monitor.ready'>) => event.contact;

/** What the end of the process, and another look at it, mean in a state. */
export const endsIn = (state: DomainState) => {
  const sawShutdown = state === 'shutdown';
  return {
    'processEvent.ended': [
      { guard: 'saysGone', target: '#domain.shutoff', actions: [...end(true), ...gone({ sawShutdown })] },
      { actions: [...end(true)] },
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
                  found: foundAs(event.contact.runState),
                  from: state,
                }),
              },
              { type: 'setMonitor', params: { monitor: 'ready' } },
              'submitAllNics',
              'startNextProcessEvent',
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

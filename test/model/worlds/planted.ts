/** The domain machine with one race guard taken out: what a careless change could make of it. */
import { assign, createMachine, enqueueActions } from 'xstate';
import type { DomainContext } from '../../../src/machines/domain-context.ts';
import { gone } from '../../../src/machines/domain-transitions.ts';
import { domainMachine } from '../../../src/machines/index.ts';
import type { ProcessEventEnded } from '../../../src/machines/process-event-machine.ts';

type Implementations = Parameters<typeof domainMachine.provide>[0];

/** The guard or the actions are others; they are found by their names. */
const withOthers = (others: object): typeof domainMachine => domainMachine.provide(others as Implementations);

const { actions } = domainMachine.implementations;

export const leaseNotRevoked = withOthers({ actions: { revokeLeases: () => {} } });

export const incarnationNotCompared = withOthers({ guards: { isSameIncarnation: () => true } });

/** The end of the connection is taken for the end of QEMU while we end it. */
export const eofNotIgnoredWhileStopping = (() => {
  const { config } = domainMachine;
  const { stopping } = config.states as Record<string, { readonly on: object }>;
  const on = {
    ...stopping?.on,
    'monitor.lost': { target: 'shutoff', actions: gone({ sawShutdown: false }) },
  };
  const patched = { ...config, states: { ...config.states, stopping: { ...stopping, on } } };
  return createMachine(patched as never).provide(
    domainMachine.implementations as never,
  ) as unknown as typeof domainMachine;
})();

/** Whoever ends is believed, whether or not it was ended before. */
export const outcomeAppliedAfterStop = withOthers({
  actions: {
    applyOutcome: enqueueActions(({ context, enqueue }, { ended }: { ended: ProcessEventEnded }) => {
      const { work } = context as unknown as DomainContext;
      const incarnation = { uuid: ended.incarnation, id: 1 };
      const { [ended.id]: operation, ...operations } = work.operations;
      enqueue.stopChild(ended.id);
      enqueue.assign({
        work: { ...work, running: work.running?.id === ended.id ? null : work.running, operations },
      } as never);
      for (const item of ended.outcome.emits ?? []) enqueue.emit({ ...item, incarnation } as never);
      if (operation !== undefined)
        enqueue.emit({ type: 'operation.ended', id: ended.id, outcome: ended.outcome } as never);
      else
        enqueue.emit({
          type: 'outcome',
          args: { type: work.running?.event.type, status: 'done' },
          incarnation,
        } as never);
    }),
  },
});

/** An action, and after it the job is held by whom it was held before. */
const keepingJob = (name: string) => ({
  [`${name} itself`]: actions[name as keyof typeof actions],
  [name]: enqueueActions(({ context, enqueue }, params: object) => {
    const { jobs } = (context as unknown as DomainContext).work;
    enqueue({ type: `${name} itself`, params } as never);
    enqueue(
      enqueueActions(({ context: after, enqueue: then }) => {
        then.assign({ work: { ...(after as unknown as DomainContext).work, jobs } } as never);
      }) as never,
    );
  }),
});

export const jobNotReleasedOnDeath = withOthers({
  actions: { ...keepingJob('revokeLeases'), ...keepingJob('endIncarnation') },
});

/** Careless changes of other kinds, each of which one more rule finds. */
export const carelessMachines = {
  stoppedNotTold: withOthers({ actions: { emitStopped: () => {} } }),
  ignoredNotCounted: withOthers({ actions: { countIgnored: () => {} } }),
  waitingForgotten: withWork('flushProcessEvents', (work) => ({ ...work, waiting: [] })),
  canceledNotTold: withWork('cancelOperation', (work) => ({ ...work, operations: {} })),
  waitersForgotten: withWork('releaseJob', (work) => ({ ...work, jobs: { ...work.jobs, holder: null } })),
  jobNotHeld: withOthers({
    actions: {
      requestJob: enqueueActions(({ context, enqueue }, { id }: { id: string }) => {
        const { incarnation } = context as unknown as DomainContext;
        enqueue.sendTo(id, { type: 'domainJob.granted', incarnation: incarnation?.uuid } as never);
      }),
    },
  }),
};

/** An action only changes what is under way, and tells nobody. */
function withWork(
  name: string,
  change: (work: DomainContext['work']) => DomainContext['work'],
): typeof domainMachine {
  const action = assign(
    ({ context }) => ({ work: change((context as unknown as DomainContext).work) }) as never,
  );
  return withOthers({ actions: { [name]: action } });
}

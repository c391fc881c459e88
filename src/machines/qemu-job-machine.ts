/**
 * The life of one QEMU job that is followed, in QAPI's words.
 *
 * Rules of this file: QEMU is believed, whatever it says next, as a status may have been missed; but a job that is
 * over does not come back. The domain is told at most once that it is ready, at most once that it concluded, and at
 * most once that QEMU let go of it: a job comes back to `ready` from `standby`, and that is no news. What is told
 * after a gap, as it was found by comparing, is marked `reconstructed`.
 *
 * QEMU 7.2 job.c:JobSTT; libvirt 9.0.0: src/qemu/qemu_blockjob.c:qemuBlockJobEventProcess
 */
import { type AnyActorRef, assign, sendTo, setup } from 'xstate';
import type { QemuJobStatus } from '../events/qemu-jobs.ts';

export interface QemuJobInput {
  /** `qemuJob#N`; the QEMU job's own id is anybody's choice. */
  readonly actor: string;
  /** QEMU's id. */
  readonly id: string;
  /** It was found so, and that is no news; `undefined`: it begins with the first status that comes. */
  readonly foundAs: QemuJobStatus;
  readonly domain: AnyActorRef;
}

export interface QemuJobContext extends QemuJobInput {
  /** It was told, or found, that it is ready. */
  readonly wasReady: boolean;
}

export type QemuJobMachineEvent = {
  readonly [S in QemuJobStatus]: { readonly type: `status.${S}`; readonly reconstructed: boolean };
}[QemuJobStatus];

/** What the domain is told. */
export type QemuJobTold = {
  readonly [W in 'ready' | 'concluded' | 'dismissed' | 'neverRan']: {
    readonly type: `qemuJob.${W}`;
    readonly id: string;
    readonly actor: string;
    readonly reconstructed: boolean;
  };
}['ready' | 'concluded' | 'dismissed' | 'neverRan'];

const qemuJobSetup = setup({
  types: {
    input: {} as QemuJobInput,
    context: {} as QemuJobContext,
    events: {} as QemuJobMachineEvent,
  },
  guards: {
    isFoundAs: ({ context }, { status }: { status: QemuJobStatus }) => context.foundAs === status,
    isFirstReady: ({ context }) => !context.wasReady,
    isSeen: (_, { reconstructed }: { reconstructed: boolean }) => !reconstructed,
  },
  actions: {
    noteReady: assign({ wasReady: true }),
    tellDomain: sendTo(
      ({ context }) => context.domain,
      (
        { context: { id, actor } },
        { type, reconstructed }: { type: QemuJobTold['type']; reconstructed: boolean },
      ): QemuJobTold => ({ type, id, actor, reconstructed }),
    ),
  },
});

const tell = (type: QemuJobTold['type']) =>
  ({
    type: 'tellDomain',
    params: ({ event }: { event: QemuJobMachineEvent }) => ({ type, reconstructed: event.reconstructed }),
  }) as const;

const gone = {
  target: '#qemuJob.null',
  actions: [tell('qemuJob.concluded'), tell('qemuJob.dismissed')],
} as const;

const isSeen = {
  type: 'isSeen',
  params: ({ event }: { event: QemuJobMachineEvent }) => event,
} as const;

/** Of one that is found so, nothing is told. */
const found = (['created', 'running', 'paused', 'waiting', 'pending', 'aborting'] as const).map((status) => ({
  guard: { type: 'isFoundAs' as const, params: { status } },
  target: status,
}));
const foundReady = (['ready', 'standby'] as const).map((status) => ({
  guard: { type: 'isFoundAs' as const, params: { status } },
  target: status,
  actions: 'noteReady' as const,
}));

/** It is not over: each status may come next. */
const working = qemuJobSetup.createStateConfig({
  initial: 'undefined',
  states: {
    /** Known by its id only: it was registered, or its first status is on its way. */
    undefined: { always: [...found, ...foundReady] },
    // The command that made it failed.
    created: {
      on: {
        'status.null': [{ guard: isSeen, target: '#qemuJob.null', actions: tell('qemuJob.neverRan') }, gone],
      },
    },
    running: {},
    paused: {},
    /** It can be completed. */
    ready: {},
    standby: {},
    /** Its work is done: it waits for others. */
    waiting: {},
    /** It waits to be finalized. */
    pending: {},
    /** It failed, or was cancelled. */
    aborting: {},
  },
  on: {
    'status.created': '.created',
    'status.running': '.running',
    'status.paused': '.paused',
    'status.ready': [
      { guard: 'isFirstReady', target: '.ready', actions: ['noteReady', tell('qemuJob.ready')] },
      { target: '.ready' },
    ],
    'status.standby': '.standby',
    'status.waiting': '.waiting',
    'status.pending': '.pending',
    'status.aborting': '.aborting',
    'status.concluded': { target: 'concluded', actions: tell('qemuJob.concluded') },
    'status.null': gone,
  },
});

/** It is over, and its result can be asked for until it is dismissed. */
const concluded = qemuJobSetup.createStateConfig({
  on: { 'status.null': { target: 'null', actions: tell('qemuJob.dismissed') } },
});

export const qemuJobMachine = qemuJobSetup.createMachine({
  id: 'qemuJob',
  context: ({ input }) => ({ ...input, wasReady: false }),
  initial: 'working',
  states: {
    working,
    concluded,
    /** QEMU has no such job any more. The domain stops this actor. */
    null: {},
  },
});

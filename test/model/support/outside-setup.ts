/** The words of the machine of a domain as its user sees it: its guards and actions, by name. */
import { assign, emit, enqueueActions, raise, setup } from 'xstate';
import {
  type CallName,
  type Command,
  commandOf,
  type DomainWord,
  differenceOf,
  endOf,
  foundAs,
  type OutsideContext,
  type OutsideInput,
  type RunWord,
  verdictOn,
} from './outside-words.ts';

/** What QEMU says. */
export type Said =
  | {
      readonly type:
        | 'STOP'
        | 'RESUME'
        | 'RESET'
        | 'PANICKED'
        | 'SUSPEND'
        | 'SUSPEND_DISK'
        | 'WAKEUP'
        | 'TALK';
    }
  | { readonly type: 'SHUTDOWN'; readonly detail: 'guest' | 'host'; readonly ofPanic: boolean }
  | { readonly type: 'WATCHDOG'; readonly action: string }
  | { readonly type: 'IO_ERROR'; readonly action: 'pause' | 'report' };

/** What the regions tell each other beside it. */
export type Raised =
  | Said
  /** The process is gone; `unseen`: another one answers already. */
  | { readonly type: 'GONE'; readonly unseen: boolean }
  /** Another process answers. */
  | { readonly type: 'MET' }
  /** The line is gone; is there again, with the same process. */
  | { readonly type: 'LOST' | 'FOUND' }
  /** A command is carried out. */
  | { readonly type: 'ANSWERED'; readonly error: string | null }
  /** A call: told after all that made it end. */
  | { readonly type: 'ENDED'; readonly name: string; readonly end: string };

/** What comes from outside. */
export type Stimulus =
  | `guest.${'powersOff' | 'reboots' | 'panics' | 'panicsAndRuns' | 'panicsAndEnds' | 'sleeps' | 'sleepsOnDisk' | 'talks'}`
  | `watchdog.${'pauses' | 'resets' | 'expires' | 'powersOff'}`
  | `disk.${'fails' | 'failsAndPauses'}`
  | `other.${'stop' | 'cont' | 'reset' | 'wakeup'}`
  | `host.${'kills' | 'terminates' | 'starts' | 'startsPaused' | 'replaces' | 'freezes' | 'thaws'}`
  | `line.${'breaks' | 'returns' | 'blinks' | 'garbles'}`
  | `call.${CallName | 'destroy' | 'aborted'}`
  | 'qemu.answers'
  | 'destroy.aborted'
  | 'time.passes';

/** Events that do not come from outside. */
export const inside: readonly Raised['type'][] = [
  ...(['STOP', 'RESUME', 'RESET', 'PANICKED', 'SUSPEND', 'SUSPEND_DISK', 'WAKEUP', 'SHUTDOWN'] as const),
  ...(['TALK', 'WATCHDOG', 'IO_ERROR', 'GONE', 'MET', 'LOST', 'FOUND', 'ANSWERED', 'ENDED'] as const),
];

/** A domain event, the state, or the end of a call: as its user is told. */
interface Told {
  readonly type: string;
  readonly [member: string]: unknown;
}

interface Lifecycle {
  readonly event: string;
  readonly detail: string;
  readonly reconstructed?: true;
}

const isIdle = ({ commands, caller, destroying }: OutsideContext): boolean =>
  commands.length === 0 && caller === null && !destroying;

export const outsideSetup = setup({
  types: {
    input: {} as OutsideInput,
    context: {} as OutsideContext,
    events: {} as { readonly type: Stimulus } | Raised,
    emitted: {} as Told,
  },
  guards: {
    isIdle: ({ context }) => isIdle(context),
    isIdleAndReady: ({ context }) => isIdle(context) && context.line === 'ready',
    isActive: ({ context }) => context.state !== 'shutoff',
    isDestroying: ({ context }) => context.destroying,
    isHeldBack: ({ context }) => context.destroying && !context.begun,
    hasBegun: ({ context }) => context.begun,
    holds: ({ context }, command: Command) => context.commands[0] === command,
    holdsSomething: ({ context }) => context.commands.length > 0,
    hasRoom: ({ context }) => context.commands.length < 2,
    /** One call at a time is walked through; what is refused is so at once. */
    isSent: ({ context }, call: CallName) => isIdle(context) && verdictOn(call, context) === 'sent',
    isRefused: ({ context }, call: CallName) =>
      (isIdle(context) || context.destroying) && verdictOn(call, context) !== 'sent',
    outlives: ({ context }) => context.outlives,
    was: ({ context }, state: RunWord) => context.qemu === state,
    isFound: ({ context }, state: DomainWord) => foundAs[context.qemu].state === state,
    isOfPanic: ({ event }) => 'ofPanic' in event && event.ofPanic,
    isPause: ({ event }) => 'action' in event && event.action === 'pause',
  },
  actions: {
    /** Of a QEMU whose line is lost nobody hears. */
    say: enqueueActions(({ context, enqueue }, said: Said) => {
      if (context.line !== 'lost') enqueue.raise(said);
    }),
    die: enqueueActions(({ enqueue }, { unseen }: { unseen: boolean }) => {
      enqueue.assign({ commands: [] });
      enqueue.raise({ type: 'GONE', unseen });
    }),
    meet: raise({ type: 'MET' }),
    lose: raise({ type: 'LOST' }),
    find: raise({ type: 'FOUND' }),
    answer: enqueueActions(({ context, enqueue }, { error }: { error: string | null }) => {
      const [command, ...commands] = context.commands;
      enqueue.assign({ commands });
      if (command !== 'quit') enqueue.raise({ type: 'ANSWERED', error });
    }),
    setQemu: assign({ qemu: (_, qemu: RunWord) => qemu }),
    setLine: assign({ line: (_, line: OutsideContext['line']) => line }),

    tell: emit((_, told: Told) => told),
    tellLifecycle: emit((_, lifecycle: Lifecycle) => ({ type: 'lifecycle', ...lifecycle })),
    /** Of one that never ran nothing is told. */
    tellShutdown: enqueueActions(({ context, enqueue }, { detail }: { detail: 'guest' | 'host' }) => {
      if (context.begun) enqueue.emit({ type: 'lifecycle', event: 'shutdown', detail });
    }),
    /** Told if it is another one than before. */
    setState: enqueueActions(
      ({ context, enqueue }, { state, reason }: { state: DomainWord; reason: string }) => {
        if (state === context.state && reason === context.reason) return;
        enqueue.assign({ state, reason });
        enqueue.emit({ type: 'state', state, reason });
      },
    ),
    begin: assign({ begun: true }),
    useReason: assign({ suspending: false }),
    beginCall: assign({
      caller: (_, call: CallName) => call,
      commands: ({ context }, call) => [...context.commands, commandOf[call]],
      suspending: (_, call) => call === 'suspend',
    }),
    endCall: enqueueActions(({ context, enqueue }, { end }: { end: string }) => {
      enqueue.assign({ caller: null, suspending: false });
      enqueue.raise({ type: 'ENDED', name: context.caller ?? '', end });
    }),
    refuse: emit(({ context }, call: CallName) => ({
      type: 'call',
      name: call,
      end: verdictOn(call, context),
    })),
    beginDestroy: assign({
      destroying: true,
      commands: ({ context }) =>
        context.line === 'lost' ? context.commands : [...context.commands, 'quit' as const],
    }),
    endDestroy: enqueueActions(({ enqueue }, { end }: { end: string }) => {
      enqueue.assign({ destroying: false });
      enqueue.raise({ type: 'ENDED', name: 'destroy', end });
    }),
    /** The one `stopped`, and what it is then. */
    end: enqueueActions(({ context, enqueue }, { unseen }: { unseen: boolean }) => {
      const { detail, reason } = endOf(context);
      if (context.begun)
        enqueue.emit({
          ...{ type: 'lifecycle', event: 'stopped', detail },
          ...(unseen && !context.destroying ? { reconstructed: true } : {}),
        });
      enqueue.assign({ state: 'shutoff', reason, begun: false });
      if (!unseen) enqueue.emit({ type: 'state', state: 'shutoff', reason });
    }),
    /** What a gap left. */
    reconstruct: enqueueActions(({ context, enqueue }) => {
      const { event, detail, reason } = differenceOf(context);
      const { state } = foundAs[context.qemu];
      const begins = !context.begun && state === 'running';
      if (context.begun || begins) enqueue.emit({ type: 'lifecycle', event, detail, reconstructed: true });
      enqueue.assign({ state, reason, begun: context.begun || begins });
      enqueue.emit({ type: 'state', state, reason });
    }),
  },
});

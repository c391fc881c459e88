/**
 * A domain that we control as its user sees it, and the QEMU behind it: what `docs/states.md` promises, and nothing of
 * how it is done.
 *
 * Rules of this file: it is made of none of the library's machines, so what is wrong in them is not right here. Region
 * `qemu` is what QEMU does, and raises what it says (`STOP`, `GONE`, …); `line` is its monitor; `domain` what is made of
 * that; `call` and `destroy` who waits for an answer. What comes from outside (`guest.…`, `other.…`, `host.…`, `line.…`,
 * `call.…`) has no data. QEMU holds each command of a call until `qemu.answers`, so that anything may come in between.
 */
import { and, not } from 'xstate';
import { qemu } from './outside-qemu.ts';
import { outsideSetup, type Raised } from './outside-setup.ts';
import { callNames, type DomainWord, type OutsideContext } from './outside-words.ts';

type Is<T extends Raised['type']> = { readonly event: Extract<Raised, { type: T }> };

const backAtOnce = { actions: ['lose', 'find'] } as const;

const line = outsideSetup.createStateConfig({
  initial: 'ready',
  states: {
    ready: {
      entry: { type: 'setLine', params: 'ready' },
      on: {
        'line.breaks': { target: 'lost', actions: 'lose' },
        'line.blinks': backAtOnce,
        // A QEMU that is at a command greets nobody.
        'line.garbles': {
          guard: not('holdsSomething'),
          actions: [{ type: 'tell', params: { type: 'control-error' } }, ...backAtOnce.actions],
        },
        'host.freezes': { guard: 'isIdle', target: 'unresponsive' },
        GONE: 'lost',
      },
    },
    unresponsive: {
      entry: { type: 'setLine', params: 'unresponsive' },
      on: { 'host.thaws': 'ready', GONE: 'lost' },
    },
    lost: {
      entry: { type: 'setLine', params: 'lost' },
      on: { 'line.returns': { guard: 'isActive', target: 'ready', actions: 'find' }, MET: 'ready' },
    },
  },
});

const become = (state: DomainWord, reason: string) =>
  ({ type: 'setState', params: { state, reason } }) as const;
const lifecycle = (event: string, detail: string) =>
  ({ type: 'tellLifecycle', params: { event, detail } }) as const;
const tell = (type: string) => ({ type: 'tell', params: { type } }) as const;
const inDomain = (state: DomainWord) => `#outside.domain.${state}` as const;

const pause = {
  target: inDomain('paused'),
  actions: [
    lifecycle('suspended', 'paused'),
    {
      type: 'setState',
      params: ({ context }: { context: OutsideContext }) =>
        ({ state: 'paused', reason: context.suspending ? 'user' : 'unknown' }) as const,
    },
    'useReason',
  ],
} as const;

const resume = [
  { guard: 'isHeldBack' },
  {
    guard: 'hasBegun',
    target: inDomain('running'),
    actions: [lifecycle('resumed', 'unpaused'), become('running', 'unpaused')],
  },
  {
    target: inDomain('running'),
    actions: [lifecycle('started', 'booted'), 'begin', become('running', 'booted')],
  },
] as const;

const shutDown = {
  target: inDomain('shutdown'),
  actions: [
    {
      type: 'tellShutdown',
      params: ({ event }: Is<'SHUTDOWN'>) => ({ detail: event.detail }),
    },
    become('shutdown', 'unknown'),
  ],
} as const;

const panic = [
  { guard: 'isDestroying' },
  { target: inDomain('crashed'), actions: [lifecycle('crashed', 'panicked'), become('crashed', 'panicked')] },
] as const;

const tellWatchdog = {
  type: 'tell',
  params: ({ event }: Is<'WATCHDOG'>) => ({ type: 'watchdog', action: event.action }),
} as const;
const tellIoError = {
  type: 'tell',
  params: ({ event }: Is<'IO_ERROR'>) => ({ type: 'io-error', action: event.action }),
} as const;

/** What is so in every state in which there is a QEMU. */
const active = (state: DomainWord) =>
  ({
    GONE: {
      target: inDomain('shutoff'),
      actions: { type: 'end', params: ({ event }: Is<'GONE'>) => ({ unseen: event.unseen }) },
    },
    FOUND: (['running', 'paused', 'pmsuspended', 'crashed', 'shutdown'] as const).map((found) =>
      found === state
        ? { guard: { type: 'isFound' as const, params: found } }
        : {
            guard: { type: 'isFound' as const, params: found },
            target: inDomain(found),
            actions: 'reconstruct' as const,
          },
    ),
    RESET: { actions: tell('reboot') },
    TALK: { actions: [tell('rtc-change'), tell('balloon-change')] },
    SUSPEND: { actions: tell('pm-suspend') },
    SUSPEND_DISK: { actions: tell('pm-suspend-disk') },
    WAKEUP: { actions: tell('pm-wakeup') },
    WATCHDOG: { actions: tellWatchdog },
    IO_ERROR: { actions: tellIoError },
  }) as const;

const runs = outsideSetup.createStateConfig({
  on: {
    ...active('running'),
    STOP: pause,
    SHUTDOWN: shutDown,
    PANICKED: panic,
    SUSPEND: [
      { guard: 'isDestroying', actions: tell('pm-suspend') },
      {
        target: 'pmsuspended',
        actions: [tell('pm-suspend'), lifecycle('pmsuspended', 'memory'), become('pmsuspended', 'unknown')],
      },
    ],
    SUSPEND_DISK: [
      { guard: 'isDestroying', actions: tell('pm-suspend-disk') },
      {
        target: 'pmsuspended',
        actions: [
          tell('pm-suspend-disk'),
          lifecycle('pmsuspended', 'disk'),
          become('pmsuspended', 'unknown'),
        ],
      },
    ],
    WATCHDOG: [
      {
        guard: and(['isPause', not('isDestroying')]),
        target: 'paused',
        actions: [tellWatchdog, lifecycle('suspended', 'watchdog'), become('paused', 'watchdog')],
      },
      { actions: tellWatchdog },
    ],
    IO_ERROR: [
      {
        guard: and(['isPause', not('isDestroying')]),
        target: 'paused',
        actions: [tellIoError, lifecycle('suspended', 'ioerror'), become('paused', 'ioerror')],
      },
      { actions: tellIoError },
    ],
  },
});

const paused = outsideSetup.createStateConfig({
  on: {
    ...active('paused'),
    RESUME: resume,
    SHUTDOWN: shutDown,
    PANICKED: panic,
    STOP: { actions: 'useReason' },
  },
});

const pmsuspended = outsideSetup.createStateConfig({
  on: {
    ...active('pmsuspended'),
    RESUME: resume,
    SHUTDOWN: shutDown,
    PANICKED: panic,
    WAKEUP: [
      { guard: 'isDestroying', actions: tell('pm-wakeup') },
      {
        target: 'running',
        actions: [tell('pm-wakeup'), lifecycle('started', 'wakeup'), 'begin', become('running', 'wakeup')],
      },
    ],
  },
});

const crashed = outsideSetup.createStateConfig({
  on: {
    ...active('crashed'),
    RESUME: resume,
    // QEMU ends because of the panic: it stays a crash.
    SHUTDOWN: [{ guard: and(['isOfPanic', not('isDestroying')]) }, shutDown],
    PANICKED: panic,
    // As soon as it is asked for.
    'call.reset': { guard: 'isIdle', target: 'paused', actions: become('paused', 'crashed') },
  },
});

const shutdown = outsideSetup.createStateConfig({
  on: { ...active('shutdown'), RESUME: [{ guard: 'isDestroying' }, ...resume] },
});

const shutoff = outsideSetup.createStateConfig({
  on: {
    MET: [
      {
        guard: { type: 'isFound', params: 'running' },
        target: 'running',
        actions: [lifecycle('started', 'booted'), 'begin', become('running', 'booted')],
      },
      { target: 'paused', actions: become('paused', 'unknown') },
    ],
  },
});

const domain = outsideSetup.createStateConfig({
  initial: 'running',
  states: { running: runs, paused, pmsuspended, crashed, shutdown, shutoff },
});

const endCall = (end: string) => ({ type: 'endCall', params: { end } }) as const;

const call = outsideSetup.createStateConfig({
  initial: 'none',
  states: {
    none: {
      on: Object.fromEntries(
        callNames.map((name) => [
          `call.${name}`,
          [
            {
              guard: { type: 'isSent' as const, params: name },
              target: 'pending',
              actions: { type: 'beginCall' as const, params: name },
            },
            {
              guard: { type: 'isRefused' as const, params: name },
              actions: { type: 'refuse' as const, params: name },
            },
          ],
        ]),
      ),
    },
    pending: {
      on: {
        ANSWERED: {
          target: 'none',
          actions: {
            type: 'endCall',
            params: ({ event }: Is<'ANSWERED'>) => ({ end: event.error ?? 'done' }),
          },
        },
        'call.aborted': { target: 'none', actions: endCall('aborted') },
        'call.destroy': { target: 'none', actions: endCall('ERR_DOMAIN_INACTIVE') },
        LOST: { target: 'none', actions: endCall('ERR_DOMAIN_INACTIVE') },
        GONE: { target: 'none', actions: endCall('ERR_DOMAIN_INACTIVE') },
      },
    },
  },
});

const destroy = outsideSetup.createStateConfig({
  initial: 'none',
  states: {
    none: {
      on: {
        'call.destroy': [
          { guard: and(['isActive', 'hasRoom']), target: 'pending', actions: 'beginDestroy' },
          {
            guard: not('isActive'),
            actions: { type: 'tell', params: { type: 'call', name: 'destroy', end: 'ERR_DOMAIN_INACTIVE' } },
          },
        ],
      },
    },
    pending: {
      on: {
        'destroy.aborted': { target: 'none', actions: { type: 'endDestroy', params: { end: 'aborted' } } },
        GONE: { target: 'none', actions: { type: 'endDestroy', params: { end: 'done' } } },
      },
    },
  },
});

/** Attached while it runs. */
export const outsideMachine = outsideSetup.createMachine({
  id: 'outside',
  type: 'parallel',
  context: ({ input }) => ({
    ...input,
    qemu: 'running',
    line: 'ready',
    state: 'running',
    reason: 'unknown',
    begun: true,
    destroying: false,
    caller: null,
    commands: [],
    suspending: false,
  }),
  states: { qemu, line, domain, call, destroy },
  on: {
    ENDED: {
      actions: {
        type: 'tell',
        params: ({ event: { name, end } }: Is<'ENDED'>) => ({ type: 'call', name, end }),
      },
    },
  },
});

/** Small machines, each with something that a model must know of XState. */
import {
  type AnyStateMachine,
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  fromCallback,
  fromPromise,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';

const never = fromPromise<string>(() => new Promise(() => {}));
/** Nobody may start it. */
const explosive = fromCallback(() => {
  throw new Error('it was started');
});

const counter = setup({ types: { context: {} as { count: number } } });

export const machines: Readonly<Record<string, AnyStateMachine>> = {
  'a named invoke': setup({ actors: { loader: never } }).createMachine({
    id: 'page',
    initial: 'idle',
    states: {
      idle: { on: { LOAD: 'loading' } },
      loading: {
        invoke: { src: 'loader', id: 'loader', onDone: 'shown', onError: 'failed' },
        on: { CANCEL: 'idle' },
      },
      shown: { type: 'final' },
      failed: { on: { RETRY: 'loading' } },
    },
  }),
  'inline invokes, several, with input': createMachine({
    id: 'pair',
    initial: 'both',
    states: {
      both: {
        invoke: [
          { src: never, input: { of: 'first' }, onDone: 'one' },
          { src: explosive, onError: { target: 'one', actions: emit({ type: 'failed' }) } },
        ],
      },
      one: { on: { AGAIN: 'both' } },
    },
  }),
  'an invoke by a system id, sent to by it': setup({ actors: { explosive } }).createMachine({
    initial: 'on',
    states: {
      on: {
        invoke: { src: 'explosive', id: 'notifier', systemId: 'theNotifier' },
        on: {
          TELL: { actions: sendTo(({ system }) => system.get('theNotifier'), { type: 'NEWS' }) },
          OFF: 'off',
        },
      },
      off: { on: { ON: 'on' } },
    },
  }),
  'spawnChild, sendTo, stopChild': setup({ actors: { explosive } }).createMachine({
    initial: 'none',
    states: {
      none: { on: { START: { target: 'one', actions: spawnChild('explosive', { id: 'worker' }) } } },
      one: {
        on: {
          WORK: { actions: sendTo('worker', { type: 'WORK', amount: 2 }) },
          STOP: { target: 'none', actions: stopChild('worker') },
          'xstate.done.actor.worker': { target: 'none', actions: [stopChild('worker')] },
          'xstate.error.actor.worker': { target: 'failed' },
        },
      },
      failed: { type: 'final' },
    },
  }),
  'spawn in assign, inline logic': createMachine({
    types: { context: {} as { ref: { readonly id: string } | null } },
    context: { ref: null },
    initial: 'none',
    states: {
      none: {
        on: {
          START: {
            target: 'one',
            actions: assign({ ref: ({ spawn }) => spawn(explosive, { id: 'spawned' }) }),
          },
        },
      },
      one: {
        exit: sendTo('spawned', { type: 'BYE' }),
        on: { STOP: { target: 'none', actions: [stopChild('spawned'), assign({ ref: null })] } },
      },
    },
  }),
  'children without an id, and one that its author gave': setup({
    types: { context: {} as { refs: readonly { readonly id: string }[] } },
    actors: { explosive },
  }).createMachine({
    context: ({ spawn }) => ({ refs: [spawn('explosive')] }),
    on: {
      MORE: {
        guard: ({ context }) => context.refs.length < 3,
        actions: assign({ refs: ({ context, spawn }) => [...context.refs, spawn('explosive')] }),
      },
      LESS: {
        guard: ({ context }) => context.refs.length > 1,
        actions: [
          stopChild(({ context }) => context.refs.at(-1)?.id ?? ''),
          assign({ refs: ({ context }) => context.refs.slice(0, -1) }),
        ],
      },
    },
  }),
  'a child that is told goodbye when it is stopped': setup({ actors: { explosive } }).createMachine({
    initial: 'on',
    states: {
      on: {
        invoke: { src: 'explosive', id: 'child' },
        exit: sendTo('child', { type: 'BYE' }),
        on: { OFF: 'off', AGAIN: { target: 'on', reenter: true } },
      },
      off: { on: { ON: 'on' } },
    },
  }),
  'snapshots of a child': setup({ actors: { never } }).createMachine({
    invoke: { src: 'never', id: 'child', onSnapshot: { actions: emit({ type: 'seen' }) } },
  }),
  'after, several of one state': createMachine({
    initial: 'waiting',
    states: {
      waiting: { after: { 1000: 'soon', 5000: 'late' }, on: { POKE: { target: 'waiting', reenter: true } } },
      soon: { after: { 10: 'waiting' } },
      late: {},
    },
  }),
  'after in parallel, of one delay': createMachine({
    type: 'parallel',
    states: {
      left: {
        initial: 'a',
        states: { a: { after: { 100: 'b' } }, b: { on: { BACK: 'a' } } },
      },
      right: {
        initial: 'a',
        states: { a: { after: { 100: 'b' } }, b: { after: { 50: 'a' } } },
      },
    },
  }),
  'events that it sends itself': counter.createMachine({
    context: { count: 0 },
    initial: 'idle',
    states: {
      idle: {
        on: {
          GO: {
            target: 'busy',
            actions: [
              raise({ type: 'NOW' }),
              raise({ type: 'LATER' }, { delay: 30, id: 'later' }),
              sendTo(({ self }) => self, { type: 'SOON' }),
              sendTo(({ self }) => self, { type: 'SLOW' }, { delay: 60, id: 'slow' }),
            ],
          },
        },
      },
      busy: {
        on: {
          NOW: { actions: emit({ type: 'now' }) },
          SOON: { actions: [emit({ type: 'soon' }), sendTo(({ self }) => self, { type: 'NOW' })] },
          LATER: { actions: emit({ type: 'later' }) },
          SLOW: { target: 'idle', actions: cancel('later') },
          STOP: { target: 'idle', actions: [cancel('later'), cancel('slow')] },
        },
      },
    },
  }),
  'one delayed send after the other under one id': createMachine({
    on: {
      ARM: { actions: raise({ type: 'FIRE' }, { delay: 20, id: 'same' }) },
      DISARM: { actions: cancel('same') },
      FIRE: { actions: emit({ type: 'fired' }) },
    },
  }),
  'always, guards, enqueueActions': counter.createMachine({
    context: { count: 0 },
    initial: 'low',
    on: {
      ADD: {
        guard: ({ context }) => context.count < 3,
        actions: enqueueActions(({ context, enqueue, check }) => {
          enqueue.assign({ count: context.count + 1 });
          if (check(() => context.count > 1)) enqueue.emit({ type: 'many' });
        }),
      },
    },
    states: {
      low: { always: { guard: ({ context }) => context.count > 1, target: 'high' } },
      high: {
        entry: emit({ type: 'high' }),
        on: { RESET: { actions: assign({ count: 0 }), target: 'low' } },
      },
    },
  }),
  'deep and shallow history': createMachine({
    initial: 'on',
    states: {
      on: {
        initial: 'a',
        states: {
          a: { on: { NEXT: 'b' } },
          b: {
            initial: 'x',
            states: { x: { on: { NEXT: 'y' } }, y: {} },
          },
          deep: { type: 'history', history: 'deep' },
          shallow: { type: 'history' },
        },
        on: { OFF: 'off' },
      },
      off: { on: { ON: 'on.deep', SHALLOW: 'on.shallow', FRESH: 'on' } },
    },
  }),
  'final states with output': setup({ types: { output: {} as { sum: number } } }).createMachine({
    initial: 'inner',
    output: { sum: 3 },
    states: {
      inner: {
        initial: 'work',
        states: { work: { on: { DONE: 'over' } }, over: { type: 'final', output: { part: 1 } } },
        onDone: { target: 'end', actions: emit({ type: 'inner' }) },
      },
      end: { type: 'final', entry: sendTo(({ self }) => self, { type: 'TOO_LATE' }) },
    },
  }),
  'all regions final': createMachine({
    type: 'parallel',
    states: {
      a: { initial: 'x', states: { x: { on: { A: 'y' } }, y: { type: 'final' } } },
      b: { initial: 'x', states: { x: { on: { B: 'y' } }, y: { type: 'final' } } },
    },
    onDone: { actions: emit({ type: 'all' }) },
  }),
  'wildcards, forbidden and targetless transitions': createMachine({
    initial: 'a',
    on: { '*': { actions: emit({ type: 'any' }) }, 'mouse.*': { actions: emit({ type: 'mouse' }) } },
    states: {
      a: { on: { GO: 'b', STAY: {} } },
      b: { on: { 'mouse.*': 'a', '*': undefined } },
    },
  }),
  'what it tells its parent': createMachine({
    entry: sendParent({ type: 'HELLO', at: 1n }),
    on: {
      TELL: {
        actions: [
          sendParent({ type: 'TOLD' }),
          sendParent({ type: 'LATE' }, { delay: 5 }),
          raise({ type: 'OWN' }, { delay: 7, id: 'own' }),
        ],
      },
      OWN: { actions: emit({ type: 'own' }) },
      HUSH: { actions: cancel('own') },
    },
    after: { 5: { actions: emit({ type: 'after' }) } },
  }),
  'a child that fails, and nobody answers': setup({ actors: { never } }).createMachine({
    initial: 'a',
    states: {
      a: { invoke: { src: 'never', id: 'child', onDone: 'b' }, on: { 'xstate.error.actor.other': 'b' } },
      b: {},
    },
  }),
  'actions that are functions, and would fail': createMachine({
    entry: () => {
      throw new Error('it was called');
    },
    on: {
      GO: {
        actions: function orderPizza() {
          throw new Error('it was called');
        },
      },
    },
  }),
  'done where it starts': createMachine({
    initial: 'end',
    entry: emit({ type: 'begun' }),
    states: { end: { type: 'final', entry: raise({ type: 'LATER' }, { delay: 5 }) } },
  }),
};

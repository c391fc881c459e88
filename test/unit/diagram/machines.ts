/** Small machines that pictures are tried on. */
import { and, assign, createMachine, fromPromise, not, or, raise, setup, stateIn } from 'xstate';

/** One of everything that a machine may have. */
export const everything = setup({
  types: { events: {} as { type: string } },
  actors: { load: fromPromise(async () => 'ok') },
  guards: { isReady: () => true, isLate: () => false, isAtLeast: (_, _params: { of: number }) => true },
  actions: { print: () => {}, note: (_, _params: { what: unknown; by: () => string }) => {} },
  delays: { patience: 500 },
}).createMachine({
  id: 'everything',
  initial: 'idle',
  on: { RESET: { target: '.idle', reenter: true }, 'log.*': { actions: 'print' } },
  states: {
    idle: {
      description: 'Nothing is done.',
      tags: ['quiet', 'first'],
      entry: ['print', { type: 'note', params: { what: 'idle', by: () => 'event' } }],
      exit: [raise({ type: 'LEFT' }), assign({})],
      on: {
        GO: [
          { guard: and(['isReady', or(['isLate', not('isReady')])]), target: 'busy' },
          { guard: { type: 'isAtLeast', params: { of: 3 } }, target: 'busy.upper.far' },
          { guard: stateIn({ busy: 'upper' }), actions: function named() {} },
          { guard: () => true, actions: () => {}, description: 'The last one.' },
        ],
        '*': {},
      },
      after: { 1000: 'busy', patience: 'done' },
    },
    busy: {
      type: 'parallel',
      onDone: 'done',
      invoke: [
        { src: 'load', id: 'loader', onDone: 'done', onError: 'failed', onSnapshot: { actions: 'print' } },
        { src: 'load', onDone: { actions: 'print' } },
      ],
      states: {
        upper: { initial: 'near', states: { near: { always: 'far' }, far: { type: 'final' } } },
        lower: {
          initial: 'one',
          on: { BACK: '.before' },
          states: {
            one: { on: { NEXT: 'v1\\.0' } },
            'v1.0': { type: 'final' },
            before: { type: 'history' },
            earlier: { type: 'history', history: 'deep', target: 'v1\\.0' },
            elsewhere: { type: 'history', target: '#everything.failed' },
          },
        },
      },
    },
    failed: {},
    done: { type: 'final' },
  },
});

/** A lamp with two states in one, and what all formats have a sign for. */
export const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  on: { BREAK: '.broken' },
  states: {
    off: { on: { SWITCH: 'on' } },
    on: {
      initial: 'dim',
      entry: 'light',
      on: { SWITCH: 'off' },
      states: {
        dim: { on: { MORE: { guard: 'isNight', target: 'bright', actions: 'turn up' } } },
        bright: { after: { 5000: 'dim' }, on: { MORE: { actions: 'flicker' } } },
        last: { type: 'history' },
      },
    },
    broken: { type: 'final' },
  },
});

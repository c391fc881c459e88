/**
 * An oven that cooks only while its door is closed.
 *
 * After: W3C, "State Chart XML (SCXML)", appendix with examples, the microwave with parallel regions. A counter in the
 * context, eventless transitions with guards, `In()` as `stateIn`.
 */
import { and, assign, emit, setup, stateIn } from 'xstate';

export const microwave = setup({
  types: {
    context: {} as { readonly cookTime: number; readonly timer: number },
    events: {} as
      | { type: 'turn.on' }
      | { type: 'turn.off' }
      | { type: 'door.open' }
      | { type: 'door.close' }
      | { type: 'time' },
    emitted: {} as { type: 'bell' },
  },
  guards: {
    isDone: ({ context }) => context.timer >= context.cookTime,
    isDoorClosed: stateIn({ door: 'closed' }),
  },
  actions: {
    count: assign({ timer: ({ context }) => context.timer + 1 }),
    reset: assign({ timer: 0 }),
    ring: emit({ type: 'bell' }),
  },
}).createMachine({
  id: 'microwave',
  type: 'parallel',
  context: { cookTime: 3, timer: 0 },
  states: {
    engine: {
      initial: 'off',
      states: {
        off: { on: { 'turn.on': 'on' } },
        on: {
          initial: 'idle',
          on: { 'turn.off': 'off' },
          always: { guard: 'isDone', target: 'off', actions: 'ring' },
          exit: 'reset',
          states: {
            idle: { always: { guard: 'isDoorClosed', target: 'cooking' } },
            cooking: {
              always: {
                guard: and([({ context }) => context.timer < context.cookTime, stateIn('#open')]),
                target: 'idle',
              },
              on: { time: { actions: 'count' } },
            },
          },
        },
      },
    },
    door: {
      initial: 'closed',
      states: {
        closed: { on: { 'door.open': 'open' } },
        open: { id: 'open', on: { 'door.close': 'closed' } },
      },
    },
  },
});

// An order: what may happen to it, and what follows. Nothing of it knows of tests.
import { assign, fromPromise, setup } from 'xstate';

export const orderMachine = setup({
  actors: {
    charge: fromPromise(() => Promise.reject(new Error('give it by orderMachine.provide()'))),
  },
  guards: {
    hasItems: ({ context }) => context.items > 0,
    hasRoom: ({ context }) => context.items < 3,
  },
  actions: {
    add: assign({ items: ({ context }) => context.items + 1 }),
    clear: assign({ items: 0 }),
  },
}).createMachine({
  id: 'order',
  context: { items: 0 },
  initial: 'cart',
  states: {
    cart: {
      on: {
        ADD: { guard: 'hasRoom', actions: 'add' },
        CLEAR: { actions: 'clear' },
        PAY: { guard: 'hasItems', target: 'paying' },
      },
    },
    paying: {
      invoke: { id: 'charge', src: 'charge', onDone: 'paid', onError: 'cart' },
      after: { 5000: 'cart' },
    },
    paid: { on: { SEND: 'sent', 'REFUND.*': 'refunded' } },
    sent: { type: 'final' },
    refunded: { type: 'final' },
  },
});

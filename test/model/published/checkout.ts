/**
 * A shop's checkout: address, payment, and what is done when either fails.
 *
 * After: the checkout of David Khourshid's "Robust React user interfaces with finite state machines" (CSS-Tricks, 2017).
 * Actors by name with `input`, guards on their output, compound states with `onDone` and output, nested invocations.
 */
import { and, assign, fromPromise, not, or, setup, stateIn } from 'xstate';

interface Paid {
  readonly status: 'paid' | 'declined' | 'redirected';
}

const unprovided = <Output, Input = undefined>() =>
  fromPromise<Output, Input>(() => Promise.reject(new Error('give it by provide()')));

export const checkout = setup({
  types: {
    input: {} as { readonly total: number },
    context: {} as {
      readonly total: number;
      readonly address: string | null;
      readonly attempts: number;
      readonly receipt: string | null;
    },
    events: {} as
      | { type: 'next'; address?: string }
      | { type: 'back' }
      | { type: 'pay' }
      | { type: 'return'; ok: boolean }
      | { type: 'reset' }
      | { type: 'coupon' },
    output: {} as { readonly receipt: string | null },
  },
  actors: {
    checkAddress: unprovided<boolean, { readonly address: string }>(),
    charge: unprovided<Paid, { readonly total: number }>(),
    writeReceipt: unprovided<string>(),
    sendMail: unprovided<void>(),
  },
  actions: { showThatUnknown: () => {}, tellShop: () => {} },
  guards: {
    hasAddress: ({ event }) => event.type === 'next' && event.address !== undefined,
    isFree: ({ context }) => context.total === 0,
    isTriedOften: ({ context }, most: number) => context.attempts >= most,
    isOk: ({ event }) => event.type === 'return' && event.ok,
  },
}).createMachine({
  id: 'checkout',
  context: ({ input }) => ({ total: input.total, address: null, attempts: 0, receipt: null }),
  initial: 'address',
  output: ({ context }) => ({ receipt: context.receipt }),
  on: {
    reset: { target: '.address', guard: not('isFree'), actions: assign({ attempts: 0 }) },
    coupon: { guard: stateIn('#choosing'), target: '.payment', actions: assign({ total: 0 }) },
  },
  states: {
    address: {
      initial: 'asking',
      onDone: 'payment',
      states: {
        asking: {
          on: {
            next: {
              guard: 'hasAddress',
              target: 'checking',
              actions: assign({ address: ({ event }) => event.address ?? null }),
            },
          },
        },
        checking: {
          invoke: {
            src: 'checkAddress',
            input: ({ context }) => ({ address: context.address ?? '' }),
            onDone: [
              { guard: ({ event }) => event.output, target: 'known' },
              { target: 'asking', actions: 'showThatUnknown' },
            ],
            onError: 'known',
          },
        },
        known: { type: 'final' },
      },
    },
    payment: {
      initial: 'choosing',
      on: { back: 'address' },
      onDone: { target: 'finishing', actions: assign({ receipt: ({ event }) => event.output as string }) },
      states: {
        choosing: {
          id: 'choosing',
          entry: assign({ attempts: ({ context }) => context.attempts + 1 }),
          always: [
            { guard: 'isFree', target: 'paid' },
            { guard: and([{ type: 'isTriedOften', params: 3 }, not('isFree')]), target: '#gaveUp' },
          ],
          on: { pay: 'charging' },
        },
        charging: {
          invoke: {
            id: 'card',
            src: 'charge',
            input: ({ context }) => ({ total: context.total }),
            onDone: [
              { guard: ({ event }) => event.output.status === 'paid', target: 'paid' },
              { guard: ({ event }) => event.output.status === 'redirected', target: 'elsewhere' },
              { target: 'choosing' },
            ],
            onError: { target: 'choosing' },
          },
          on: { back: undefined },
        },
        elsewhere: {
          on: { return: [{ guard: or(['isOk', 'isFree']), target: 'paid' }, { target: 'choosing' }] },
        },
        paid: { type: 'final', output: ({ context }) => `${context.total} paid` },
      },
    },
    finishing: {
      type: 'parallel',
      onDone: 'thanked',
      states: {
        receipt: {
          initial: 'writing',
          states: {
            writing: { invoke: { src: 'writeReceipt', onDone: 'written', onError: 'written' } },
            written: { type: 'final' },
          },
        },
        mail: {
          initial: 'sending',
          states: {
            sending: { invoke: { src: 'sendMail', onDone: 'sent' }, after: { 5000: 'sent' } },
            sent: { type: 'final' },
          },
        },
      },
    },
    thanked: { type: 'final' },
    gaveUp: { id: 'gaveUp', entry: 'tellShop' },
  },
});

export const checkoutOptions = {
  input: { total: 7 },
  events: { next: [{}, { address: 'Main Street 1' }], return: [{ ok: true }, { ok: false }] },
  children: {
    checkAddress: { done: [true, false] },
    charge: { done: [{ status: 'paid' }, { status: 'declined' }, { status: 'redirected' }] },
  },
};

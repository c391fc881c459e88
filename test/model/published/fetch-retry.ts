/**
 * A request that is tried again, later each time.
 *
 * After: Stately, "XState docs", the page on invoking promises, and SCXML's backoff idiom. Logic in the definition itself,
 * a delay that is a function, a counter in the context, guards on what an actor failed with, a child's snapshots.
 */
import { assign, createMachine, fromPromise, fromTransition } from 'xstate';

const never = () => Promise.reject(new Error('nothing is really fetched'));

interface Progress {
  readonly retries: number;
  readonly progress: number;
  readonly data: unknown;
}

const bare = createMachine({
  types: {} as { context: Progress },
  context: { retries: 0, progress: 0, data: null },
  initial: 'idle',
  states: {
    idle: { on: { FETCH: 'loading' } },
    loading: {
      tags: 'busy',
      invoke: [
        {
          src: fromPromise(never),
          onDone: [
            { guard: ({ event }) => event.output === null, target: 'empty' },
            { target: 'loaded', actions: assign({ data: ({ event }) => event.output }) },
          ],
          onError: [
            { guard: ({ event }) => (event.error as Error).message === 'gone', target: 'failed' },
            { guard: 'isTriedOften', target: 'failed' },
            { target: 'waiting' },
          ],
        },
        {
          id: 'meter',
          src: fromTransition((count: number) => count + 1, 0),
          onSnapshot: { actions: assign({ progress: ({ event }) => event.snapshot.context as number }) },
        },
      ],
      on: { CANCEL: 'idle' },
      after: { 10000: [{ guard: 'isTriedOften', target: 'failed' }, { target: 'waiting' }] },
    },
    waiting: {
      entry: assign({ retries: ({ context }) => context.retries + 1 }),
      after: { backoff: 'loading' },
      on: { CANCEL: 'idle' },
    },
    loaded: { type: 'final' },
    empty: { on: { FETCH: 'loading' } },
    failed: { on: { FETCH: { target: 'loading', actions: assign({ retries: 0 }) } } },
  },
});

export const fetchRetry = bare.provide({
  guards: { isTriedOften: ({ context }) => context.retries >= 2 },
  delays: { backoff: ({ context }) => 2 ** context.retries * 1000 },
});

export const fetchRetryOptions = {
  children: {
    '0.(machine).loading': { done: [null, 'text'], error: [new Error('gone'), new Error('busy')] },
    meter: { snapshot: [1] },
  },
};

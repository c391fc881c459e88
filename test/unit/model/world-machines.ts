/** Machines that have nothing to do with VMs, for worlds: a lock, and clients that take two; and how worlds end. */
import { expect } from 'vitest';
import { type AnyActorRef, assign, fromPromise, sendTo, setup } from 'xstate';
import { checkWorld, type Observer, type WorldOptions } from '../../../src/model/index.ts';

/** One holder at a time; who asks meanwhile waits, in order. */
export const lockMachine = setup({
  types: {
    context: {} as { readonly queue: readonly AnyActorRef[] },
    events: {} as { readonly type: 'ask' | 'free'; readonly by: AnyActorRef },
  },
  actions: {
    queue: assign({ queue: ({ context, event }) => [...context.queue, event.by] }),
    leave: assign({ queue: ({ context, event }) => context.queue.filter((one) => one !== event.by) }),
    grant: sendTo(({ context }) => context.queue[0] as AnyActorRef, { type: 'granted' }),
  },
  guards: { isLast: ({ context }) => context.queue.length === 1 },
}).createMachine({
  id: 'lock',
  context: { queue: [] },
  initial: 'free',
  states: {
    free: { on: { ask: { target: 'held', actions: ['queue', 'grant'] } } },
    held: {
      on: {
        ask: { actions: 'queue' },
        free: [{ guard: 'isLast', target: 'free', actions: 'leave' }, { actions: ['leave', 'grant'] }],
      },
    },
  },
});

/** Takes two locks one after the other, works, and gives them back. */
export const clientMachine = setup({
  types: {
    input: {} as { readonly locks: readonly AnyActorRef[] },
    context: {} as { readonly locks: readonly AnyActorRef[] },
    events: {} as { readonly type: 'go' | 'granted' },
  },
  actions: {
    ask: sendTo(
      ({ context }, { lock }: { lock: number }) => context.locks[lock] as AnyActorRef,
      ({ self }) => ({ type: 'ask', by: self }),
    ),
    free: sendTo(
      ({ context }, { lock }: { lock: number }) => context.locks[lock] as AnyActorRef,
      ({ self }) => ({ type: 'free', by: self }),
    ),
  },
  actors: { work: fromPromise<string>(() => new Promise(() => {})) },
}).createMachine({
  id: 'client',
  context: ({ input: { locks } }) => ({ locks }),
  initial: 'idle',
  states: {
    idle: { on: { go: 'wantsFirst' } },
    wantsFirst: { entry: { type: 'ask', params: { lock: 0 } }, on: { granted: 'wantsSecond' } },
    wantsSecond: { entry: { type: 'ask', params: { lock: 1 } }, on: { granted: 'working' } },
    working: {
      invoke: { src: 'work', id: 'work', onDone: 'through', onError: 'through' },
      exit: [
        { type: 'free', params: { lock: 0 } },
        { type: 'free', params: { lock: 1 } },
      ],
    },
    through: {},
  },
});

/** Of the actors of a world. */
export type Refs = Readonly<Record<string, AnyActorRef>>;

/** Remembers what an actor emitted, in order. */
const emittedBy = (actor: string): Observer<readonly string[]> => ({
  start: [],
  see: (memory, step) => [
    ...memory,
    ...step.flatMap((one) => (one.what === 'emitted' && one.actor === actor ? [one.event.type] : [])),
  ],
});

/** Everything that an actor may have emitted when the world is at rest. */
export function endings(
  world: WorldOptions,
  actor: string,
  observers: NonNullable<WorldOptions['observers']> = {},
): string[] {
  const found = new Set<string>();
  const report = checkWorld({
    ...world,
    observers: { ...observers, emitted: emittedBy(actor) },
    atRest: {
      noted: (view) => {
        if (view.memory<readonly string[]>('emitted').length > 0)
          found.add(view.memory<readonly string[]>('emitted').join(' '));
        return null;
      },
    },
  });
  expect(report).toMatchObject({ complete: true, violation: null });
  return [...found].sort();
}

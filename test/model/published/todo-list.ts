/**
 * A list whose items are actors of their own.
 *
 * After: TodoMVC (todomvc.com), in the way of XState's example of it. Actors that are spawned by action and in `assign`,
 * with and without an id, messages to children, to itself and to the parent, a name in the system, results of children.
 */
import {
  type AnyActorRef,
  assign,
  cancel,
  createMachine,
  fromCallback,
  sendParent,
  sendTo,
  spawnChild,
  stopChild,
} from 'xstate';

const item = fromCallback(() => {});

export const todoList = createMachine({
  types: {} as {
    context: { readonly items: readonly AnyActorRef[]; readonly done: boolean; readonly note: () => void };
  },
  id: 'todos',
  context: ({ spawn }) => ({ items: [spawn(item, { id: 'first' })], done: false, note: () => {} }),
  entry: spawnChild(item, { id: 'store', systemId: 'theStore' }),
  initial: 'showing',
  states: {
    showing: {
      on: {
        add: {
          guard: ({ context }) => context.items.length < 2,
          actions: assign({ items: ({ context, spawn }) => [...context.items, spawn(item)] }),
        },
        remove: {
          guard: ({ context }) => context.items.length > 0,
          actions: [
            stopChild(({ context }) => context.items.at(-1) as AnyActorRef),
            assign({ items: ({ context }) => context.items.slice(0, -1) }),
          ],
        },
        save: 'saving',
        'xstate.done.actor.*': { actions: assign({ done: true }) },
      },
    },
    saving: {
      entry: [
        sendTo(
          ({ system }) => system.get('theStore') as AnyActorRef,
          ({ context }) => ({ type: 'write', count: context.items.length }),
        ),
        sendTo(({ self }) => self, { type: 'saved' }, { delay: 500, id: 'saved' }),
        sendTo(({ self }) => self, { type: 'flush' }),
      ],
      exit: cancel('saved'),
      on: {
        flush: { actions: sendParent({ type: 'todos.flushed' }) },
        saved: 'showing',
        'xstate.error.actor.store': { target: 'broken' },
      },
    },
    broken: {
      on: {
        '*': { actions: 'shake' },
        repair: { target: 'showing', actions: spawnChild(item, { id: 'store', systemId: 'theStore' }) },
      },
    },
  },
});

/** The context has a function in it, so what identifies a state is said. */
export const todoListOptions = {
  state: ({
    context,
    children,
  }: {
    context: { readonly items: readonly AnyActorRef[]; readonly done: boolean };
    children: object;
  }) => [context.items.length, context.done, Object.keys(children).length],
  events: { flush: [], saved: [] },
};

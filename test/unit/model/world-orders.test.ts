/** In which order messages are handled, by the three kinds of mailboxes. */
import { expect, test } from 'vitest';
import { type AnyActorRef, createActor, emit, type InspectionEvent, sendParent, sendTo, setup } from 'xstate';
import { checkWorld, type WorldOptions } from '../../../src/model/index.ts';
import { endings, type Refs } from './world-machines.ts';

type Mailboxes = NonNullable<WorldOptions['mailboxes']>;

/** At `go`, says two things to another. */
const speaker = setup({
  types: { input: {} as { readonly to: AnyActorRef }, context: {} as { readonly to: AnyActorRef } },
}).createMachine({
  context: ({ input }) => input,
  on: {
    go: {
      actions: [1, 2].map((number) =>
        sendTo(
          ({ context }) => context.to,
          ({ self }) => ({ type: `${self.id}${number}` }),
        ),
      ),
    },
  },
});

/** Tells what it hears. */
const hearer = setup({}).createMachine({ on: { '*': { actions: emit(({ event }) => event) } } });

/** What `c` may hear if `a` speaks first and then `b`. */
const heard = (mailboxes: Mailboxes): string[] =>
  endings(
    {
      mailboxes,
      actors: {
        a: { machine: speaker, input: ({ c }: Refs) => ({ to: c }) },
        b: { machine: speaker, input: ({ c }: Refs) => ({ to: c }) },
        c: hearer,
      },
      outside: [
        { to: 'a', event: { type: 'go' } },
        { to: 'b', event: { type: 'go' }, when: (view) => view.memory<boolean>('a has spoken') },
      ],
    },
    'c',
    {
      'a has spoken': {
        start: false,
        see: (memory, step) =>
          memory === true || step.some(({ what, actor }) => what === 'sent' && actor === 'a'),
      },
    },
  ).filter((one) => one.includes('b'));

test('an actor gets what was sent to it in that order, whoever sent it', () => {
  expect(heard('receiver')).toEqual(['a1 a2 b1 b2']);
  expect(heard('none')).toEqual(['a1 a2 b1 b2']);
});

test('between pairs, only the order of each sender is kept', () => {
  expect(heard('pair')).toEqual([
    'a1 a2 b1 b2',
    'a1 b1 a2 b2',
    'a1 b1 b2 a2',
    'b1 a1 a2 b2',
    'b1 a1 b2 a2',
    'b1 b2 a1 a2',
  ]);
});

test('between pairs, what comes from outside overtakes what waits', () => {
  const world = (mailboxes: Mailboxes): WorldOptions => ({
    mailboxes,
    actors: { a: { machine: speaker, input: ({ c }: Refs) => ({ to: c }) }, c: hearer },
    outside: [
      { to: 'a', event: { type: 'go' } },
      { to: 'c', event: { type: 'x' }, when: (view) => view.mailbox('c').length === 2 },
    ],
  });
  expect(endings(world('pair'), 'c')).toEqual(['a1 a2', 'x a1 a2']);
  expect(endings(world('receiver'), 'c')).toEqual(['a1 a2', 'a1 a2 x']);
});

test('between pairs, who sent first makes no other state', () => {
  const once = setup({
    types: { input: {} as { readonly to: AnyActorRef }, context: {} as { readonly to: AnyActorRef } },
  }).createMachine({
    context: ({ input }) => input,
    on: { go: { actions: sendTo(({ context }) => context.to, { type: 'hello' }) } },
  });
  const { states } = checkWorld({
    mailboxes: 'pair',
    actors: {
      a: { machine: once, input: ({ c }: Refs) => ({ to: c }) },
      b: { machine: once, input: ({ c }: Refs) => ({ to: c }) },
      c: setup({}).createMachine({}),
    },
    outside: ['a', 'b'].map((to) => ({ to, event: { type: 'go' } })),
  });
  // Of each message: it was not sent, it waits, it was handled.
  expect(states).toBe(9);
});

test('without mailboxes, all is handled in the order in which the actors themselves would', () => {
  const kid = setup({}).createMachine({
    entry: sendParent({ type: 'kid.born' }),
    on: {
      first: {
        actions: [sendParent({ type: 'kid.heardFirst' }), sendTo(({ self }) => self, { type: 'own' })],
      },
      second: { actions: sendParent({ type: 'kid.heardSecond' }) },
      own: { actions: sendParent({ type: 'kid.own' }) },
    },
  });
  const parent = setup({ actors: { kid } }).createMachine({
    id: 'parent',
    initial: 'idle',
    states: {
      idle: { on: { go: 'busy' } },
      busy: {
        invoke: { src: 'kid', id: 'kid' },
        on: {
          'kid.born': { actions: [sendTo('kid', { type: 'first' }), sendTo('kid', { type: 'second' })] },
          'kid.heardFirst': { actions: sendTo('kid', { type: 'second' }) },
          'kid.own': 'through',
        },
      },
      through: { entry: sendTo(({ self }) => self, { type: 'end' }) },
    },
  });
  let order: readonly string[] = [];
  checkWorld({
    mailboxes: 'none',
    actors: { parent },
    outside: [{ to: 'parent', event: { type: 'go' } }],
    observers: {
      order: {
        start: [],
        see: (_, step) =>
          (order = step.flatMap((one) =>
            one.what === 'came' ? [`${one.actor.replace('parent/', '')} ${one.event.type}`] : [],
          )),
      },
    },
  });

  const live: string[] = [];
  const inspect = (inspected: InspectionEvent): void => {
    if (inspected.type === '@xstate.microstep' && inspected.event.type !== 'xstate.init')
      live.push(`${(inspected.actorRef as AnyActorRef).id} ${inspected.event.type}`);
  };
  createActor(parent, { id: 'parent', inspect }).start().send({ type: 'go' });
  expect(order).toEqual(live.filter((line) => !line.endsWith('xstate.stop')));
  expect(order.length).toBeGreaterThan(6);
});

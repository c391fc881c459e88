/** What may happen to a machine: events and their examples, what its children come to, and what these are called. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  createMachine,
  enqueueActions,
  fromCallback,
  fromPromise,
  fromTransition,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { createModel, type ModelOptions, type Walk } from '../../../src/model/index.ts';
import { walksOf } from './walks-of.ts';

const child = fromCallback(() => {});

const missing = (machine: AnyStateMachine, options?: ModelOptions): readonly string[] =>
  createModel(machine, options).walks('transitions').coverage.summary('transitions').missing;

const types = (walk: Walk | undefined): string[] => (walk?.steps ?? []).map(({ event }) => event.type);

describe('what may happen', () => {
  test('a wildcard stands for the given types that nothing else names, else for one made up', () => {
    const machine = createMachine({ on: { 'mouse.*': { actions: 'a' }, 'mouse.up': { actions: 'b' } } });
    const stimuli = (options?: ModelOptions) =>
      createModel(machine, options).graph.nodes[0]?.edges.map(({ stimulus }) => stimulus.event);
    expect(stimuli()).toEqual([{ type: 'mouse.anything' }, { type: 'mouse.up' }]);
    expect(stimuli({ events: { 'mouse.*': [{ x: 1 }] } })).toEqual([
      { type: 'mouse.anything', x: 1 },
      { type: 'mouse.up' },
    ]);
    expect(stimuli({ events: { 'mouse.move': [{ x: 1 }], 'mouse.up': [{ x: 2 }] } })).toEqual([
      { type: 'mouse.move', x: 1 },
      { type: 'mouse.up', x: 2 },
    ]);
  });

  test('an event that is only forbidden is sent all the same', () => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { LOG: undefined, SAVE: {} } } } });
    expect(missing(machine)).toEqual([]);
  });

  test('a child that is done is not done again, and does not fail afterwards', async () => {
    const machine = createMachine({
      invoke: { id: 'job', src: child, onDone: { actions: 'celebrate' }, onError: { actions: 'mourn' } },
      on: { AGAIN: {} },
    });
    const walks = await walksOf(machine, 'paths');
    expect(walks.map(({ name }) => name)).toEqual(['job is done', 'job fails']);
    const done = { event: { type: 'xstate.done.actor.job' } };
    expect(() => createModel(machine).walk('twice', [done, done])).toThrow('there is no child job that runs');
  });

  test('children have results by their id or by the name of their logic; without examples undefined, and an Error', async () => {
    const machine = setup({
      actions: { a: () => {}, b: () => {}, c: () => {} },
      actors: { load: fromPromise<number>(() => Promise.reject(new Error('no'))) },
    }).createMachine({
      invoke: {
        id: 'loader',
        src: 'load',
        onDone: [{ guard: ({ event }) => event.output === 7, actions: 'a' }, { actions: 'b' }],
        onError: { actions: 'c' },
      },
    });
    expect(missing(machine)).toEqual(['(root): done(loader) [0]']);
    for (const name of ['loader', 'load'])
      expect(missing(machine, { children: { [name]: { done: [7, 8] } } })).toEqual([]);
    await walksOf(machine, 'guards', { children: { loader: { done: [7, 8] } } });
  });

  test('a child in the definition itself, spawned in any way, does nothing of its own', async () => {
    let made = 0;
    const real = fromTransition(
      (state: null) => state,
      () => {
        made += 1;
        return null;
      },
    );
    const machine = createMachine({
      context: ({ spawn }) => ({ first: spawn(real, { id: 'first' }), more: null as unknown }),
      entry: [
        spawnChild(real, { id: 'second' }),
        () => {
          throw new Error('it is called');
        },
      ],
      invoke: { id: 'third', src: real },
      on: {
        A: {
          guard: ({ context }) => context.more === null,
          actions: assign({ more: ({ spawn }) => spawn(real) }),
        },
        B: {
          actions: enqueueActions(({ enqueue }) => {
            enqueue.spawnChild(real, { id: 'fourth' });
            enqueue.assign(({ spawn }) => ({ more: spawn(real, { id: 'fifth' }) }));
            enqueue(() => {
              throw new Error('it is called');
            });
          }),
        },
        'xstate.done.actor.*': {},
      },
    });
    const walks = await walksOf(machine, 'transitions');
    expect(walks.flatMap(types)).toEqual(expect.arrayContaining(['A', 'B', 'xstate.done.actor.first']));
    expect(made).toBe(0);
  });

  test('an actor without an id is named by its number on the way, the same on every way', async () => {
    const machine = createMachine({
      context: { refs: [] as AnyActorRef[] },
      on: {
        ADD: {
          guard: ({ context }) => context.refs.length < 2,
          actions: assign({ refs: ({ context, spawn }) => [...context.refs, spawn(child)] }),
        },
        PING: {
          guard: ({ context }) => context.refs.length > 0,
          actions: sendTo(({ context }) => context.refs.at(-1) as AnyActorRef, { type: 'ping' }),
        },
      },
    });
    const walks = await walksOf(machine, 'pairs');
    const effects = walks.flatMap(({ steps }) => steps.flatMap(({ expected }) => expected.effects));
    expect(new Set(effects)).toEqual(
      new Set(
        ['send x:1 {"type":"ping"}', 'send x:2 {"type":"ping"}'].map((text) =>
          text.replace(/\{.*\}/, 'ping'),
        ),
      ),
    );
  });

  test('which number an actor without an id has is no part of a state', () => {
    const machine = createMachine({
      context: ({ spawn }) => ({ ref: spawn(child) as AnyActorRef }),
      on: {
        REPLACE: {
          actions: [stopChild(({ context }) => context.ref), assign({ ref: ({ spawn }) => spawn(child) })],
        },
      },
    });
    expect(createModel(machine).graph.nodes).toHaveLength(1);
  });

  test('an actor is found by its name in the system while it runs', async () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          invoke: { src: child, id: 'log', systemId: 'theLog', onDone: 'b' },
          on: {
            WRITE: { actions: sendTo(({ system }) => system.get('theLog') as AnyActorRef, { type: 'line' }) },
          },
        },
        b: { on: { BACK: 'a' } },
      },
    });
    const walks = await walksOf(machine, 'pairs');
    expect(walks.flatMap(({ steps }) => steps.flatMap(({ expected }) => expected.effects))).toContain(
      'send log line',
    );
  });

  test('examples are a list, drawn from an arbitrary by a seed, or what they are in a state', () => {
    const machine = createMachine({
      context: { sum: 0 },
      on: { ADD: { actions: assign({ sum: ({ event }) => event.by as number }) } },
    });
    const sums = (options: ModelOptions) =>
      createModel(machine, options).graph.nodes.map(
        ({ state }) => (state.snapshot.context as { sum: number }).sum,
      );
    expect(sums({ events: { ADD: [{ by: 1 }, { by: 2 }] } })).toEqual([0, 1, 2]);
    expect(
      sums({ events: { ADD: ({ context }) => (context.sum < 2 ? [{ by: context.sum + 1 }] : []) } }),
    ).toEqual([0, 1, 2]);
    const drawn = { events: { ADD: fc.record({ by: fc.integer() }) }, draws: 3, seed: 5 };
    expect(sums(drawn)).toHaveLength(4);
    expect(sums(drawn)).toEqual(sums(drawn));
  });

  test('examples without end are refused', () => {
    const machine = createMachine({ on: { ADD: {} } });
    function* forever() {
      for (;;) yield {};
    }
    expect(() => createModel(machine, { events: { ADD: forever() } })).toThrow(
      'events.ADD has more than 1000 examples',
    );
  });
});

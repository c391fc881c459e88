import { describe, expect, test } from 'vitest';
import {
  type AnyActorRef,
  type AnyStateMachine,
  and,
  assign,
  cancel,
  createMachine,
  fromCallback,
  type MachineContext,
  raise,
  sendTo,
  setup,
  stateIn,
} from 'xstate';
import { createModel, liveSystem, runWalk, type Walk } from '../../../src/model/index.ts';
import { walksOf } from './walks-of.ts';

const child = fromCallback(() => {});

const types = (walk: Walk | undefined): string[] => (walk?.steps ?? []).map(({ event }) => event.type);

describe('time-outs', () => {
  test('of those set together, the shorter is over first, and the one set first of equal ones', () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          after: { 200: 'late', 100: 'soon' },
          entry: raise({ type: 'same' }, { delay: 100 }),
          on: { same: 'first' },
        },
        late: {},
        soon: {},
        first: {},
      },
    });
    const values = createModel(machine, { events: { same: [] } }).graph.nodes.map(
      ({ state }) => state.snapshot.value,
    );
    expect(values).toEqual(['a', 'first']);
  });

  test('one that was set earlier may be over before a shorter one that was set later, and after it', () => {
    const machine = createMachine({
      initial: 'a',
      after: { 1000: '.outer' },
      states: { a: { on: { GO: 'b' } }, b: { after: { 100: 'inner' } }, inner: {}, outer: {} },
    });
    const model = createModel(machine);
    const ways = model.graph.nodes[1]?.edges.map(({ to }) => to.state.snapshot.value);
    expect(ways).toEqual(['outer', 'inner']);
  });

  test('one whose id was given again cannot be cancelled any more, as in XState', async () => {
    const later = (type: string) => raise({ type }, { id: 'same', delay: 100 });
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          entry: [later('first'), later('second')],
          on: { CANCEL: { actions: cancel('same') }, first: 'b', second: 'c' },
        },
        b: {},
        c: {},
      },
    });
    const model = createModel(machine);
    const cancelled = model.walk('cancelled', [
      { event: { type: 'CANCEL' } },
      { event: { type: 'first' }, afterMs: 100 },
    ]);
    await runWalk(liveSystem(model), cancelled);
    expect(cancelled.steps[1]?.expected.value).toBe('b');
    expect(() =>
      model.walk('not pending', [{ event: { type: 'CANCEL' } }, { event: { type: 'second' }, afterMs: 100 }]),
    ).toThrow('step 2, after 100 ms second: no such time-out is pending');
  });

  test('a delay by name or by a function is a time-out of the milliseconds that it gives', async () => {
    const machine = setup({
      types: { context: {} as { tries: number } },
      delays: { backoff: ({ context }) => 2 ** context.tries * 10 },
    }).createMachine({
      context: { tries: 0 },
      initial: 'wait',
      states: {
        wait: {
          after: {
            backoff: {
              guard: ({ context }) => context.tries < 2,
              target: 'wait',
              reenter: true,
              actions: assign({ tries: ({ context }) => context.tries + 1 }),
            },
          },
        },
      },
    });
    const [walk] = await walksOf(machine, 'states');
    expect(walk?.steps.map(({ afterMs }) => afterMs)).toEqual([10, 20, 40]);
    expect(createModel(machine).transitions.map(({ id }) => id)).toEqual(['wait: after backoff']);
  });
});

describe('what identifies a state', () => {
  test('where history leads is part of it', () => {
    const machine = createMachine({
      initial: 'on',
      states: {
        on: {
          initial: 'one',
          states: { one: { on: { next: 'two' } }, two: {}, hist: { type: 'history' } },
          on: { pause: 'off' },
        },
        off: { on: { resume: 'on.hist' } },
      },
    });
    expect(
      createModel(machine).graph.nodes.filter(({ state }) => state.snapshot.value === 'off'),
    ).toHaveLength(2);
  });

  test('a context that grows is bounded, and the message says what to do', () => {
    const machine = createMachine({
      context: { count: 0 },
      on: { ADD: { actions: assign({ count: ({ context }) => (context as { count: number }).count + 1 }) } },
    });
    expect(createModel(machine, { maxStates: 5 }).graph.limits).toEqual([
      'no more than 5 states were looked at (maxStates): if the context grows, say by `state` what identifies one',
    ]);
    expect(createModel(machine).graph.limits).toEqual([
      'no way longer than 100 steps was looked at (maxDepth)',
    ]);
    expect(createModel(machine, { maxSteps: 3 }).graph.limits).toEqual([
      'no more than 3 steps were looked at (maxSteps)',
    ]);
    expect(createModel(machine, { state: () => null }).graph.limits).toEqual([]);
  });

  test.each([
    ['a function', { make: () => {} }, 'context.make is a function'],
    ['a symbol', { of: Symbol('it') }, 'context.of is a symbol'],
    [
      'a cycle',
      (() => {
        const list: unknown[] = [];
        list.push(list);
        return { list };
      })(),
      'context.list[0] contains itself',
    ],
  ])(
    'a context with %s is refused by its place, unless `state` says what counts',
    (_what, context, message) => {
      const machine = createMachine({ context: context as MachineContext, on: { GO: {} } });
      expect(() => createModel(machine).graph).toThrow(message);
      expect(() => createModel(machine).graph).toThrow(
        expect.objectContaining({ code: 'ERR_UNSERIALISABLE' }),
      );
      expect(createModel(machine, { state: () => null }).graph.nodes).toHaveLength(1);
    },
  );

  test('maps, sets, dates and actors are told apart by what is in them', () => {
    const machine = createMachine({
      context: { seen: new Map([['a', new Set([1])]]), at: new Date(0), ref: null as AnyActorRef | null },
      on: {
        SEE: { actions: assign({ seen: new Map([['a', new Set([2])]]) }) },
        WAIT: { actions: assign({ at: new Date(1) }) },
        START: {
          guard: ({ context }) => context.ref === null,
          actions: assign({ ref: ({ spawn }) => spawn(child) }),
        },
      },
    });
    expect(createModel(machine).graph.nodes).toHaveLength(8);
  });
});

describe('machines that cannot go on', () => {
  test('a guard that needs data is told, with where to give it', () => {
    const machine = createMachine({
      invoke: {
        id: 'job',
        src: child,
        onDone: { guard: ({ event }) => (event.output as { ok: boolean }).ok, actions: 'a' },
      },
      on: { GO: { guard: ({ event }) => event.data.ok, actions: 'a' } },
    });
    const { limits } = createModel(machine).graph;
    expect(limits).toEqual([
      expect.stringMatching(
        /^GO cannot be taken, as the machine throws \(.*\): if it needs data, give examples by `events\['GO'\]`$/,
      ),
      expect.stringMatching(/^job is done cannot be taken, .* give examples by `children\['job'\]\.done`$/),
    ]);
  });

  test('one that does not start says why', () => {
    const machine = createMachine({ context: ({ input }) => ({ name: (input as { name: string }).name }) });
    expect(() => createModel(machine).graph).toThrow(
      /^the machine does not start \(.*'name'.*\): does it need `input`\?$/,
    );
    expect(createModel(machine, { input: { name: 'a' } }).graph.nodes).toHaveLength(1);
  });

  test('one that never comes to rest is told, and does not hang', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
    });
    expect(createModel(machine).graph.limits).toEqual([expect.stringContaining('Infinite loop')]);
    const self = createMachine({
      entry: sendTo(({ self }) => self, { type: 'x' }),
      on: { x: { actions: sendTo(({ self }) => self, { type: 'x' }) } },
    });
    expect(() => createModel(self).graph).toThrow(expect.objectContaining({ code: 'ERR_ENDLESS' }));
  });

  test('what is no machine is refused', () => {
    expect(() => createModel({} as AnyStateMachine)).toThrow(TypeError);
  });
});

describe('walks', () => {
  const guarded = createMachine({
    id: 'guarded',
    context: { ready: false },
    initial: 'one.half',
    states: {
      'one.half': {
        on: {
          GO: [
            { guard: and([({ context }) => context.ready, stateIn('#guarded')]), target: 'two' },
            { actions: 'refuse' },
          ],
          READY: { actions: assign({ ready: true }) },
        },
      },
      two: { type: 'final' },
    },
  });

  test('transitions have stable names, in the order of the definition', () => {
    // A dot in the name of a state is told from one between names.
    expect(createModel(guarded).transitions.map(({ id }) => id)).toEqual([
      'one\\.half: GO [0]',
      'one\\.half: GO [1]',
      'one\\.half: READY',
    ]);
  });

  test('states that are left at once are covered', () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { always: 'b' },
        b: { on: { GO: 'c' } },
        c: { always: 'd' },
        d: { initial: 'end', onDone: 'e', states: { end: { type: 'final' } } },
        e: {},
      },
    });
    expect(createModel(machine).walks('states').coverage.summary('states').missing).toEqual([]);
  });

  test('each guard is asked until it has given both answers', async () => {
    const { coverage } = createModel(guarded).walks('guards');
    expect(coverage.summary('guards')).toEqual({ covered: 2, total: 2, missing: [] });
    await walksOf(guarded, 'guards');
  });

  test('a step that cannot be made is refused by its number, or left out where that is asked for', () => {
    const model = createModel(guarded);
    const stimuli = [
      { event: { type: 'READY' } },
      { event: { type: 'xstate.after.5.guarded' }, afterMs: 5 },
      { event: { type: 'GO' } },
    ];
    expect(() => model.walk('it', stimuli)).toThrow('step 2, after 5 ms: no such time-out is pending');
    expect(model.replay(stimuli, true).steps.map(({ stimulus }) => stimulus.event.type)).toEqual([
      'READY',
      'GO',
    ]);
    expect(() =>
      model.walk('it', [...stimuli.filter((_, at) => at !== 1), { event: { type: 'GO' } }]),
    ).toThrow('step 3, GO: the machine is done');
  });

  test('an interrupt comes at every point of its base, and the rest goes on as far as it can', () => {
    const model = createModel(guarded);
    const base = model.walk('base', [{ event: { type: 'READY' } }, { event: { type: 'GO' } }]);
    const { walks } = model.walks('races', { base: [base], interrupts: [{ type: 'GO' }] });
    expect(walks.map((walk) => [walk.name, types(walk)])).toEqual([
      ['base, GO at the start', ['GO', 'READY', 'GO']],
      ['base, GO after step 1', ['READY', 'GO']],
    ]);
    expect(() => model.walks('races')).toThrow('the strategy races needs what comes in between');
  });

  test('random walks are the same for a seed, and weights choose among them', () => {
    const walksBy = (options: object) =>
      createModel(guarded).walks('random', { maxWalks: 5, ...options }).walks;
    expect(walksBy({ seed: 3 })).toEqual(walksBy({ seed: 3 }));
    expect(walksBy({ seed: 3 })).not.toEqual(walksBy({ seed: 4 }));
    expect(walksBy({ weights: { READY: 0 }, maxLength: 4 }).flatMap(types)).not.toContain('READY');
  });

  test('limits on walks are told', () => {
    expect(createModel(guarded).walks('transitions', { maxWalks: 1 }).limits).toEqual([
      'no more than 1 walks were made (maxWalks)',
    ]);
  });

  test('the machine stays as it is', () => {
    const called: string[] = [];
    const machine = createMachine({
      initial: 'a',
      states: { a: { entry: () => called.push('entry'), on: { GO: 'a' } } },
    });
    createModel(machine).walks('transitions');
    expect(called).toEqual([]);
    expect(machine.root.states.a?.entry).toHaveLength(1);
  });
});

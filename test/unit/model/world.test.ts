import { describe, expect, test } from 'vitest';
import { assign, cancel, emit, fromPromise, raise, sendParent, sendTo, setup, spawnChild } from 'xstate';
import {
  checkWorld,
  exploreWorld,
  type Rule,
  type WorldOptions,
  type WorldView,
} from '../../../src/model/index.ts';
import { clientMachine, endings, lockMachine, type Refs } from './world-machines.ts';

/** Anna and Bert each take two locks; Bert in this order. */
const lockWorld = (ofBert: readonly string[], more: Partial<WorldOptions> = {}): WorldOptions => ({
  actors: {
    left: lockMachine,
    right: lockMachine,
    anna: { machine: clientMachine, input: ({ left, right }: Refs) => ({ locks: [left, right] }) },
    bert: {
      machine: clientMachine,
      input: (refs: Refs) => ({ locks: ofBert.map((name) => refs[name]) }),
    },
  },
  outcomes: { work: [{ output: 'well' }, { error: new Error('badly') }] },
  outside: [
    { to: 'anna', event: { type: 'go' } },
    { to: 'bert', event: { type: 'go' } },
  ],
  invariants: { 'one works at a time': oneWorks },
  atRest: { 'nobody waits for ever': nobodyWaits },
  ...more,
});

const are = (state: RegExp): ((world: Parameters<Rule>[0]) => string[]) => {
  return (world) => ['anna', 'bert'].filter((name) => state.test(String(world.snapshot(name)?.value)));
};
const oneWorks: Rule = (world) => (are(/working/)(world).length > 1 ? 'both work' : null);
const nobodyWaits: Rule = (world) => {
  const [waiting] = are(/wants/)(world);
  return waiting === undefined ? null : `${waiting} waits`;
};

describe('checkWorld', () => {
  test('sees all of a world in which no rule is broken', () => {
    const report = checkWorld(lockWorld(['left', 'right']));

    expect(report).toMatchObject({ complete: true, why: null, violation: null });
    expect(report.states).toBeGreaterThan(100);
    expect(report.transitions).toBeGreaterThan(report.states);
    expect(report.depth).toBeGreaterThan(10);
  });

  test('gives the same report for the same world', () => {
    const world = lockWorld(['right', 'left']);
    expect(checkWorld(world)).toEqual(checkWorld(world));
  });

  test('finds a deadlock: two locks in two orders', () => {
    const { violation, complete, why } = checkWorld(lockWorld(['right', 'left']));

    expect(violation).toMatchObject({ rule: 'nobody waits for ever', why: 'anna waits' });
    expect({ complete, why }).toEqual({ complete: false, why: 'a rule is broken' });
  });

  test('finds a race: a lock that does not look whether it is held', () => {
    const careless = lockMachine.provide({ guards: { isLast: () => true } });
    const world = lockWorld(['left', 'right']);
    const { violation } = checkWorld({ ...world, actors: { ...world.actors, left: careless } });

    expect(violation?.rule).toBe('nobody waits for ever');
  });

  test('tells the shortest way to a broken rule, as data, as text, as a recording and as a diagram', () => {
    const { violation } = checkWorld(lockWorld(['right', 'left']));
    const steps = violation?.trace.steps ?? [];

    expect(steps.map(({ kind, from, to, name, value }) => `${kind} ${from} ${to} ${name} ${value}`)).toEqual([
      'outside outside anna go idle',
      'message outside anna go wantsFirst',
      'message anna left ask held',
      'outside outside bert go idle',
      'message outside bert go wantsFirst',
      'message bert right ask held',
      'message left anna granted wantsSecond',
      'message anna right ask held',
      'message right bert granted wantsSecond',
      'message bert left ask held',
    ]);
    expect(JSON.parse(JSON.stringify(violation?.trace))).toEqual(violation?.trace);
    expect(violation?.text.split('\n').slice(0, 5)).toEqual([
      '  1. outside → anna: go, which waits',
      '  2. outside → anna: go ⇒ wantsFirst',
      '       sends left ask {"by":"→anna"}',
      '  3. anna → left: ask {"by":"→anna"} ⇒ held',
      '       sends anna granted',
    ]);
    expect(violation?.recording.endsWith('\n')).toBe(true);
    expect(
      violation?.recording
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { kind: 'start', happened: violation?.trace.start },
      ...steps.map((step, at) => ({ step: at + 1, ...step })),
      { kind: 'violation', rule: 'nobody waits for ever', why: 'anna waits' },
    ]);
    expect(violation?.diagram.split('\n').slice(0, 10)).toEqual([
      'sequenceDiagram',
      '  participant a0 as outside',
      '  participant a1 as anna',
      '  participant a2 as left',
      '  participant a3 as bert',
      '  participant a4 as right',
      '  a0-)a1: go',
      '  Note over a1: go ⇒ wantsFirst',
      '  a1-)a2: ask',
      '  Note over a2: ask ⇒ held',
    ]);
  });

  test('stops at a bound, and says so', () => {
    expect(checkWorld(lockWorld(['left', 'right'], { bound: { states: 50 } }))).toMatchObject({
      complete: false,
      states: 50,
      why: 'no more than 50 states were looked at (bound.states)',
      violation: null,
    });
    expect(checkWorld(lockWorld(['left', 'right'], { bound: { depth: 5 } }))).toMatchObject({
      complete: false,
      depth: 5,
      why: 'no way longer than 5 steps was looked at (bound.depth)',
      violation: null,
    });
  });

  test('a world that ends right at its bound is complete', () => {
    const { states, depth } = checkWorld(lockWorld(['left', 'right']));
    expect(checkWorld(lockWorld(['left', 'right'], { bound: { states, depth } })).complete).toBe(true);
  });

  test.each([
    ['an actor without a machine', { one: {} }, 'actors.one: expected a machine of XState 5'],
    ['a name with a slash', { 'a/b': lockMachine }, 'have no slash'],
  ])('refuses %s', (_, actors, words) => {
    const check = () => checkWorld({ actors } as unknown as WorldOptions);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(words);
  });

  test('tells how far it is, and goes on when it is asked to', () => {
    const exploration = exploreWorld(counters(4, 9));
    const first = exploration.next();
    expect(first).toMatchObject({ done: false, value: { transitions: 10_000 } });

    const told: number[] = [];
    const report = checkWorld(counters(4, 9), ({ transitions }) => told.push(transitions));
    expect(told[0]).toBe(10_000);
    expect(told.length).toBe(Math.floor(report.transitions / 10_000));
  });

  test('takes equal states for one: the order in which they were come to does not matter', () => {
    // Each of four actors has handled 0 to 9 of its events, none waits.
    expect(checkWorld(counters(4, 9)).states).toBe(10 ** 4);
  });
});

/** Actors that count, each to a number. */
const counters = (count: number, max: number): WorldOptions => {
  const counter = setup({ types: { context: {} as { count: number } } }).createMachine({
    context: { count: 0 },
    on: { add: { actions: assign({ count: ({ context }) => context.count + 1 }) } },
  });
  const names = Array.from({ length: count }, (_, at) => `counter${at}`);
  return {
    actors: Object.fromEntries(names.map((name) => [name, counter])),
    outside: names.map((to) => ({ to, event: { type: 'add' }, times: max })),
    mailboxes: 'none',
  };
};

/** Starts a child, `src`, at `go`, and stops it at `end`; says what comes of it. */
const parentOf = (child: unknown) =>
  setup({ actors: { child: child as typeof workLogic } }).createMachine({
    id: 'parent',
    initial: 'idle',
    states: {
      idle: { on: { go: 'busy' } },
      busy: {
        invoke: {
          src: 'child',
          id: 'child',
          onDone: { target: 'idle', actions: emit(({ event }) => ({ type: `done:${event.output}` })) },
          onError: { target: 'idle', actions: emit(({ event }) => ({ type: `failed:${event.error}` })) },
        },
        on: { end: { target: 'idle', actions: emit({ type: 'ended' }) } },
      },
    },
    on: { '*': { actions: emit(({ event }) => ({ type: `late ${event.type}` })) } },
  });
const workLogic = fromPromise<unknown>(() => new Promise(() => {}));

describe('in a world', () => {
  test('a promise ends by each of its outcomes, or goes on', () => {
    const world = {
      actors: { parent: parentOf(workLogic) },
      outside: [{ to: 'parent', event: { type: 'go' } }],
      outcomes: { child: [{ output: 1 }, { output: 2 }, { error: 'no' }] },
    };
    expect(endings(world, 'parent')).toEqual(['done:1', 'done:2', 'failed:no']);
    expect(endings({ ...world, outcomes: {} }, 'parent')).toEqual([]);
  });

  test('outcomes may depend on the input', () => {
    const world: WorldOptions = {
      actors: { parent: parentOf(workLogic) },
      outside: [{ to: 'parent', event: { type: 'go' } }],
      outcomes: { child: ({ path, src, input }) => [{ output: `${path} ${src} ${input}` }] },
    };
    expect(endings(world, 'parent')).toEqual(['done:parent/child child undefined']);
  });

  test('a child that is stopped takes its mailbox with it; what it sent arrives', () => {
    const child = setup({}).createMachine({
      initial: 'on',
      states: { on: { entry: sendParent({ type: 'begun' }) } },
    });
    const world: WorldOptions = {
      actors: { parent: parentOf(child) },
      outside: [
        { to: 'parent', event: { type: 'go' } },
        { to: 'parent', event: { type: 'end' }, when: (view) => view.actors.includes('parent/child') },
        { to: 'parent/child', event: { type: 'poke' } },
      ],
      invariants: {
        'a child is there only while its parent is busy': (view) =>
          view.actors.includes('parent/child') === (view.snapshot('parent')?.value === 'busy')
            ? null
            : 'it is not so',
      },
    };
    expect(endings(world, 'parent')).toEqual(['late begun', 'late begun ended']);
  });

  test('a child machine tells its parent that it is done, or failed', () => {
    const child = setup({}).createMachine({
      initial: 'on',
      states: {
        on: {
          on: {
            stop: 'off',
            fail: {
              actions: assign(() => {
                throw new Error('it throws');
              }),
            },
          },
        },
        off: { type: 'final' },
      },
      output: 'well',
    });
    const world: WorldOptions = {
      actors: { parent: parentOf(child) },
      outside: [
        { to: 'parent', event: { type: 'go' } },
        { to: 'parent/child', event: { type: 'stop' } },
        { to: 'parent/child', event: { type: 'fail' } },
      ],
    };
    expect(endings(world, 'parent')).toEqual(['done:well', 'failed:Error: it throws']);
  });

  test('a machine that throws, and nobody handles it, breaks a rule of its own', () => {
    const machine = setup({}).createMachine({
      on: {
        go: {
          actions: assign(() => {
            throw new Error('it throws');
          }),
        },
      },
    });
    const { violation } = checkWorld({
      actors: { machine },
      outside: [{ to: 'machine', event: { type: 'go' } }],
    });
    expect(violation).toMatchObject({
      rule: 'no actor of the world fails',
      why: 'machine: Error: it throws',
    });
  });

  const clock = setup({ delays: { long: 1000 } }).createMachine({
    initial: 'on',
    states: {
      on: {
        entry: [
          raise({ type: 'self' }, { delay: 5, id: 'self' }),
          sendTo(({ self }) => self, { type: 'now' }),
        ],
        after: { long: { target: 'off', actions: emit({ type: 'long' }) } },
        on: { self: { actions: emit({ type: 'self' }) }, now: { actions: emit({ type: 'now' }) } },
      },
      off: {},
    },
  });

  test('a time-out passes at any moment, and not after its state was left', () => {
    expect(endings({ actors: { clock } }, 'clock')).toEqual(['now long', 'now self long']);
    expect(endings({ actors: { clock }, mailboxes: 'pair' }, 'clock')).toEqual([
      'long',
      'now long',
      'now self long',
      'self long',
      'self now long',
    ]);
  });

  test('only the time-outs pass that may', () => {
    const timeouts: WorldOptions['timeouts'] = ({ actor, delayMs }) => actor === 'clock' && delayMs < 1000;
    expect(endings({ actors: { clock }, timeouts }, 'clock')).toEqual(['now self']);
    expect(endings({ actors: { clock }, timeouts: false }, 'clock')).toEqual(['now']);
  });

  test('a time-out that is cancelled does not pass', () => {
    const machine = setup({}).createMachine({
      entry: raise({ type: 'late' }, { delay: 5, id: 'late' }),
      on: {
        late: { actions: emit({ type: 'late' }) },
        forget: { actions: [cancel('late'), emit({ type: 'forgotten' })] },
      },
    });
    const outside = [{ to: 'machine', event: { type: 'forget' } }];
    expect(endings({ actors: { machine }, outside, mailboxes: 'none' }, 'machine')).toEqual([
      'forgotten',
      'late',
      'late forgotten',
    ]);
  });

  test('the children of a child that is stopped are gone with it', () => {
    const grandchild = setup({}).createMachine({});
    const child = setup({ actors: { grandchild } }).createMachine({
      invoke: { src: 'grandchild', id: 'grandchild' },
    });
    const report = checkWorld({
      actors: { parent: parentOf(child) },
      outside: [
        { to: 'parent', event: { type: 'go' } },
        {
          to: 'parent',
          event: { type: 'end' },
          when: (view) => view.actors.includes('parent/child/grandchild'),
        },
      ],
      invariants: {
        'all are there, or none': (view) => ([1, 3].includes(view.actors.length) ? null : `${view.actors}`),
      },
    });
    expect(report).toMatchObject({ complete: true, violation: null });
    // Nothing, go waits, busy, end waits, idle again.
    expect(report.states).toBe(5);
  });

  test('a state is all that matters later: outside events, children, what history remembers', () => {
    const deaf = setup({}).createMachine({});
    const outside = ['one', 'two'].map((type) => ({ to: 'deaf', event: { type } }));
    expect(checkWorld({ actors: { deaf }, outside, mailboxes: 'none' }).states).toBe(4);

    const withKid = setup({ actors: { kid: deaf } }).createMachine({
      on: {
        spawn: { actions: spawnChild('kid', { id: 'kid' }) },
        poke: { actions: [sendTo('kid', { type: 'poke' }), emit({ type: 'poked' })] },
      },
    });
    const pokes = [
      { to: 'machine', event: { type: 'spawn' } },
      { to: 'machine', event: { type: 'poke' }, when: (view: WorldView) => view.actors.length === 2 },
    ];
    expect(endings({ actors: { machine: withKid }, outside: pokes }, 'machine')).toEqual(['poked']);

    const switching = setup({}).createMachine({
      initial: 'on',
      states: {
        on: {
          initial: 'one',
          states: {
            one: { on: { next: 'two' } },
            two: { entry: emit({ type: 'two' }) },
            before: { type: 'history' },
          },
          on: { off: 'off' },
        },
        off: { on: { back: 'on.before' } },
      },
    });
    const turns = ['next', 'off', 'back'].map((type) => ({ to: 'machine', event: { type } }));
    const twice: WorldOptions = { actors: { machine: switching }, outside: turns, mailboxes: 'none' };
    expect(endings(twice, 'machine')).toEqual(['two', 'two two']);
  });
});

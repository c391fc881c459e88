/** What walks and their coverage look like in files (docs/model-testing.md). */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createActor, createMachine, fromCallback, fromPromise, setup } from 'xstate';
import {
  coverageDiagram,
  coverageReport,
  coverageTable,
  createModel,
  toGherkin,
  toPlan,
  toText,
  toVitest,
} from '../../../src/model/index.ts';

const orderMachine = setup({
  actors: { loader: fromPromise(async () => 1) },
  actions: { print: (_, _params: { copies: number }) => {} },
  guards: { isEnough: ({ event }) => 'amount' in event && Number(event.amount) > 2 },
}).createMachine({
  id: 'order',
  initial: 'loading',
  states: {
    loading: {
      invoke: { src: 'loader', id: 'loader', onDone: 'open', onError: 'failed' },
      after: { 1000: 'failed' },
    },
    open: {
      on: { PAY: { target: 'paid', guard: 'isEnough', actions: { type: 'print', params: { copies: 2 } } } },
    },
    paid: { type: 'final' },
    failed: {},
  },
});

const model = createModel(orderMachine, { events: { PAY: [{ amount: 3 }, { amount: 1 }] } });
const walks = model.walks('transitions');
const subject = {
  imports: ["import { orderMachine } from './order.ts';"],
  system: 'liveSystem(createModel(orderMachine))',
  command: 'npx qemu-actors generate-tests order.ts --out order.test.ts',
};

describe('a vitest file', () => {
  const text = toVitest('order', [walks], subject);

  test('says how it is made anew and where the own adapter goes; a walk is a test', () => {
    expect(text).toBe(`/**
 * Tests of order, made from its machine: 3 walks by transitions.
 *
 * This file is generated. To make it anew:
 *
 *     npx qemu-actors generate-tests order.ts --out order.test.ts
 */
import { createModel, liveSystem, runWalk } from 'qemu-actors/model';
import { describe, test } from 'vitest';
import { orderMachine } from './order.ts';

// Your own adapter goes here; \`--adapter FILE.ts#export\` writes it into this file. Until then the tests are run on the
// machine itself: a live actor, whose time passes and whose actors come to results as the walks say.
const system = liveSystem(createModel(orderMachine));

describe('order by transitions', () => {
  test('open: PAY', async () => {
    await runWalk(system, {
      start: { value: 'loading', effects: ['timer 1000', 'start loader'] },
      steps: [
        {
          event: { type: 'xstate.done.actor.loader', actorId: 'loader', output: undefined },
          expected: { value: 'open', effects: ['stop loader'] },
        },
        {
          event: { type: 'PAY', amount: 3 },
          expected: { value: 'paid', status: 'done', effects: ['do print {"copies":2}'] },
        },
      ],
    });
  });

  test('loading: error(loader)', async () => {
    await runWalk(system, {
      start: { value: 'loading', effects: ['timer 1000', 'start loader'] },
      steps: [
        {
          event: { type: 'xstate.error.actor.loader', actorId: 'loader', error: new Error('it failed') },
          expected: { value: 'failed', effects: ['stop loader'] },
        },
      ],
    });
  });

  test('loading: after 1000', async () => {
    await runWalk(system, {
      start: { value: 'loading', effects: ['timer 1000', 'start loader'] },
      steps: [
        {
          event: { type: 'xstate.after.1000.order.loading' },
          afterMs: 1000,
          expected: { value: 'failed', effects: ['stop loader'] },
        },
      ],
    });
  });
});
`);
  });

  test('has a group for each strategy, also for one without walks', () => {
    const empty = { strategy: 'guards', walks: [] };
    expect(toVitest('order', [walks, empty], subject)).toBe(
      text
        .replace('3 walks by transitions.', '3 walks by transitions, 0 walks by guards.')
        .concat("\ndescribe('order by guards', () => {\n  test.todo('has no walks');\n});\n"),
    );
  });

  test('with a system of its own has neither the comment nor what it does not use', () => {
    const imports = ["import { orderSystem } from './order-system.ts';"];
    const own = toVitest('order', [walks], { ...subject, imports, system: 'orderSystem', isOwn: true });
    expect(own).toContain(`
import { runWalk } from 'qemu-actors/model';
import { describe, test } from 'vitest';
import { orderSystem } from './order-system.ts';

const system = orderSystem;

describe(`);
  });

  test('cannot be ended early by a name or a command in its header', () => {
    const [header] = toVitest('a */ b', [], { ...subject, command: 'x */ y' }).split(' */\n');
    expect(header).toContain('a * / b');
    expect(header).toContain('x * / y');
  });
});

describe('events as code', () => {
  /** The code of an event's data, as it stands in the file, and what it gives when it is run. */
  function codeOf(data: Record<string, unknown>): { code: string; value: unknown } {
    const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } });
    const set = createModel(machine, { events: { GO: [data] } }).walks('transitions');
    const text = toVitest('m', [set], subject);
    const code = /steps: (\[.*?\]),\n {4}\}\);/s.exec(text)?.[1] ?? '';
    return { code, value: new Function(`return ${code}`)()[0].event };
  }

  test.each<[string, unknown]>([
    ['texts', { single: "it's", double: 'say "x"', both: `'"`, line: 'a\nb\\', odd: '\u2028\u0007' }],
    ['numbers', [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 12n]],
    ['nothing', [null, undefined, { a: undefined }]],
    ['names', { 'a-b': 1, $a: 2, 3: 4, ['__proto__']: 5 }],
    ['collections', [new Map([['a', new Set([1])]]), Uint8Array.of(1, 2), /a\/b/g]],
    ['dates', [new Date('2001-02-03T04:05:06.007Z'), new Date(Number.NaN)]],
    ['what is long', Array.from({ length: 30 }, (_, at) => ({ at, text: 'x'.repeat(at * 5) }))],
    ['nothing in it', [{}, [], new Map(), new Set()]],
  ])('%s come out as they went in', (_, data) => {
    expect(codeOf({ data }).value).toEqual({ type: 'GO', data });
  });

  test('errors have their class, message and members', () => {
    const own = Object.assign(new Error('late'), { name: 'HttpError', status: 503 });
    const { code } = codeOf({ one: new TypeError('no'), own });
    expect(code).toContain("one: new TypeError('no')");
    expect(code).toContain("own: Object.assign(new Error('late'), { name: 'HttpError', status: 503 })");
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = { cycle };
  test.each<[string, unknown, string]>([
    ['a function', { save: () => {} }, 'event.data.save is a function'],
    ['a symbol', [Symbol('x')], 'event.data[0] is a symbol'],
    ['a class', new URL('http://a'), 'event.data is of the class URL'],
    [
      'an actor',
      createActor(
        fromCallback(() => {}),
        { id: 'a' },
      ),
      'event.data is the actor a',
    ],
    ['a cycle', cycle, 'event.data.self.cycle contains itself'],
  ])('%s is refused by event and place', (_, data, why) => {
    expect(() => codeOf({ data })).toThrow(
      expect.objectContaining({
        code: 'ERR_UNSERIALISABLE',
        message: expect.stringContaining(`walk 'a: GO', step 1, GO: ${why}`),
      }),
    );
  });

  test('the file is laid out as biome lays it out', () => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } });
    const long = {
      one: 'x'.repeat(90),
      list: ['a'.repeat(60), 'b'.repeat(60)],
      few: [
        { a: 1, b: 2 },
        { a: 1, b: 2 },
      ],
    };
    const set = createModel(machine, {
      events: {
        GO: [
          long,
          {
            of: {
              a: [
                [1, 2],
                [3, 4],
              ],
            },
          },
          {},
        ],
      },
    });
    const text = toVitest('m', [set.walks('paths'), walks], subject);
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const biome = `${root}/node_modules/@biomejs/biome/bin/biome`;
    const { stdout } = spawnSync(
      process.execPath,
      [biome, 'check', '--write', '--stdin-file-path=a.test.ts'],
      {
        cwd: root,
        input: text,
        encoding: 'utf8',
      },
    );
    expect(stdout).toBe(text);
  });
});

test('as text a walk is a paragraph', () => {
  expect(toText('order', [walks])).toBe(`order: 3 walks by transitions

open: PAY
  loading: timer 1000; start loader
  loader is done → open: stop loader
  PAY { amount: 3 } → paid (the machine is done): do print {"copies":2}

loading: error(loader)
  loading: timer 1000; start loader
  loader fails: new Error('it failed') → failed: stop loader

loading: after 1000
  loading: timer 1000; start loader
  after 1000 ms → failed: stop loader
`);
});

test('as Gherkin a strategy is a rule, and a walk a scenario', () => {
  const [first] = walks.walks;
  expect(
    toGherkin('order', [{ strategy: 'transitions', walks: first === undefined ? [] : [first] }]),
  ).toBe(`Feature: order

  Rule: by transitions

    Scenario: open: PAY
      Given the state is loading
      And it does: timer 1000
      And it does: start loader
      When loader is done
      Then the state is open
      And it does: stop loader
      When PAY { amount: 3 }
      Then the state is paid (the machine is done)
      And it does: do print {"copies":2}
`);
});

test('as a plan they are JSON, with version, machine and strategies, a walk a line', () => {
  const text = toPlan('order', [walks]);
  expect(JSON.parse(text)).toEqual({
    version: 1,
    machine: 'order',
    strategies: ['transitions'],
    walks: walks.walks.map(({ name }) => expect.objectContaining({ strategy: 'transitions', name })),
  });
  expect(text.split('\n').filter((line) => line.includes('"name":"loading: error(loader)"'))).toEqual([
    expect.stringContaining('"error":{"$error":{"name":"Error","message":"it failed"}}'),
  ]);
});

describe('coverage', () => {
  const partial = createModel(orderMachine, { children: { loader: { error: [] } } }).walks('states').coverage;

  test('as a table has a row a kind, and what is missing', () => {
    expect(coverageTable(partial)).toBe(`| coverage    | covered | total |    % |
|-------------|--------:|------:|-----:|
| states      |       3 |     4 | 75.0 |
| transitions |       2 |     4 | 50.0 |
| guards      |       0 |     2 |  0.0 |
| pairs       |       0 |     ? |    ? |

Missing states:

- \`paid\`

Missing transitions:

- \`loading: error(loader)\`
- \`open: PAY\`

Missing guards:

- \`open: PAY: isEnough is true\`
- \`open: PAY: isEnough is false\`
`);
    expect(coverageTable(partial, { kinds: ['transitions'], maxMissing: 1 })).toMatch(/- and 1 more\n$/);
  });

  test('is rounded down, so that 100.0 is all of it', () => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: {}, c: {} } });
    const { coverage } = createModel(machine).walks('states');
    expect(coverageTable(coverage, { kinds: ['states'] })).toContain('| states   |       2 |     3 | 66.6 |');
  });

  test('of what there is none of is 100 %', () => {
    const { coverage } = createModel(createMachine({ id: 'm' })).walks('states');
    expect(coverageTable(coverage, { kinds: ['guards'] })).toContain(
      '| guards   |       0 |     0 | 100.0 |',
    );
  });

  test('as JSON has every item with its count', () => {
    const report = coverageReport('order', partial);
    expect(report).toMatchObject({ machine: 'order', pairs: { total: null } });
    expect(report.states).toEqual({
      covered: 3,
      total: 4,
      items: [
        { id: 'loading', count: expect.any(Number) },
        { id: 'open', count: 1 },
        { id: 'paid', count: 0 },
        { id: 'failed', count: 1 },
      ],
    });
  });

  test('is painted on a diagram of Mermaid', () => {
    expect(coverageDiagram(model, partial)).toBe(`stateDiagram-v2
  [*] --> loading
  state "loading" as loading
  state "open" as open
  state "paid" as paid
  paid --> [*]
  state "failed" as failed
  note right of loading
    invoke loader
  end note
  loading --> open: done(loader) (1 ×)
  loading --> failed: after 1000 (1 ×)<br/>error(loader) (✗)
  open --> paid: PAY [isEnough] / print(2) (✗)
  classDef covered fill:#d3f2d3,stroke:#2a7d2a,color:#000
  class loading,open,failed covered
  classDef missing fill:#f8d2d2,stroke:#b22222,color:#000,stroke-dasharray:4
  class paid missing
`);
  });

  test('is painted on states in states, regions, the root, and odd names', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a b',
      on: { STOP: '.off' },
      states: {
        'a b': {
          type: 'parallel',
          states: {
            left: { initial: 'x', states: { x: { on: { 'go.*': 'y' } }, y: {} } },
            right: {},
          },
        },
        off: {},
      },
    });
    const nested = createModel(machine);
    expect(coverageDiagram(nested, nested.coverage())).toBe(`stateDiagram-v2
  [*] --> a_20_b
  state "a b" as a_20_b {
    state "left" as a_20_b__left {
      [*] --> a_20_b__left__x
      state "x" as a_20_b__left__x
      state "y" as a_20_b__left__y
    }
    state "right" as a_20_b__right
  }
  state "off" as off
  state "any state" as any_
  any_ --> off: STOP (✗)
  a_20_b__left__x --> a_20_b__left__y: go.* (✗)
  classDef region stroke-dasharray:5 3
  class a_20_b__left,a_20_b__right region
  classDef missing fill:#f8d2d2,stroke:#b22222,color:#000,stroke-dasharray:4
  class a_20_b,a_20_b__left,a_20_b__left__x,a_20_b__left__y,a_20_b__right,off missing
`);
  });
});

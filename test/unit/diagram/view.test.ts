import { describe, expect, test } from 'vitest';
import { type AnyStateMachine, and, createMachine, or } from 'xstate';
import { activeMarks, coverageMarks, type PictureOptions, pathMarks } from '../../../src/diagram/index.ts';
import { type View, viewOf } from '../../../src/diagram/view.ts';
import { createModel } from '../../../src/model/index.ts';
import { everything, lamp } from './machines.ts';

/** Arrows as `FROM → TO: LINE | LINE`. */
const arrowsIn = ({ arrows }: View): string[] =>
  arrows.map(({ from, to, lines }) => `${from} → ${to}: ${lines.map(({ text }) => text).join(' | ')}`);
const arrowsOf = (machine: AnyStateMachine, options?: PictureOptions): string[] =>
  arrowsIn(viewOf(machine, options));
const linesIn = (view: View, path: string): string[] =>
  view.states.find(({ state }) => state.path === path)?.lines.map(({ text }) => text) ?? [];

const events = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`E${at}`, { actions: 'x' }]));

describe('full', () => {
  test('arrows have guards and actions; what leaves no state is written in it', () => {
    const view = viewOf(lamp, { detail: 'full' });
    expect(arrowsIn(view)).toEqual([
      ' → broken: BREAK',
      'off → on: SWITCH',
      'on → off: SWITCH',
      'on.dim → on.bright: MORE [isNight] / turn up',
      'on.bright → on.dim: after 5000',
    ]);
    expect(linesIn(view, 'on')).toEqual(['entry / light']);
    expect(linesIn(view, 'on.bright')).toEqual(['MORE / flicker']);
    expect(view.hidden).toBe(0);
  });

  test('invoked actors are written with their ids, where these say more', () => {
    expect(linesIn(viewOf(everything, { detail: 'full' }), 'busy').slice(0, 2)).toEqual([
      'invoke load as loader',
      'invoke load as 1.everything.busy',
    ]);
  });
});

describe('brief', () => {
  test('a guard stands only where it decides, without its parameters; what leaves no state is counted', () => {
    const view = viewOf(everything, { detail: 'brief' });
    expect(arrowsIn(view)).toContain('idle → busy: GO [isReady && (isLate || !isReady)] | after 1000');
    expect(arrowsIn(view)).toContain('idle → busy.upper.far: GO [isAtLeast]');
    expect(arrowsOf(lamp, { detail: 'brief' })).toContain('on.dim → on.bright: MORE');
    expect(linesIn(view, 'idle')).toEqual([]);
    expect(view.hidden).toBe(6);
  });

  test('a guard that is composed of groups stays whole', () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { on: { GO: [{ guard: and([or(['a', 'b']), or(['c', 'd'])]), target: 'b' }, 'c'] } },
        b: {},
        c: {},
      },
    });
    expect(arrowsOf(machine, { detail: 'brief' })).toEqual(['a → b: GO [(a || b) && (c || d)]', 'a → c: GO']);
  });

  const inner = (on: object) =>
    createMachine({
      initial: 'outer',
      states: {
        outer: { initial: 'a', states: { a: { on }, b: { on: { GO: '#x' } }, c: { on: { GO: {} } } } },
        x: { id: 'x' },
      },
    });

  test('what all states in a state do, or stay where they are, is one arrow from that state', () => {
    expect(arrowsOf(inner({ GO: '#x' }), { detail: 'brief' })).toEqual(['outer → x: GO']);
    expect(viewOf(inner({ GO: '#x' }), { detail: 'brief' }).arrows[0]?.lines[0]?.ids).toEqual([
      'outer.a: GO',
      'outer.b: GO',
    ]);
  });

  test('what not all of them do is not', () => {
    expect(arrowsOf(inner({}), { detail: 'brief' })).toEqual(['outer.b → x: GO']);
    expect(arrowsOf(inner({ GO: 'b' }), { detail: 'brief' })).toEqual([
      'outer.a → outer.b: GO',
      'outer.b → x: GO',
    ]);
  });

  const towards = (targets: readonly string[]) =>
    createMachine({
      initial: 'x',
      states: {
        x: { on: { GO: targets.map((target) => ({ target: `outer.${target}` })) } },
        outer: { initial: 'a', states: { a: {}, b: {}, c: {} } },
      },
    });

  test('what leads to three or more states in a state is one arrow to that state, which names them', () => {
    expect(arrowsOf(towards(['a', 'b', 'c']), { detail: 'brief' })).toEqual(['x → outer: GO → a, b, c']);
    expect(arrowsOf(towards(['a', 'b']), { detail: 'brief' })).toEqual([
      'x → outer.a: GO',
      'x → outer.b: GO',
    ]);
  });

  test('is what `auto` chooses for more than 40 transitions', () => {
    const machine = (count: number) => createMachine({ initial: 'a', states: { a: { on: events(count) } } });
    expect(linesIn(viewOf(machine(40)), 'a')).toHaveLength(40);
    expect(viewOf(machine(41))).toMatchObject({ hidden: 41, states: [{ lines: [] }] });
  });
});

test('any state is drawn only if the machine itself has something', () => {
  expect(viewOf(lamp).anywhere?.state.path).toBe('');
  expect(viewOf(createMachine({ initial: 'a', states: { a: {} } })).anywhere).toBeNull();
});

test('a name that could not be seen stands in quotes', () => {
  const machine = createMachine({ initial: 'a', states: { a: { on: { ' ': 'a' } } } });
  expect(arrowsOf(machine)).toEqual(['a → a: " "']);
});

describe('marks', () => {
  const marked = (options: PictureOptions) => {
    const { states, arrows } = viewOf(lamp, options);
    return {
      states: Object.fromEntries(
        states.flatMap(({ state, mark }) => (mark === null ? [] : [[state.path, mark]])),
      ),
      lines: arrows
        .flatMap(({ lines }) => lines)
        .flatMap(({ text, mark }) => (mark === null ? [] : [`${mark}: ${text}`])),
    };
  };

  test('active: all states of a value, outer ones and regions too', () => {
    expect(marked({ marks: activeMarks({ on: 'dim' }) })).toEqual({
      states: { on: 'active', 'on.dim': 'active' },
      lines: [],
    });
    const { states } = activeMarks({ busy: { upper: 'near', lower: 'v1.0' } });
    expect([...states.keys()]).toEqual([
      ...['busy', 'busy.upper', 'busy.upper.near', 'busy.lower', 'busy.lower.v1\\.0'],
    ]);
  });

  test('path: states and transitions, with the numbers of the steps in the label', () => {
    const marks = pathMarks(['off', 'on'], ['off: SWITCH', 'on: SWITCH', 'off: SWITCH']);
    expect(marked({ marks })).toEqual({
      states: { off: 'path', on: 'path' },
      lines: ['path: SWITCH (1, 3)', 'path: SWITCH (2)'],
    });
  });

  test('coverage: how often, and what is missing, as the model counts it', () => {
    const model = createModel(lamp);
    const coverage = model.coverage();
    const { states, transitions } = coverageMarks(coverage.of('states'), coverage.of('transitions'));
    expect(new Set([...states.values()])).toEqual(new Set(['missing']));
    expect([...transitions.keys()].sort()).toEqual(model.transitions.map(({ id }) => id).sort());
    const marks = coverageMarks(
      [{ id: 'off', count: 2 }],
      [
        { id: 'off: SWITCH', count: 2 },
        { id: 'on: SWITCH', count: 0 },
      ],
    );
    expect(marked({ marks })).toEqual({
      states: { off: 'covered' },
      lines: ['covered: SWITCH (2 ×)', 'missing: SWITCH (✗)'],
    });
  });

  test('stand in the lines in a state too', () => {
    const view = viewOf(lamp, { detail: 'full', marks: pathMarks([], ['on.bright: MORE']) });
    expect(view.states.flatMap(({ lines }) => lines).filter(({ mark }) => mark !== null)).toEqual([
      { text: 'MORE / flicker (1)', mark: 'path' },
    ]);
  });
});

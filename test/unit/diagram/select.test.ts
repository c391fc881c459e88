import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { statesOf } from '../../../src/diagram/graph.ts';
import { type Diagram, diagramOf, toJson, toMermaid } from '../../../src/diagram/index.ts';
import { type Selection, select } from '../../../src/diagram/select.ts';
import { everything, lamp } from './machines.ts';

const pathsOf = ({ root }: Diagram): string[] => statesOf(root).map(({ path }) => path);
const idsOf = ({ transitions }: Diagram): string[] => transitions.map(({ id }) => id);
const selected = (selection: Selection): Diagram => select(diagramOf(everything), selection);

describe('depth', () => {
  test('draws states farther down as part of the state that has them', () => {
    expect(pathsOf(selected({ depth: 1 }))).toEqual(['', 'idle', 'busy', 'failed', 'done']);
    expect(pathsOf(selected({ depth: 2 }))).toEqual([
      ...['', 'idle', 'busy', 'busy.upper', 'busy.lower', 'failed', 'done'],
    ]);
    expect(pathsOf(selected({ depth: 9 }))).toEqual(pathsOf(diagramOf(everything)));
  });

  test('leads arrows to the state that is drawn, and leaves out what stays in it', () => {
    const { transitions } = selected({ depth: 1 });
    const far = transitions.find(({ id }) => id === 'idle: GO [1]');
    expect(far?.targets).toEqual(['busy']);
    expect(transitions.map(({ source }) => source)).not.toContain('busy.lower');
    expect(transitions.some(({ id }) => id.startsWith('busy.'))).toBe(false);
  });

  test('leaves a history state the place where it leads', () => {
    const { root } = select(diagramOf(lamp), { depth: 2 });
    expect(statesOf(root).find(({ type }) => type === 'history')?.initial).toEqual(['on.dim']);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%d is a RangeError', (depth) => {
    expect(() => selected({ depth })).toThrow(
      new RangeError(`depth: a whole number from 1 on, not ${depth}`),
    );
  });
});

describe('from', () => {
  test('keeps what can be reached, with the states around it', () => {
    const island = createMachine({
      initial: 'a',
      states: {
        a: { on: { GO: 'b.two' } },
        b: { initial: 'one', states: { one: {}, two: { on: { GO: '#c' } }, three: {} } },
        c: {
          id: 'c',
          type: 'parallel',
          states: { left: { initial: 'x', states: { x: {}, y: {} } }, right: {} },
        },
      },
    });
    const diagram = diagramOf(island);
    expect(pathsOf(select(diagram, { from: 'b.two' }))).toEqual([
      '',
      'b',
      'b.two',
      'c',
      'c.left',
      'c.left.x',
      'c.right',
    ]);
    expect(pathsOf(select(diagram, { from: 'c' }))).toEqual(['', 'c', 'c.left', 'c.left.x', 'c.right']);
    // Who comes to a state in one region is in the others too.
    expect(pathsOf(select(diagram, { from: 'c.left.y' }))).toEqual([
      '',
      'c',
      'c.left',
      'c.left.y',
      'c.right',
    ]);
    const part = select(diagram, { from: 'b.two' });
    expect(idsOf(part)).toEqual(['b.two: GO']);
    expect(part.root.initial).toEqual([]);
  });

  test("follows the machine's own transitions, and those of the states around", () => {
    expect(pathsOf(select(diagramOf(lamp), { from: 'broken' }))).toEqual(['', 'broken']);
    expect(pathsOf(select(diagramOf(lamp), { from: 'on.dim' }))).toEqual([
      ...['', 'off', 'on', 'on.dim', 'on.bright', 'broken'],
    ]);
    expect(pathsOf(selected({ from: 'failed' }))).toContain('idle');
  });

  test('goes on from a history state to where it leads', () => {
    expect(pathsOf(select(diagramOf(lamp), { from: 'on.last' }))).toContain('on.bright');
  });

  test('a state that there is not is a TypeError that names all', () => {
    expect(() => select(diagramOf(lamp), { from: 'of' })).toThrow(
      new TypeError("lamp has no state 'of'; its states are off, on, on.dim, on.bright, on.last, broken"),
    );
  });
});

describe('hideIgnored', () => {
  test('leaves out events that leave no state and do nothing', () => {
    const all = idsOf(diagramOf(everything));
    expect(all).toContain('idle: *');
    expect(idsOf(selected({ hideIgnored: true }))).toEqual(all.filter((id) => id !== 'idle: *'));
    expect(idsOf(selected({ hideIgnored: false }))).toEqual(all);
  });

  test('a list: nor those that do no more than these', () => {
    expect(idsOf(selected({ hideIgnored: ['print'] }))).toEqual(
      idsOf(diagramOf(everything)).filter((id) => !/\*$|log|1\.everything|snapshot/.test(id)),
    );
  });
});

test('a graph that was written as JSON is drawn as its machine is', () => {
  const read = JSON.parse(toJson(everything)) as Diagram;
  expect(read).toEqual(diagramOf(everything));
  expect(toMermaid(read, { depth: 1 })).toBe(toMermaid(everything, { depth: 1 }));
  expect(toJson(everything, { depth: 1 })).toBe(toJson(selected({ depth: 1 })));
});

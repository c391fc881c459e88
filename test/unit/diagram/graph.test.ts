import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { statesOf } from '../../../src/diagram/graph.ts';
import { type DiagramState, type DiagramTransition, diagramOf } from '../../../src/diagram/index.ts';
import { createModel } from '../../../src/model/index.ts';
import { machines } from '../../diagram/machines/index.ts';
import { everything } from './machines.ts';

const diagram = diagramOf(everything);
const byPath = new Map(statesOf(diagram.root).map((state) => [state.path, state]));
const stateAt = (path: string): DiagramState => {
  const state = byPath.get(path);
  if (state === undefined) throw new Error(`no ${path} in ${[...byPath.keys()].join(', ')}`);
  return state;
};

/** A transition in a line: `SOURCE: EVENT [GUARD] → TARGETS / ACTIONS`. */
const lineOf = ({ id, guard, targets, actions, reenter }: DiagramTransition): string =>
  [
    id,
    ...(guard === null ? [] : [`{${guard}}`]),
    ...targets.map((target) => `→ ${target}`),
    ...actions.map((action) => `/ ${action}`),
    ...(reenter ? ['(again)'] : []),
  ].join(' ');

describe('a machine as a graph', () => {
  test('has each state in the order of the definition, by its path; a dot in a name is written with a backslash', () => {
    expect([...byPath].map(([path, { type, history }]) => [path, history ?? type].join(' '))).toEqual([
      ' compound',
      'idle atomic',
      'busy parallel',
      'busy.upper compound',
      'busy.upper.near atomic',
      'busy.upper.far final',
      'busy.lower compound',
      'busy.lower.one atomic',
      'busy.lower.v1\\.0 final',
      'busy.lower.before shallow',
      'busy.lower.earlier deep',
      'busy.lower.elsewhere shallow',
      'failed atomic',
      'done final',
    ]);
    expect(stateAt('busy.lower.v1\\.0').key).toBe('v1.0');
  });

  test('says where compound states begin, and where history states lead as long as there is no history', () => {
    const beginnings = [...byPath].filter(([, { initial }]) => initial.length > 0);
    expect(beginnings.map(([path, { initial }]) => [path, ...initial])).toEqual([
      ['', 'idle'],
      ['busy.upper', 'busy.upper.near'],
      ['busy.lower', 'busy.lower.one'],
      ['busy.lower.before', 'busy.lower.one'],
      ['busy.lower.earlier', 'busy.lower.v1\\.0'],
      ['busy.lower.elsewhere', 'failed'],
    ]);
  });

  test('has what a state says of itself; clocks of an `after` are no actions of it', () => {
    expect(stateAt('idle')).toEqual({
      path: 'idle',
      key: 'idle',
      type: 'atomic',
      history: null,
      initial: [],
      description: 'Nothing is done.',
      tags: ['quiet', 'first'],
      entry: ['print', 'note(idle)'],
      exit: ['raise LEFT', 'assign'],
      invokes: [],
      states: [],
    });
    expect(stateAt('busy').invokes).toEqual([
      { id: 'loader', src: 'load' },
      { id: '1.everything.busy', src: 'load' },
    ]);
  });

  test('has each transition by source, then by event, then as they are tried', () => {
    expect(diagram.transitions.map(lineOf)).toEqual([
      '(root): RESET → idle (again)',
      '(root): log.* / print',
      'idle: *',
      'idle: GO [0] {isReady && (isLate || !isReady)} → busy',
      'idle: GO [1] {isAtLeast(3)} → busy.upper.far',
      'idle: GO [2] {in {"busy":"upper"}} / named',
      'idle: GO [3] {(inline)} / (inline)',
      'idle: after 1000 → busy',
      'idle: after patience → done',
      'busy: done(1.everything.busy) / print',
      'busy: done(loader) → done',
      'busy: done.state → done',
      'busy: error(loader) → failed',
      'busy: snapshot(loader) / print',
      'busy.upper.near: always → busy.upper.far',
      'busy.lower: BACK → busy.lower.before',
      'busy.lower.one: NEXT → busy.lower.v1\\.0',
    ]);
    const last = diagram.transitions.find(({ id }) => id === 'idle: GO [3]');
    expect(last).toMatchObject({ description: 'The last one.', trigger: { kind: 'event', type: 'GO' } });
  });

  test('tells events from what is named as they are', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          always: { guard: 'never', target: 'b' },
          after: { 1: 'b' },
          on: { always: 'b', 'after 1': 'b', 'xstate.done.state.m.b': 'b', 'xstate.done.actor.x\ny': 'b' },
        },
        b: {},
      },
    });
    const found = diagramOf(machine).transitions.map(({ id, trigger }) => [id, trigger.kind]);
    expect(found).toEqual([
      ['a: after 1 [0]', 'event'],
      ['a: after 1 [1]', 'after'],
      ['a: always [0]', 'always'],
      ['a: always [1]', 'event'],
      ['a: done(x\ny)', 'done'],
      ['a: xstate.done.state.m.b', 'event'],
    ]);
  });

  test('names an invoked actor without an id `invoked`', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'x', onDone: 'b' } }, b: {} },
    });
    const { root, transitions } = diagramOf(machine);
    expect(root.states[0]?.invokes).toEqual([{ id: 'invoked', src: 'x' }]);
    expect(transitions[0]?.event).toBe('done(invoked)');
  });

  test.each(machines)('of $name: its ids are unique, and those that coverage counts', ({ machine }) => {
    const { root, transitions } = diagramOf(machine);
    const ids = transitions.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const model = createModel(machine);
    expect([...ids].sort()).toEqual(model.transitions.map(({ id }) => id).sort());
    const states = statesOf(root).filter(({ path, type }) => path !== '' && type !== 'history');
    expect(states.map(({ path }) => path)).toEqual(model.states);
    expect(new Set(states.map(({ path }) => path)).size).toBe(states.length);
  });

  test.each(machines)('of $name: plain JSON, the same twice, and the machine is as before', ({ machine }) => {
    const before = inspect(machine.root, { depth: 4 });
    const first = diagramOf(machine);
    expect(JSON.stringify(diagramOf(machine))).toBe(JSON.stringify(first));
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
    expect(inspect(machine.root, { depth: 4 })).toBe(before);
  });
});

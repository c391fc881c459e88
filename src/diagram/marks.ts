/** What is to stand out in a picture. */
import type { StateValue } from 'xstate';
import { nameInPath } from './definition.ts';

/** `active`: where it is; `path`: how it came there; `covered` and `missing`: by tests. */
export type Mark = 'active' | 'path' | 'covered' | 'missing';

export interface Marks {
  /** By path. */
  readonly states: ReadonlyMap<string, Mark>;
  /** By id; the note stands behind the label. */
  readonly transitions: ReadonlyMap<string, { readonly mark: Mark; readonly note: string }>;
}

export const noMarks: Marks = { states: new Map(), transitions: new Map() };

/** The paths of a state value, outer ones first: `active`, `active.running`. */
export function pathsIn(value: StateValue, outer: readonly string[] = []): string[] {
  const pathTo = (key: string): string => [...outer, nameInPath(key)].join('.');
  if (typeof value === 'string') return [pathTo(value)];
  return Object.entries(value).flatMap(([key, inner]) => [
    pathTo(key),
    ...(inner === undefined ? [] : pathsIn(inner, [pathTo(key)])),
  ]);
}

/** The states that are active. @param value - as a snapshot's `value` */
export const activeMarks = (value: StateValue): Marks => ({
  states: new Map(pathsIn(value).map((path) => [path, 'active'])),
  transitions: new Map(),
});

/** Those of a way: each state that it comes to, each transition that it takes, with the first of its steps' numbers. */
export function pathMarks(states: readonly string[], transitions: readonly string[]): Marks {
  const steps = new Map<string, number[]>();
  for (const [at, id] of transitions.entries()) steps.set(id, [...(steps.get(id) ?? []), at + 1]);
  return {
    states: new Map(states.map((path) => [path, 'path'])),
    transitions: new Map([...steps].map(([id, numbers]) => [id, { mark: 'path', note: stepsText(numbers) }])),
  };
}

/** The first three. */
const stepsText = (numbers: readonly number[]): string =>
  `${numbers.slice(0, 3).join(', ')}${numbers.length > 3 ? `, …: ${numbers.length} ×` : ''}`;

interface Counted {
  readonly id: string;
  readonly count: number;
}

/** What tests covered, as `qemu-actors/model` counts it: `coverage.of('states')`, `coverage.of('transitions')`. */
export function coverageMarks(states: readonly Counted[], transitions: readonly Counted[]): Marks {
  const mark = (count: number): Mark => (count > 0 ? 'covered' : 'missing');
  return {
    states: new Map(states.map(({ id, count }) => [id, mark(count)])),
    transitions: new Map(
      transitions.map(({ id, count }) => [id, { mark: mark(count), note: count > 0 ? `${count} ×` : '✗' }]),
    ),
  };
}

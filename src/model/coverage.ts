/** What of a machine was walked through: states, transitions, guards by both answers, pairs of transitions. */
import type { AnyStateNode } from 'xstate';
import { pathOf } from '../diagram/definition.ts';
import type { Instrumented, ModelTransition } from './instrument.ts';
import type { StepResult } from './step.ts';

export const coverageKinds = ['states', 'transitions', 'guards', 'pairs'] as const;
export type CoverageKind = (typeof coverageKinds)[number];

/** One thing that can be covered. */
export interface Covered {
  /** State path, transition id, `TRANSITION: GUARD is true|false`, or `TRANSITION → TRANSITION`. */
  readonly id: string;
  /** How many steps covered it. */
  readonly count: number;
}

export interface CoverageSummary {
  readonly covered: number;
  /** Pairs: those that are known to be possible; null if that was not looked for. */
  readonly total: number | null;
  /** Ids, in the order of the machine's definition. */
  readonly missing: readonly string[];
}

/** Counts what steps covered. Only of steps that were made: what was planned and failed is not in it. */
export class Coverage {
  readonly #model: Instrumented;
  readonly #states = new Map<string, number>();
  readonly #transitions = new Map<number, number>();
  readonly #guards = new Map<string, number>();
  readonly #pairs = new Map<number, number>();
  #last: readonly number[] = [];
  #possiblePairs: ReadonlySet<number> | null = null;

  constructor(model: Instrumented) {
    this.#model = model;
  }

  /** A walk begins: what comes next follows nothing. */
  begin(): void {
    this.#last = [];
  }

  /** @returns how much of it was new */
  add({ nodes, taken, guards }: Pick<StepResult, 'nodes' | 'taken' | 'guards'>): number {
    let fresh = 0;
    const count = <K>(counts: Map<K, number>, key: K): void => {
      const before = counts.get(key) ?? 0;
      if (before === 0) fresh += 1;
      counts.set(key, before + 1);
    };
    for (const path of pathsOf(nodes)) count(this.#states, path);
    for (const transition of taken) count(this.#transitions, transition);
    for (const [transition, answer] of guards) count(this.#guards, guardKey(transition, answer));
    for (const first of this.#last) for (const second of taken) count(this.#pairs, pairKey(first, second));
    if (taken.length > 0) this.#last = taken;
    return fresh;
  }

  hasTransition = (transition: number): boolean => this.#transitions.has(transition);
  hasGuard = (transition: number, answer: boolean): boolean => this.#guards.has(guardKey(transition, answer));
  hasPair = (first: number, second: number): boolean => this.#pairs.has(pairKey(first, second));

  /** What `pairs` is measured against. */
  expectPairs(possible: ReadonlySet<number>): void {
    this.#possiblePairs = possible;
  }

  /** How often each was covered; 0 for what was not. Pairs: those that are possible, else those that were covered. */
  of(kind: CoverageKind): Covered[] {
    const { states, transitions } = this.#model;
    switch (kind) {
      case 'states':
        return states.map((id) => ({ id, count: this.#states.get(id) ?? 0 }));
      case 'transitions':
        return transitions.map(({ id }, at) => ({ id, count: this.#transitions.get(at) ?? 0 }));
      case 'guards':
        return transitions.flatMap((transition, at) =>
          transition.guard === null
            ? []
            : [true, false].map((answer) => ({
                id: guardId(transition, answer),
                count: this.#guards.get(guardKey(at, answer)) ?? 0,
              })),
        );
      case 'pairs':
        return [...(this.#possiblePairs ?? this.#pairs.keys())].map((key) => {
          const [first, second] = pairOf(key);
          const id = `${transitions[first]?.id} → ${transitions[second]?.id}`;
          return { id, count: this.#pairs.get(key) ?? 0 };
        });
    }
  }

  summary(kind: CoverageKind): CoverageSummary {
    const all = this.of(kind);
    const missing = all.filter(({ count }) => count === 0).map(({ id }) => id);
    const total = kind === 'pairs' && this.#possiblePairs === null ? null : all.length;
    return { covered: all.length - missing.length, total, missing };
  }
}

/** No machine has more transitions. */
const MAX_TRANSITIONS = 2 ** 20;

/** One number for two transitions. */
export const pairKey = (first: number, second: number): number => first * MAX_TRANSITIONS + second;

export const pairOf = (key: number): [first: number, second: number] => [
  Math.floor(key / MAX_TRANSITIONS),
  key % MAX_TRANSITIONS,
];

const guardKey = (transition: number, answer: boolean): string => `${transition} ${answer}`;

export const guardId = ({ id, guard }: ModelTransition, answer: boolean): string =>
  `${id}: ${guard} is ${answer}`;

/** The root is not among them. */
const pathsOf = (nodes: Iterable<AnyStateNode>): string[] =>
  [...nodes].map(pathOf).filter((path) => path !== '');

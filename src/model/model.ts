/** A machine as a model of what it describes: its walks, and what they cover. */
import type { AnyStateMachine } from 'xstate';
import { badArgument, ModelError } from '../errors.ts';
import { Coverage } from './coverage.ts';
import { type ExploreOptions, explore, type Graph, type GraphEdge } from './graph.ts';
import { type Instrumented, instrument, type ModelTransition } from './instrument.ts';
import type { Actors } from './quiet.ts';
import { Random } from './random.ts';
import type { Shows } from './shown.ts';
import { type ModelState, Stepper, type Stimulus } from './step.ts';
import { Stimuli, type StimulusOptions } from './stimuli.ts';
import {
  checkStrategy,
  chooseStimulus,
  interrupted,
  type Plan,
  planGuards,
  planPairs,
  planPaths,
  planStates,
  planTransitions,
  possiblePairs,
  type Strategy,
  statesOf,
  type WalkOptions,
} from './strategies.ts';
import { expectationOf, type Replayed, replay, type Walk } from './walk.ts';

export interface ModelOptions extends StimulusOptions, ExploreOptions {
  /** The machine's. */
  readonly input?: unknown;
  /**
   * What can be seen of it from outside beside its state, as a total or a reason: each that changes is one more effect,
   * `show reason "user"`. Anything that can be told by text. @defaultValue nothing
   */
  readonly shows?: Shows;
  /** Stand-ins of one's own for actors, where the machine looks at them. */
  readonly actors?: Actors;
}

/** How far it is. */
export interface WalkProgress {
  /** States that were found. */
  readonly states: number;
  readonly walks: number;
}

/** So many walks are made at a time: some tens of milliseconds. */
const WALKS_AT_A_TIME = 50;

/** The walks of one strategy. */
export interface WalkSet {
  readonly strategy: Strategy;
  readonly walks: readonly Walk[];
  /** What the walks cover if all of them are walked. */
  readonly coverage: Coverage;
  /** Bounds that were met, and events that could not be used, each a sentence; empty if nothing was left out. */
  readonly limits: readonly string[];
}

/** Whether it is a machine of XState 5, of whichever copy of XState. */
export const isMachine = (value: unknown): value is AnyStateMachine =>
  typeof value === 'object' &&
  value !== null &&
  '__xstatenode' in value &&
  'root' in value &&
  'provide' in value;

/**
 * A machine of XState 5 as a model. Nothing of it is run: actors are stand-ins, whose results are events of the model,
 * and time passes when a walk says so.
 *
 * The same machine and options give the same walks, in the same order.
 *
 * @throws TypeError if it is no machine; ModelError if its examples have no end
 */
export function createModel(machine: AnyStateMachine, options: ModelOptions = {}): Model {
  if (!isMachine(machine)) throw badArgument('machine', 'a machine of XState 5', machine);
  return new Model(instrument(machine, options.actors), options);
}

const brand: unique symbol = Symbol.for('qemu-actors.Model');

/** Whether `createModel` made it, of whichever copy of this package. */
export const isModel = (value: unknown): value is Model =>
  typeof value === 'object' && value !== null && brand in value;

/** See {@link createModel}. */
export class Model {
  readonly [brand] = true;
  readonly #instrumented: Instrumented;
  readonly #options: ModelOptions;
  readonly #stepper: Stepper;
  readonly #stimuli: Stimuli;
  #graph: Graph | null = null;

  /** @internal */
  constructor(instrumented: Instrumented, options: ModelOptions) {
    this.#instrumented = instrumented;
    this.#options = options;
    this.#stepper = new Stepper(instrumented, options.input, options.shows);
    this.#stimuli = new Stimuli(instrumented.machine, options);
  }

  /** The instrumented copy, which runs the walks. @internal */
  get instrumented(): Instrumented {
    return this.#instrumented;
  }

  /** The same with other bounds, or another look at what identifies a state. */
  with(options: ExploreOptions): Model {
    return new Model(this.#instrumented, { ...this.#options, ...options });
  }

  get input(): unknown {
    return this.#options.input;
  }

  /** What can be seen of it. @internal */
  get shows(): Shows | undefined {
    return this.#options.shows;
  }

  get name(): string {
    return this.#instrumented.machine.id;
  }

  get transitions(): readonly ModelTransition[] {
    return this.#instrumented.transitions;
  }

  get states(): readonly string[] {
    return this.#instrumented.states;
  }

  /** The states that it can come to, within the bounds of the options. Looked for once. @throws ModelError */
  get graph(): Graph {
    return this.#graph ?? toEnd(this.#explore());
  }

  /** @throws ModelError if there is no such strategy, a state cannot be identified, or `races` has nothing that comes in between */
  walks(strategy: Strategy, options: WalkOptions = {}): WalkSet {
    return toEnd(this.walking(strategy, options));
  }

  /**
   * As {@link walks}, bit by bit: a program that does something else in between stays awake, shows how far it is, and can
   * stop.
   *
   * @example
   * const walking = model.walking('pairs');
   * let bit = walking.next();
   * for (; bit.done !== true; bit = walking.next()) await pause(bit.value);
   * const { walks } = bit.value;
   */
  *walking(strategy: Strategy, options: WalkOptions = {}): Generator<WalkProgress, WalkSet> {
    const { maxWalks = strategy === 'random' ? 100 : 10_000 } = options;
    const coverage = this.coverage();
    const walks: Walk[] = [];
    const names = new Map<string, number>();
    const limits: string[] = [];
    for (const { name, stimuli } of yield* this.#plan(strategy, options, coverage, limits)) {
      if (walks.length >= maxWalks) {
        limits.push(`no more than ${maxWalks} walks were made (maxWalks)`);
        break;
      }
      const count = (names.get(name) ?? 0) + 1;
      names.set(name, count);
      const walked = replay(this.#stepper, this.input, stimuli, true, (stimulus, state) =>
        this.#stimuli.again(stimulus, state),
      );
      walks.push(this.#walkOf(count === 1 ? name : `${name} #${count}`, walked));
      coverage.begin();
      coverage.add(walked.start);
      for (const { result } of walked.steps) coverage.add(result);
      if (walks.length % WALKS_AT_A_TIME === 0)
        yield { states: this.#graph?.nodes.length ?? 0, walks: walks.length };
    }
    return { strategy, walks, coverage, limits };
  }

  /**
   * The walk of a list of steps, with what the machine does on it.
   *
   * @throws ModelError `ERR_WALK` if a step cannot be made; whatever the machine's own functions throw
   */
  walk(name: string, stimuli: readonly Stimulus[]): Walk {
    return this.#walkOf(name, replay(this.#stepper, this.input, stimuli));
  }

  /** As {@link walk}, with its snapshots; `lenient` leaves out what cannot happen any more. @internal */
  replay(stimuli: readonly Stimulus[], lenient = false): Replayed {
    return replay(this.#stepper, this.input, stimuli, lenient);
  }

  /** What may happen in a state. @internal */
  stimuliIn(state: ModelState): Stimulus[] {
    return this.#stimuli.in(state);
  }

  /** Nothing covered yet. */
  coverage(): Coverage {
    return new Coverage(this.#instrumented);
  }

  #walkOf(name: string, { start, steps }: Replayed): Walk {
    return {
      name,
      start: expectationOf(start),
      steps: steps.map(({ stimulus: { event, afterMs }, result }) => ({
        event,
        ...(afterMs === undefined ? {} : { afterMs }),
        expected: expectationOf(result),
        taken: result.taken.map((transition) => this.transitions[transition]?.id ?? ''),
      })),
    };
  }

  *#explore(): Generator<WalkProgress, Graph> {
    this.#graph = yield* this.#search();
    return this.#graph;
  }

  /** No further than each transition was found: the way to it is the shortest then. */
  *#findTransitions(): Generator<WalkProgress, Graph> {
    const missing = new Set(this.transitions.keys());
    return yield* this.#search(({ taken }) => {
      for (const transition of taken) missing.delete(transition);
      return missing.size === 0;
    });
  }

  *#search(isEnough?: (edge: GraphEdge) => boolean): Generator<WalkProgress, Graph> {
    const exploring = explore(this.#stepper, this.#stimuli, this.input, this.#options, isEnough);
    let bit = exploring.next();
    for (; bit.done !== true; bit = exploring.next()) yield { states: bit.value.states, walks: 0 };
    return bit.value;
  }

  /** @param limits - is told what was left out */
  *#plan(
    strategy: Strategy,
    options: WalkOptions,
    coverage: Coverage,
    limits: string[],
  ): Generator<WalkProgress, Iterable<Plan>> {
    checkStrategy(strategy);
    if (strategy === 'random') return this.#planRandom(options);
    if (strategy === 'races') {
      const { interrupts, base } = options;
      if (interrupts === undefined)
        throw new ModelError('the strategy races needs what comes in between: give `interrupts`');
      return this.#planRaces(base ?? (yield* this.walking('transitions')).walks, interrupts);
    }
    const isSearch = this.#graph === null && strategy === 'transitions';
    const graph = isSearch ? yield* this.#findTransitions() : (this.#graph ?? (yield* this.#explore()));
    limits.push(...graph.limits);
    if (strategy === 'pairs') coverage.expectPairs(possiblePairs(graph));
    const { maxLength = 25 } = options;
    return plans[strategy]({ model: this.#instrumented, graph, coverage, maxLength });
  }

  *#planRandom({ seed = 1, weights = {}, maxWalks = 100, maxLength = 20 }: WalkOptions): Generator<Plan> {
    const { filter } = this.#options;
    for (let number = 0; number < maxWalks; number += 1) {
      const random = new Random(seed + number);
      const stimuli: Stimulus[] = [];
      let { state } = this.#stepper.start(this.input);
      while (stimuli.length < maxLength) {
        const { snapshot } = state;
        const choices = this.#stimuli
          .in(state)
          .filter((stimulus) => filter?.({ snapshot, stimulus }) !== false);
        const stimulus = chooseStimulus(random, choices, weights);
        if (stimulus === undefined) break;
        try {
          const { state: next } = this.#stepper.step(state, stimulus);
          state = next;
        } catch {
          // The machine cannot take this example; the strategies that look at all of them say so.
          break;
        }
        stimuli.push(stimulus);
      }
      yield { name: `seed ${seed + number}`, stimuli };
    }
  }

  *#planRaces(base: readonly Walk[], interrupts: NonNullable<WalkOptions['interrupts']>): Generator<Plan> {
    for (const walk of base) yield* interrupted(walk, statesOf(this.replay(walk.steps)), interrupts);
  }
}

/** Makes all bits at once. */
function toEnd<T>(bits: Generator<unknown, T>): T {
  let bit = bits.next();
  while (bit.done !== true) bit = bits.next();
  return bit.value;
}

const plans = {
  states: planStates,
  transitions: planTransitions,
  pairs: planPairs,
  guards: planGuards,
  paths: planPaths,
} as const;

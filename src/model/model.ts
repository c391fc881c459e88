/** A machine as a model of what it describes: its walks, and what they cover. */
import type { AnyStateMachine } from 'xstate';
import { badArgument, ModelError } from '../errors.ts';
import { Coverage } from './coverage.ts';
import { type ExploreOptions, explore, type Graph } from './graph.ts';
import { type Actors, type Instrumented, instrument, type ModelTransition } from './instrument.ts';
import { Random } from './random.ts';
import { type ModelState, Stepper, type Stimulus } from './step.ts';
import { Stimuli, type StimulusOptions } from './stimuli.ts';
import {
  chooseStimulus,
  interrupted,
  type Plan,
  type Planner,
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
  /** Stand-ins of one's own for actors, where the machine looks at them. */
  readonly actors?: Actors;
}

/** The walks of one strategy. */
export interface WalkSet {
  readonly strategy: Strategy;
  readonly walks: readonly Walk[];
  /** What the walks cover if all of them are walked. */
  readonly coverage: Coverage;
  /** Bounds that were met, and events that could not be used, each a sentence; empty if nothing was left out. */
  readonly limits: readonly string[];
}

const isMachine = (value: unknown): value is AnyStateMachine =>
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

/** See {@link createModel}. */
export class Model {
  readonly #instrumented: Instrumented;
  readonly #options: ModelOptions;
  readonly #stepper: Stepper;
  readonly #stimuli: Stimuli;
  #graph: Graph | null = null;

  /** @internal */
  constructor(instrumented: Instrumented, options: ModelOptions) {
    this.#instrumented = instrumented;
    this.#options = options;
    this.#stepper = new Stepper(instrumented, options.input);
    this.#stimuli = new Stimuli(instrumented.machine, options);
  }

  /** The instrumented copy, which runs the walks. @internal */
  get instrumented(): Instrumented {
    return this.#instrumented;
  }

  get input(): unknown {
    return this.#options.input;
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
    this.#graph ??= explore(this.#stepper, this.#stimuli, this.input, this.#options);
    return this.#graph;
  }

  /** @throws ModelError if a state cannot be identified, or `races` has nothing that comes in between */
  walks(strategy: Strategy, options: WalkOptions = {}): WalkSet {
    const { maxWalks = strategy === 'random' ? 100 : 10_000, maxLength = strategy === 'random' ? 20 : 25 } =
      options;
    const coverage = this.coverage();
    const walks: Walk[] = [];
    const names = new Map<string, number>();
    const limits: string[] = [];
    const take = ({ name, stimuli }: Plan): boolean => {
      if (walks.length >= maxWalks) {
        limits.push(`no more than ${maxWalks} walks were made (maxWalks)`);
        return false;
      }
      const count = (names.get(name) ?? 0) + 1;
      names.set(name, count);
      const walked = replay(this.#stepper, this.input, stimuli, true);
      walks.push(this.#walkOf(count === 1 ? name : `${name} #${count}`, walked));
      coverage.begin();
      coverage.add(walked.start);
      for (const { result } of walked.steps) coverage.add(result);
      return true;
    };
    if (strategy === 'random') this.#takeRandom(take, { ...options, maxWalks, maxLength });
    else if (strategy === 'races') this.#takeRaces(take, options);
    else {
      const { graph } = this;
      limits.push(...graph.limits);
      if (strategy === 'pairs') coverage.expectPairs(possiblePairs(graph));
      const planner: Planner = { model: this.#instrumented, graph, coverage, maxLength, take };
      plans[strategy](planner);
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

  #takeRandom(
    take: (plan: Plan) => boolean,
    options: WalkOptions & { maxWalks: number; maxLength: number },
  ): void {
    const { seed = 1, weights = {}, maxWalks, maxLength } = options;
    const { filter } = this.#options;
    for (let number = 1; number <= maxWalks; number += 1) {
      const random = new Random(seed + number - 1);
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
      take({ name: `seed ${seed + number - 1}`, stimuli });
    }
  }

  #takeRaces(take: (plan: Plan) => boolean, { interrupts, base }: WalkOptions): void {
    if (interrupts === undefined)
      throw new ModelError('the strategy races needs what comes in between: give `interrupts`');
    for (const walk of base ?? this.walks('transitions').walks) {
      const states = statesOf(this.replay(walk.steps));
      for (const plan of interrupted(walk, states, interrupts)) if (!take(plan)) return;
    }
  }
}

const plans = {
  states: planStates,
  transitions: planTransitions,
  pairs: planPairs,
  guards: planGuards,
  paths: planPaths,
} as const;

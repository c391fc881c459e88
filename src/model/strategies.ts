/**
 * Ways to choose walks. Each gives names and steps; the model walks them, so what is expected is always what the
 * machine does on that very way.
 *
 * A state of the graph stands for all that are identified alike. A way that was put together of several may so turn
 * out otherwise; then it covers something else, and what is still missing is looked for on other ways.
 */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { ModelError } from '../errors.ts';
import { type Coverage, guardId, pairKey } from './coverage.ts';
import { type Graph, type GraphEdge, type GraphNode, wayTo } from './graph.ts';
import type { Instrumented } from './instrument.ts';
import type { Random } from './random.ts';
import type { ModelState, Stimulus } from './step.ts';
import { describeStimulus, describeValue, type Replayed, type Walk } from './walk.ts';

export const strategies = ['states', 'transitions', 'pairs', 'guards', 'paths', 'random', 'races'] as const;
export type Strategy = (typeof strategies)[number];

/** A way that is to be walked. */
export interface Plan {
  readonly name: string;
  readonly stimuli: readonly Stimulus[];
}

/** An event, or several that come one after the other. */
export type Interrupt = EventObject | readonly EventObject[];

export interface WalkOptions {
  /** Longest list of walks. @defaultValue 10,000; `random` 100 */
  readonly maxWalks?: number;
  /** Longest walk. @defaultValue 25; `random` 20 */
  readonly maxLength?: number;
  /** Of `random`: an integer. @defaultValue 1 */
  readonly seed?: number;
  /** Of `random`: how much more often an event is chosen; 0: never. @defaultValue 1 each */
  readonly weights?: Readonly<Record<string, number>>;
  /** Of `races`: what comes in between. */
  readonly interrupts?: readonly Interrupt[] | ((snapshot: AnyMachineSnapshot) => readonly Interrupt[]);
  /** Of `races`: the walks into which it comes. @defaultValue those of `transitions` */
  readonly base?: readonly Walk[];
}

/** What a strategy works with. */
export interface Planner {
  readonly model: Instrumented;
  readonly graph: Graph;
  /** Of the walks that were taken so far: each plan is walked before the next is asked for. */
  readonly coverage: Coverage;
  readonly maxLength: number;
}

type Plans = Generator<Plan, void>;

const wayOf = (edge: GraphEdge): Stimulus[] => [...wayTo(edge.from), edge.stimulus];

/** Those that no other one begins with. */
const leaves = ({ nodes }: Graph): GraphNode[] => {
  const parents = new Set(nodes.map(({ via }) => via?.from));
  return nodes.filter((node) => !parents.has(node));
};

/** The shortest way to each state; ways to those that lie on another's way are part of it. */
export function* planStates({ graph }: Planner): Plans {
  for (const node of leaves(graph)) {
    const { value } = node.state.snapshot;
    const last = node.via === null ? 'start' : describeStimulus(node.via.stimulus);
    yield { name: `reaches ${describeValue(value)} by ${last}`, stimuli: wayTo(node) };
  }
}

/** Longest first, so that shorter ones are covered on the way; all alike otherwise. */
function byLength(edges: readonly GraphEdge[]): GraphEdge[] {
  return [...edges].sort((one, other) => other.from.state.steps - one.from.state.steps);
}

/** For each transition the edge that is reached first. */
function firstEdges({ nodes }: Graph): Map<number, GraphEdge> {
  const first = new Map<number, GraphEdge>();
  for (const { edges } of nodes)
    for (const edge of edges)
      for (const transition of edge.taken) if (!first.has(transition)) first.set(transition, edge);
  return first;
}

/** Each transition once, each by a shortest way. */
export function* planTransitions({ model, graph, coverage }: Planner): Plans {
  const first = firstEdges(graph);
  for (const edge of byLength([...new Set(first.values())])) {
    const missing = edge.taken.filter(
      (transition) => first.get(transition) === edge && !coverage.hasTransition(transition),
    );
    const [transition] = missing;
    if (transition === undefined) continue;
    yield { name: model.transitions[transition]?.id ?? '', stimuli: wayOf(edge) };
  }
}

/** Each guard by both answers, each by a shortest way. */
export function* planGuards({ model, graph, coverage }: Planner): Plans {
  const first = new Map<string, { transition: number; answer: boolean; edge: GraphEdge }>();
  for (const { edges } of graph.nodes)
    for (const edge of edges)
      for (const [transition, answer] of edge.guards) {
        const key = `${transition} ${answer}`;
        if (!first.has(key)) first.set(key, { transition, answer, edge });
      }
  const all = [...first.values()].sort(
    (one, other) => other.edge.from.state.steps - one.edge.from.state.steps,
  );
  for (const { transition, answer, edge } of all) {
    const asked = model.transitions[transition];
    if (asked === undefined || coverage.hasGuard(transition, answer)) continue;
    yield { name: guardId(asked, answer), stimuli: wayOf(edge) };
  }
}

/** The edges of a state; of those that take the same transitions to the same state, the first. */
function differentEdges({ edges }: GraphNode): GraphEdge[] {
  const different = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const key = `${edge.to.number}: ${edge.taken.join(' ')}`;
    if (!different.has(key)) different.set(key, edge);
  }
  return [...different.values()];
}

/** Every pair of transitions that a graph has one after the other. */
export function possiblePairs({ nodes }: Graph): Set<number> {
  const pairs = new Set<number>();
  const taken = nodes.map((node) => new Set(node.edges.flatMap((edge) => edge.taken)));
  for (const node of nodes)
    for (const first of differentEdges(node))
      for (const one of first.taken)
        for (const two of taken[first.to.number] ?? []) pairs.add(pairKey(one, two));
  return pairs;
}

/** Each transition after each other that it can follow; a walk goes on as long as it finds new ones. */
export function* planPairs({ model, graph, coverage, maxLength }: Planner): Plans {
  const edges = graph.nodes.map(differentEdges);
  const after = ({ to }: GraphEdge): readonly GraphEdge[] => edges[to.number] ?? [];
  const planned = new Set<number>();
  const isFresh = (one: number, two: number): boolean =>
    !coverage.hasPair(one, two) && !planned.has(pairKey(one, two));
  const hasFresh = (first: GraphEdge, second: GraphEdge): boolean =>
    first.taken.some((one) => second.taken.some((two) => isFresh(one, two)));
  const note = (first: GraphEdge, second: GraphEdge): void => {
    for (const one of first.taken) for (const two of second.taken) planned.add(pairKey(one, two));
  };
  const nameOf = (first: GraphEdge, second: GraphEdge): string => {
    const pairs = first.taken.flatMap((one) => second.taken.map((two) => [one, two] as const));
    const [from, to] = pairs.find(([one, two]) => isFresh(one, two)) ?? [-1, -1];
    return `${model.transitions[from]?.id} → ${model.transitions[to]?.id}`;
  };
  const plan = (first: GraphEdge, second: GraphEdge, isAlone: boolean): Plan => {
    const name = nameOf(first, second);
    const stimuli = wayOf(first);
    let last = first;
    for (let next: GraphEdge | undefined = second; next !== undefined; ) {
      stimuli.push(next.stimulus);
      note(last, next);
      last = next;
      if (isAlone || stimuli.length >= maxLength) break;
      next = after(last).find((edge) => hasFresh(last, edge));
    }
    return { name, stimuli };
  };
  // What was planned and turned out otherwise is tried once more, alone.
  for (const isAlone of [false, true]) {
    planned.clear();
    for (const node of graph.nodes)
      for (const first of edges[node.number] ?? [])
        for (const second of after(first)) if (hasFresh(first, second)) yield plan(first, second, isAlone);
  }
}

/** Ways on which no state comes twice, each as long as it can be. */
export function* planPaths({ graph, maxLength }: Planner): Plans {
  const way: GraphEdge[] = [];
  const visited = new Set<GraphNode>();
  function* goOn(node: GraphNode): Plans {
    visited.add(node);
    const next = way.length < maxLength ? node.edges.filter(({ to }) => !visited.has(to)) : [];
    if (next.length === 0)
      yield {
        name: way.map(({ stimulus }) => describeStimulus(stimulus)).join(', ') || 'start',
        stimuli: way.map(({ stimulus }) => stimulus),
      };
    for (const edge of next) {
      way.push(edge);
      yield* goOn(edge.to);
      way.pop();
    }
    visited.delete(node);
  }
  const [start] = graph.nodes;
  if (start !== undefined) yield* goOn(start);
}

/** A choice among what may happen, by weights. */
export function chooseStimulus(
  random: Random,
  choices: readonly Stimulus[],
  weights: Readonly<Record<string, number>>,
): Stimulus | undefined {
  const weightOf = ({ event: { type } }: Stimulus): number => weights[type] ?? 1;
  const sum = choices.reduce((total, choice) => total + weightOf(choice), 0);
  if (sum <= 0) return undefined;
  let at = random.below(2 ** 30) * (sum / 2 ** 30);
  for (const choice of choices) {
    at -= weightOf(choice);
    if (at < 0) return choice;
  }
  return choices.at(-1);
}

/** What comes in between, at every point of a walk; the rest of it goes on, as far as it can. */
export function* interrupted(
  base: Walk,
  states: readonly ModelState[],
  interrupts: NonNullable<WalkOptions['interrupts']>,
): Generator<Plan> {
  for (const [at, { snapshot }] of states.entries()) {
    if (snapshot.status !== 'active') return;
    const all = typeof interrupts === 'function' ? interrupts(snapshot) : interrupts;
    for (const interrupt of all) {
      const events: readonly EventObject[] = [interrupt].flat();
      const types = events.map(({ type }) => type).join(', ');
      yield {
        name: `${base.name}, ${types} ${at === 0 ? 'at the start' : `after step ${at}`}`,
        stimuli: [...base.steps.slice(0, at), ...events.map((event) => ({ event })), ...base.steps.slice(at)],
      };
    }
  }
}

/** The states that a walk goes through, its start among them. */
export const statesOf = ({ start, steps }: Replayed): ModelState[] => [
  start.state,
  ...steps.map(({ result }) => result.state),
];

/** @throws ModelError if it is none */
export function checkStrategy(name: string): Strategy {
  if ((strategies as readonly string[]).includes(name)) return name as Strategy;
  throw new ModelError(`'${name}' is no strategy: give one of ${strategies.join(', ')}`);
}

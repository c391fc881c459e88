/** The states that a model can come to, and the steps between them, breadth first and within bounds. */
import type { AnyMachineSnapshot } from 'xstate';
import { messageOf } from '../errors.ts';
import { type ActorLike, serialise } from './serialise.ts';
import { childrenOf, type ModelState, type Stepper, type StepResult, type Stimulus } from './step.ts';
import type { Stimuli } from './stimuli.ts';
import { describeStimulus } from './walk.ts';

export interface GraphEdge {
  readonly from: GraphNode;
  readonly to: GraphNode;
  readonly stimulus: Stimulus;
  readonly taken: StepResult['taken'];
  readonly guards: StepResult['guards'];
}

export interface GraphNode {
  readonly number: number;
  /** How it was reached first, and so by the fewest steps. */
  readonly state: ModelState;
  /** Null of the first. */
  readonly via: GraphEdge | null;
  readonly edges: GraphEdge[];
}

export interface ExploreOptions {
  /**
   * What identifies a state beside its value, its history and its time-outs. Anything that can be told by text.
   * @defaultValue the whole context, and which children there are
   */
  readonly state?: (snapshot: AnyMachineSnapshot) => unknown;
  /** Steps that are not to be taken are left out. */
  readonly filter?: (step: { readonly snapshot: AnyMachineSnapshot; readonly stimulus: Stimulus }) => boolean;
  /** @defaultValue 10,000 */
  readonly maxStates?: number;
  /** @defaultValue 200,000 */
  readonly maxSteps?: number;
  /** The longest way from the start. @defaultValue 100 */
  readonly maxDepth?: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly start: StepResult;
  readonly edges: number;
  /** What was not looked at, and why; empty if all was. */
  readonly limits: readonly string[];
}

/** So many steps are taken at a time: some tens of milliseconds. */
const STEPS_AT_A_TIME = 500;

const firstLineOf = (text: string): string => text.split('\n', 1)[0] as string;

/** Where examples of a step are given. */
function optionOf({ event: { type } }: Stimulus): string {
  const [, what, child] = /^xstate\.(done|error|snapshot)(?:\.actor)?\.(.+)$/.exec(type) ?? [];
  return child === undefined ? `events['${type}']` : `children['${child}'].${what}`;
}

/** An actor without an id of its own is called by where it comes first: which number it had says nothing. */
function namesByOrder(): (actor: ActorLike) => string {
  const unnamed: ActorLike[] = [];
  return (actor) => {
    if (actor.id !== actor.sessionId) return actor.id;
    if (!unnamed.includes(actor)) unnamed.push(actor);
    return `#${unnamed.indexOf(actor)}`;
  };
}

/** What identifies a state of a model. */
export function identify(state: ModelState, of: ExploreOptions['state']): string {
  const { snapshot, timers, ended } = state;
  const { value, context, status, historyValue } = snapshot;
  const rest = serialise(
    {
      value,
      status,
      history: Object.values(historyValue).map((nodes) => nodes?.map(({ id }) => id)),
      timers: timers.map(({ event, delayMs }) => [event.type, delayMs]),
    },
    'snapshot',
  );
  const nameOf = namesByOrder();
  if (of !== undefined) return rest + serialise(of(snapshot), 'state(snapshot)', nameOf);
  const known = serialise(context, 'context', nameOf);
  const ids = [childrenOf(snapshot), ended].map((actors) => actors.map(nameOf).sort());
  return rest + known + serialise(ids, 'children');
}

/**
 * Tells how far it is, and goes on when it is asked again.
 *
 * @param isEnough - is told of each edge; true ends the search
 * @throws ModelError `ERR_UNSERIALISABLE` if a state cannot be identified
 */
export function* explore(
  stepper: Stepper,
  stimuli: Stimuli,
  input: unknown,
  options: ExploreOptions,
  isEnough: (edge: GraphEdge) => boolean = () => false,
): Generator<{ readonly states: number }, Graph> {
  const { maxStates = 10_000, maxSteps = 200_000, maxDepth = 100, filter } = options;
  const limits = new Set<string>();
  const start = stepper.start(input);
  const nodes: GraphNode[] = [];
  const byKey = new Map<string, GraphNode>();
  const add = (key: string, state: ModelState, via: GraphEdge | null): GraphNode => {
    const node: GraphNode = { number: nodes.length, state, via, edges: [] };
    nodes.push(node);
    byKey.set(key, node);
    return node;
  };
  add(identify(start.state, options.state), start.state, null);
  let steps = 0;
  let edges = 0;
  for (let at = 0; at < nodes.length; at += 1) {
    const from = nodes[at] as GraphNode;
    if (from.state.steps >= maxDepth) {
      limits.add(`no way longer than ${maxDepth} steps was looked at (maxDepth)`);
      continue;
    }
    for (const stimulus of stimuli.in(from.state)) {
      if (filter?.({ snapshot: from.state.snapshot, stimulus }) === false) continue;
      if (steps >= maxSteps) {
        limits.add(`no more than ${maxSteps} steps were looked at (maxSteps)`);
        return { nodes, start, edges, limits: [...limits] };
      }
      steps += 1;
      if (steps % STEPS_AT_A_TIME === 0) yield { states: nodes.length };
      let result: StepResult;
      try {
        result = stepper.step(from.state, stimulus);
      } catch (error) {
        limits.add(
          `${describeStimulus(stimulus)} cannot be taken, as the machine throws (${firstLineOf(messageOf(error))}): if it needs data, give examples by \`${optionOf(stimulus)}\``,
        );
        continue;
      }
      // Nothing happened, and nothing was asked.
      if (result.taken.length === 0 && result.guards.length === 0) continue;
      const key = identify(result.state, options.state);
      const known = byKey.get(key);
      if (known === undefined && nodes.length >= maxStates) {
        limits.add(
          `no more than ${maxStates} states were looked at (maxStates): if the context grows, say by \`state\` what identifies one`,
        );
        continue;
      }
      edges += 1;
      const { taken, guards } = result;
      // A new state knows the edge that it was reached by, and the edge the state.
      const edge = { from, to: from, stimulus, taken, guards };
      edge.to = known ?? add(key, result.state, edge);
      from.edges.push(edge);
      if (isEnough(edge)) return { nodes, start, edges, limits: [...limits] };
    }
  }
  return { nodes, start, edges, limits: [...limits] };
}

/** The steps from the start to a state. */
export function wayTo(node: GraphNode): Stimulus[] {
  const way: Stimulus[] = [];
  for (let via = node.via; via !== null; via = via.from.via) way.push(via.stimulus);
  return way.reverse();
}

/**
 * A machine as a model: a copy whose transitions have names, whose guards are listened to, and of which nothing
 * reaches the world.
 *
 * The copy decides as the machine does. Actors that it would invoke or spawn are stand-ins that do nothing, as their
 * results are events of the model; actions that are functions are noted and not called.
 */
import {
  type AnyActorLogic,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyTransitionDefinition,
  and,
} from 'xstate';
import { namedTransitionsOf, nodesOf, pathOf, transitionsOf, triggerName } from '../diagram/definition.ts';
import { type Actors, quiet, spawningStandIns, standIn } from './quiet.ts';

/** One transition as it stands in the machine's definition. */
export interface ModelTransition {
  /** Unique and stable: `active.running: qemu.STOP [1]`, the number where an event has several. */
  readonly id: string;
  /** The state that has it, as `active.running`; empty for the root. */
  readonly source: string;
  /**
   * As it reads: `qemu.*`, `after 1000`, `always`, `done(loader)`, `error(loader)`, `snapshot(loader)`, `done.state`.
   */
  readonly event: string;
  /** Empty if it has none. */
  readonly targets: readonly string[];
  /** Its guard's name; null if it has none. */
  readonly guard: string | null;
}

/** Is told of every guard that is asked: the number of its transition, and the answer. */
export type GuardListener = (transition: number, answer: boolean) => void;

export interface Instrumented {
  readonly machine: AnyStateMachine;
  /** The one that it is a model of. */
  readonly original: AnyStateMachine;
  readonly transitions: readonly ModelTransition[];
  /** States by their path, in the order of the definition; neither the root nor history is among them. */
  readonly states: readonly string[];
  /** Numbers of the transitions that a microstep took. */
  numbersOf(taken: readonly AnyTransitionDefinition[]): number[];
  /** One listener at a time. */
  listen(listener: GuardListener): void;
}

/** A step that takes more transitions than this, one after the other, is taken for endless. */
const MAX_MICROSTEPS = 10_000;

const actionsOf = (node: AnyStateNode): unknown[] => [
  ...node.entry,
  ...node.exit,
  ...transitionsOf(node).flatMap(({ actions }) => actions),
  ...(node.config.initial === undefined ? [] : node.initial.actions),
];

function quietNode(node: AnyStateNode, actors: Actors): void {
  const quieten = (owner: object, key: string): void => {
    const actions = Reflect.get(owner, key) as readonly unknown[];
    Reflect.set(
      owner,
      key,
      actions.map((action) => quiet(action, actors)),
    );
  };
  quieten(node, 'entry');
  quieten(node, 'exit');
  for (const transition of transitionsOf(node)) quieten(transition, 'actions');
  if (node.config.initial !== undefined) quieten(node.initial, 'actions');
}

/** The context may be made by a function that spawns. */
function quietContext(machine: AnyStateMachine, actors: Actors): void {
  const { config } = machine;
  if (typeof config.context !== 'function') return;
  const context = spawningStandIns(config.context as never, actors);
  Reflect.set(machine, 'config', { ...config, context });
}

/** A stand-in for every name under which the machine may start an actor. */
function standInsFor(machine: AnyStateMachine): Record<string, AnyActorLogic> {
  const names = new Set(Object.keys(machine.implementations.actors));
  const noteName = (of: unknown): void => {
    const src: unknown = (of as { readonly src?: unknown } | null)?.src;
    if (typeof src === 'string') names.add(src);
  };
  Object.values(machine.implementations.actions).forEach(noteName);
  for (const node of nodesOf(machine.root)) [...node.invoke, ...actionsOf(node)].forEach(noteName);
  return Object.fromEntries([...names].map((name) => [name, standIn]));
}

/** Inline logic is taken from the definition: under a name of its own it can be stood in for. */
function nameInlineLogic(node: AnyStateNode, { implementations }: AnyStateMachine, actors: Actors): void {
  for (const invoked of node.invoke) {
    if (typeof invoked.src !== 'string' || !invoked.src.startsWith('xstate.invoke.')) continue;
    const name = `standIn.${invoked.id}`;
    Reflect.set(invoked, 'src', name);
    Reflect.set(implementations.actors, name, actors[invoked.id] ?? standIn);
  }
}

/**
 * Makes a model of a machine; the machine stays as it is.
 *
 * @param actors - stand-ins of one's own
 */
export function instrument(original: AnyStateMachine, actors: Actors = {}): Instrumented {
  const actions = Object.entries(original.implementations.actions);
  const machine: AnyStateMachine = original.provide({
    actions: Object.fromEntries(actions.map(([name, action]) => [name, quiet(action, actors)])),
    actors: { ...standInsFor(original), ...actors },
  } as Parameters<AnyStateMachine['provide']>[0]);
  quietContext(machine, actors);
  const maxIterations = Math.min(machine.options.maxIterations ?? MAX_MICROSTEPS, MAX_MICROSTEPS);
  Reflect.set(machine, 'options', { ...machine.options, maxIterations });
  const nodes = nodesOf(machine.root);
  const transitions: ModelTransition[] = [];
  const numbers = new Map<AnyTransitionDefinition, number>();
  let listener: GuardListener = () => {};

  /** Puts a guard into the place of the transition's own that asks it, and tells the answer. */
  function listenTo(transition: AnyTransitionDefinition, number: number): void {
    if (transition.guard === undefined) return;
    // `and` of one asks the guard itself, wherever it is defined.
    const asking = and([transition.guard] as never) as unknown as { check: (...args: unknown[]) => boolean };
    const { check } = asking;
    asking.check = (...args) => {
      const answer = check(...args);
      listener(number, answer);
      return answer;
    };
    Reflect.set(transition, 'guard', asking);
  }

  for (const node of nodes) {
    nameInlineLogic(node, machine, actors);
    quietNode(node, actors);
    for (const { definition, trigger, ...named } of namedTransitionsOf(node)) {
      const number = transitions.push({ ...named, event: triggerName(trigger) }) - 1;
      numbers.set(definition, number);
      listenTo(definition, number);
    }
  }
  return {
    machine,
    original,
    transitions,
    states: nodes.filter(({ type, path }) => type !== 'history' && path.length > 0).map(pathOf),
    numbersOf: (taken) => taken.flatMap((transition) => numbers.get(transition) ?? []),
    listen(next) {
      listener = next;
    },
  };
}

/** A machine as a plain graph: what every picture is drawn from. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import {
  actionName,
  isClock,
  type NamedTransition,
  namedTransitionsOf,
  pathOf,
  type Trigger,
  triggerName,
} from './definition.ts';

/** A machine, as plain JSON. */
export interface Diagram {
  /** The machine's id. */
  readonly id: string;
  readonly root: DiagramState;
  /** By source in the order of the definition, then by event, then as they are tried. */
  readonly transitions: readonly DiagramTransition[];
}

export interface DiagramState {
  /** As `active.running`; empty for the root. */
  readonly path: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** Of a history state. */
  readonly history: 'shallow' | 'deep' | null;
  /** Where a compound state begins; where a history state leads as long as there is no history. */
  readonly initial: readonly string[];
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly { readonly id: string; readonly src: string | null }[];
  /** In the order of the definition; regions, if it is parallel. */
  readonly states: readonly DiagramState[];
}

export interface DiagramTransition {
  /** Unique and stable, as coverage names it: `active.running: qemu.STOP [1]`. */
  readonly id: string;
  /** The state that has it, as `active.running`; empty for the root. */
  readonly source: string;
  readonly trigger: Trigger;
  /** The trigger in words. */
  readonly event: string;
  /** Empty: its state is not left. */
  readonly targets: readonly string[];
  readonly guard: string | null;
  readonly actions: readonly string[];
  /** Its source is left and entered again. */
  readonly reenter: boolean;
  readonly description: string | null;
}

/** @param machine - any machine of XState 5; it is only read */
export function diagramOf(machine: AnyStateMachine): Diagram {
  return { id: machine.id, root: stateOf(machine.root), transitions: transitionsIn(machine.root) };
}

function stateOf(node: AnyStateNode): DiagramState {
  return {
    path: pathOf(node),
    key: node.key,
    type: node.type,
    history: node.type !== 'history' ? null : node.history === 'deep' ? 'deep' : 'shallow',
    initial: beginningOf(node).map(pathOf),
    description: node.description ?? null,
    tags: node.tags,
    entry: node.entry.filter((action) => !isClock(action)).map(actionName),
    exit: node.exit.filter((action) => !isClock(action)).map(actionName),
    invokes: node.invoke.map(({ id, src }) => ({
      id: id === `0.${node.id}` ? 'invoked' : id,
      src: typeof src === 'string' && !src.startsWith('xstate.invoke.') ? src : null,
    })),
    states: Object.values(node.states).map(stateOf),
  };
}

function beginningOf(node: AnyStateNode): readonly AnyStateNode[] {
  if (node.type === 'compound') return node.initial.target ?? [];
  if (node.type !== 'history') return [];
  const parent = node.parent as AnyStateNode;
  const { target } = node.config as { readonly target?: string };
  if (target === undefined) return beginningOf(parent);
  if (target.startsWith('#')) return [node.machine.getStateNodeById(target)];
  const names = namesIn(target).map((name) => name.replace(/\\(.)/gs, '$1'));
  return [names.reduce((at, name) => at.states[name] as AnyStateNode, parent)];
}

function transitionsIn(node: AnyStateNode): DiagramTransition[] {
  const own = namedTransitionsOf(node)
    .map(transitionOf)
    // Stable: of one event the order is that of trying.
    .sort((one, other) => (one.event < other.event ? -1 : one.event > other.event ? 1 : 0));
  return [...own, ...Object.values(node.states).flatMap(transitionsIn)];
}

function transitionOf({ definition, trigger, ...named }: NamedTransition): DiagramTransition {
  return {
    ...named,
    trigger,
    event: triggerName(trigger),
    actions: definition.actions.map(actionName),
    reenter: definition.reenter,
    description: definition.description ?? null,
  };
}

/** A state and all below it, in the order of the definition. */
export const statesOf = (state: DiagramState): DiagramState[] => [state, ...state.states.flatMap(statesOf)];

/** The names in a path, as they are written in it. */
export const namesIn = (path: string): string[] => path.match(/(?:[^.\\]|\\.)+/gs) ?? [];

/** The state that has a state; empty for those right below the root. */
export const parentOf = (path: string): string => namesIn(path).slice(0, -1).join('.');

/** Whether a state is another one, or in it. All are in the root. */
export const isWithin = (path: string, outer: string): boolean =>
  outer === '' || path === outer || path.startsWith(`${outer}.`);

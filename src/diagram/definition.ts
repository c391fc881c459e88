/** What the definition of a machine says, in words: names of events, guards and actions. */
import type { AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** What a transition waits for. */
export type Trigger =
  | { readonly kind: 'event'; readonly type: string }
  | { readonly kind: 'always' }
  /** `delay`: milliseconds, or the name of a delay. */
  | { readonly kind: 'after'; readonly delay: string }
  /** The states in it came to their end. */
  | { readonly kind: 'done.state' }
  /** An actor ended well, failed, or has a new snapshot; `child`: its id, or `invoked` for one without a name. */
  | { readonly kind: 'done' | 'error' | 'snapshot'; readonly child: string };

/** A name as it stands in a path. A dot is written `\\.`, as XState does, an empty name `\\0`. */
export const nameInPath = (key: string): string => (key === '' ? '\\0' : key.replace(/[.\\]/g, '\\$&'));

/** A path as `active.running`; empty for the root. */
export const pathOf = ({ path }: AnyStateNode): string => path.map(nameInPath).join('.');

/** A node and all below it, in the order of the definition. */
export const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

/** Of one node, in the order of the definition, those of one event as they are tried. */
export const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...(node.always ?? []),
  ...[...node.transitions.values()].flat(),
];

/** @param descriptor - as XState has it, as `xstate.after.1000.order.paying` */
export function triggerOf(descriptor: string, { id }: AnyStateNode): Trigger {
  if (descriptor === '') return { kind: 'always' };
  if (descriptor.startsWith('xstate.after.') && descriptor.endsWith(`.${id}`))
    return { kind: 'after', delay: descriptor.slice('xstate.after.'.length, -id.length - 1) };
  if (descriptor === `xstate.done.state.${id}`) return { kind: 'done.state' };
  const [, kind, child] =
    /^xstate\.(done(?=\.actor)|error(?=\.actor)|snapshot)(?:\.actor)?\.(.+)$/s.exec(descriptor) ?? [];
  return child === undefined
    ? { kind: 'event', type: descriptor }
    : { kind: kind as 'done' | 'error' | 'snapshot', child: child === `0.${id}` ? 'invoked' : child };
}

/** As it reads: `qemu.*`, `after 1000`, `always`, `done(loader)`, `error(loader)`, `snapshot(loader)`, `done.state`. */
export function triggerName(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'event':
      return trigger.type;
    case 'always':
    case 'done.state':
      return trigger.kind;
    case 'after':
      return `after ${trigger.delay}`;
    default:
      return `${trigger.kind}(${trigger.child})`;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const valueText = (value: unknown): string => (isRecord(value) ? JSON.stringify(value) : String(value));

/** A name with those of its parameters that do not depend on the event, as `isFoundAs(paused)`. */
function withParams(type: string, params: unknown): string {
  if (!isRecord(params)) return type;
  const values = Object.values(params).filter((value) => typeof value !== 'function');
  return values.length === 0 ? type : `${type}(${values.map(valueText).join(', ')})`;
}

/** As `isPaid`, `isAtLeast(3)`, `isPaid && !isLate`; `(inline)` for a function without a name. */
export function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  if (typeof guard !== 'function') {
    const { type, params } = guard as { readonly type: string; readonly params?: unknown };
    return withParams(type, params);
  }
  const {
    name,
    guards = [],
    stateValue,
  } = guard as typeof guard & {
    readonly guards?: readonly unknown[];
    readonly stateValue?: unknown;
  };
  // XState's own: and, or, not, stateIn.
  if ('check' in guard) {
    if (name === 'stateIn') return `in ${valueText(stateValue)}`;
    const all = guards.map((one) => (isCompound(one) ? `(${guardName(one)})` : guardName(one)));
    return name === 'not' ? `!${all.join('')}` : all.join(name === 'or' ? ' || ' : ' && ');
  }
  // A function in a `guard` or `cond` member is named after it.
  return name === '' || name === 'guard' ? '(inline)' : name;
}

const isCompound = (guard: unknown): boolean =>
  typeof guard === 'function' && 'guards' in guard && (guard.name === 'and' || guard.name === 'or');

/** As `print`, `setReason(unknown)`, `assign`, `raise NEXT`; `(inline)` for a function without a name. */
export function actionName(action: unknown): string {
  if (typeof action === 'string') return action;
  if (typeof action !== 'function') {
    const { type, params } = action as { readonly type: string; readonly params?: unknown };
    return withParams(type, params);
  }
  const { name, type, event } = action as typeof action & {
    readonly type?: string;
    readonly event?: unknown;
  };
  if (type?.startsWith('xstate.')) {
    const what = isRecord(event) && typeof event.type === 'string' ? ` ${event.type}` : '';
    return `${type.slice('xstate.'.length)}${what}`;
  }
  return ['', 'actions', 'entry', 'exit'].includes(name) ? '(inline)' : name;
}

/** What an `after` adds to its state, to start and to stop its clock: no action of the author's. */
export function isClock(action: unknown): boolean {
  if (typeof action !== 'function') return false;
  const { event, sendId } = action as {
    readonly event?: { readonly type?: unknown };
    readonly sendId?: unknown;
  };
  return [event?.type, sendId].some((of) => typeof of === 'string' && of.startsWith('xstate.after.'));
}

/** One transition as it stands in the definition. */
export interface NamedTransition {
  readonly definition: AnyTransitionDefinition;
  /** Unique and stable: `active.running: qemu.STOP [1]`, the number where an event has several. */
  readonly id: string;
  /** The state that has it, as `active.running`; empty for the root. */
  readonly source: string;
  readonly trigger: Trigger;
  /** Empty if it has none. */
  readonly targets: readonly string[];
  /** Null if it has none. */
  readonly guard: string | null;
}

/** Of a state, in the order of the definition. */
export function namedTransitionsOf(node: AnyStateNode): NamedTransition[] {
  const all = transitionsOf(node);
  const source = pathOf(node);
  // By name: an event may be called as what is no event, as `always`.
  const names = all.map(({ eventType }) => triggerName(triggerOf(eventType, node)));
  return all.map((definition, number) => {
    const { eventType, target, guard } = definition;
    const name = names[number] as string;
    const isOneOfSeveral = names.indexOf(name) !== names.lastIndexOf(name);
    const at = names.slice(0, number).filter((other) => other === name).length;
    const trigger = triggerOf(eventType, node);
    return {
      definition,
      id: `${source || '(root)'}: ${name}${isOneOfSeveral ? ` [${at}]` : ''}`,
      source,
      trigger,
      targets: (target ?? []).map(pathOf),
      guard: guard === undefined ? null : guardName(guard),
    };
  });
}

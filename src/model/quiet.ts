/** Actions of which nothing reaches the world: functions do nothing, actors are stand-ins. */
import {
  type AnyActorLogic,
  type AnyActorRef,
  assign,
  enqueueActions,
  fromCallback,
  spawnChild,
} from 'xstate';

/** Stand-ins by the name of their `src`, or by the id where their logic stands in the definition itself. */
export type Actors = Readonly<Record<string, AnyActorLogic>>;

/** In the place of an actor: it does nothing. */
export const standIn = fromCallback(() => {});

type Args = Readonly<Record<string, unknown>>;
type Spawn = (src: unknown, options?: { readonly id?: string }) => AnyActorRef;
type Expression = (args: Args, params: unknown) => unknown;

/** One of XState's own actions: a function that carries what it was made of. */
interface BuiltIn {
  readonly type: string;
  readonly src: unknown;
  readonly id: unknown;
  readonly assignment: Expression | Readonly<Record<string, unknown>>;
  readonly collect: Expression;
}

const isFunction = (value: unknown): value is Expression => typeof value === 'function';

/** Its function may spawn: what stands there as logic, and not as a name, becomes a stand-in. */
export function spawningStandIns(expression: Expression, actors: Actors): Expression {
  return (args, params) => {
    const spawn: Spawn = (src, options) =>
      (args.spawn as Spawn)(typeof src === 'string' ? src : standInOf(options?.id, actors), options);
    return expression({ ...args, spawn }, params);
  };
}

const standInOf = (id: unknown, actors: Actors): AnyActorLogic =>
  (typeof id === 'string' ? actors[id] : undefined) ?? standIn;

/** The same action, with the same name, that changes nothing but the machine itself. */
export function quiet(action: unknown, actors: Actors): unknown {
  if (!isFunction(action)) return action;
  if (!('resolve' in action)) return Object.defineProperty(() => {}, 'name', { value: action.name });
  const { type, src, id, assignment, collect } = action as unknown as BuiltIn;
  switch (type) {
    case 'xstate.assign':
      return assign(quietAssignment(assignment, actors) as never);
    case 'xstate.spawnChild':
      return typeof src === 'string' ? action : spawnChild(standInOf(id, actors), { ...(action as object) });
    case 'xstate.enqueueActions':
      return enqueueActions(quietCollect(collect, actors) as never);
    default:
      return action;
  }
}

function quietAssignment(assignment: BuiltIn['assignment'], actors: Actors): unknown {
  if (isFunction(assignment)) return spawningStandIns(assignment, actors);
  const properties = Object.entries(assignment).map(([key, value]) => [
    key,
    isFunction(value) ? spawningStandIns(value, actors) : value,
  ]);
  return Object.fromEntries(properties);
}

function quietCollect(collect: Expression, actors: Actors): Expression {
  return (args, params) => {
    const enqueue = args.enqueue as (action: unknown) => void;
    const quietly = (action: unknown): void => enqueue(quiet(action, actors));
    const quietEnqueue = Object.assign(quietly, enqueue, {
      assign: (...given: Parameters<typeof assign>) => quietly(assign(...given)),
      spawnChild: (...given: Parameters<typeof spawnChild>) => quietly(spawnChild(...given)),
    });
    return collect({ ...args, enqueue: quietEnqueue }, params);
  };
}

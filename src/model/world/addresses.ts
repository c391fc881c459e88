/** Where the actors of a world are: a path for each, and what XState wants to know of an actor that makes a step. */
import {
  type AnyActorLogic,
  type AnyActorRef,
  type AnyStateMachine,
  createActor,
  type EventObject,
  fromTransition,
} from 'xstate';
import { type ActorLike, isActorRef, serialise } from '../serialise.ts';

/** What a step of an actor did, as XState executes it. */
export interface Executed {
  readonly type: string;
  readonly params: unknown;
}

type Scope = Parameters<AnyStateMachine['transition']>[2];

/** One place in the world. A later actor of the same path and logic is at the same place. */
export interface Address {
  readonly number: number;
  readonly path: string;
  /** By which its parent knows it. */
  readonly id: string;
  /** Path of its parent; null of an actor that is there from the beginning. */
  readonly parent: string | null;
  /** Under which its parent has its logic; a root's own name. */
  readonly src: string;
  readonly logic: AnyActorLogic;
  readonly scope: Scope;
}

/** Hears everything, and does nothing. */
const deafLogic = fromTransition((state: null) => state, null);

/** Who is not in the world: what comes from there, and what is sent there. */
export const OUTSIDE = 'outside';

/** References to actors: they are never started, they only say where an actor is. */
export class Addresses {
  readonly #outside: AnyActorRef = createActor(deafLogic, { id: OUTSIDE });
  readonly #byPath = new Map<string, Address[]>();
  #count = 0;
  /** What the step under way has done so far. */
  #executed: Executed[] = [];

  constructor() {
    // The same child is made in many branches: under their system ids they would be in each other's way.
    Reflect.set(this.#outside.system, '_set', () => {});
  }

  /** Of an actor that is there from the beginning. */
  rootRef(name: string): AnyActorRef {
    return createActor(deafLogic, { id: name, parent: this.#outside });
  }

  /** @param ref - of the first that was met; any other of the same path says as much */
  at(ref: AnyActorRef, logic: AnyActorLogic, src: string): Address {
    const path = this.pathOf(ref);
    let places = this.#byPath.get(path);
    if (places === undefined) {
      places = [];
      this.#byPath.set(path, places);
    }
    const known = places.find((place) => place.logic === logic);
    if (known !== undefined) return known;
    const parent = ref._parent === this.#outside ? null : this.pathOf(ref._parent as AnyActorRef);
    const scope = this.#scopeOf(ref);
    const address = { number: this.#count, path, id: ref.id, parent, src, logic, scope };
    this.#count += 1;
    places.push(address);
    return address;
  }

  readonly pathOf = (ref: ActorLike & { readonly _parent?: AnyActorRef | undefined }): string =>
    ref._parent === undefined || ref._parent === this.#outside
      ? ref.id
      : `${this.pathOf(ref._parent)}/${ref.id}`;

  /** Values as text; actors by their paths. @throws ModelError `ERR_UNSERIALISABLE` */
  text(value: unknown, what: string): string {
    return serialise(value, what, this.pathOf);
  }

  /** Plain data of any value, for a trace: actors by their paths, errors by what they say. */
  readonly plain = (value: unknown): unknown => {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (isActorRef(value)) return `→${this.pathOf(value)}`;
    if (Array.isArray(value)) return value.map(this.plain);
    if (typeof value === 'function') return `${value.name}()`;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => [key, this.plain(member)]),
    );
  };

  /** Runs one step of an actor. @returns what it made, and what it did, in order */
  run<T>(make: () => T): { readonly made: T; readonly executed: readonly Executed[] } {
    this.#executed = [];
    const made = make();
    return { made, executed: this.#executed };
  }

  #scopeOf(self: AnyActorRef): Scope {
    return {
      self,
      system: this.#outside.system,
      id: self.id,
      sessionId: self.sessionId,
      logger: () => {},
      defer: () => {},
      stopChild: () => {},
      emit: () => {},
      actionExecutor: ({ type, params }) => {
        this.#executed.push({ type, params });
      },
    };
  }
}

/** The event that a parent is told when a child ended. */
export function endedEvent(actorId: string, result: { output: unknown } | { error: unknown }): EventObject {
  const what = 'output' in result ? 'done' : 'error';
  const event: EventObject & { readonly actorId: string } = {
    type: `xstate.${what}.actor.${actorId}`,
    actorId,
    ...result,
  };
  return event;
}

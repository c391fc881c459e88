/**
 * The states of single actors, and the steps between them.
 *
 * A step depends on nothing but the actor's own state and the event, so each is made once and then looked up: a world
 * of a million states has some thousand of them. That is why a machine must not look into another actor.
 */
import type { AnyActorLogic, AnyActorRef, AnyMachineSnapshot, EventObject } from 'xstate';
import { messageOf } from '../../errors.ts';
import { type Address, type Addresses, type Executed, endedEvent } from './addresses.ts';
import { Interned } from './interned.ts';
import type { Happening, WorldOutcome, WorldSnapshot } from './options.ts';

/** A time-out that is pending. */
export interface LocalTimeout {
  readonly id: string | undefined;
  readonly event: EventObject;
  readonly delayMs: number;
  /** Path of the actor that the event goes to. */
  readonly to: string;
}

/** A message of one actor to another. */
export interface Message {
  readonly number: number;
  readonly from: string;
  readonly event: EventObject;
}

/** The state of one actor. */
export interface Local {
  readonly number: number;
  readonly address: Address;
  readonly snapshot: WorldSnapshot;
  readonly timeouts: readonly LocalTimeout[];
  /** What was looked up of it, by the number of a message. */
  readonly handled: Map<number, LocalStep>;
  /** By the number of a time-out. */
  readonly passed: Map<number, LocalStep>;
  /** By the number of an outcome. */
  readonly ended: Map<number, LocalStep>;
}

/** An actor that is there, and what waits for it: numbers of messages, in order. */
export interface Live {
  readonly number: number;
  readonly local: Local;
  readonly box: readonly number[];
}

/** What a step of an actor does to the world, in order. Each is told, by the number of its happening. */
export type Effect =
  | { readonly kind: 'told'; readonly told: number }
  | { readonly kind: 'send'; readonly to: string; readonly message: number; readonly told: number }
  | { readonly kind: 'start'; readonly step: LocalStep; readonly told: number }
  | { readonly kind: 'stop'; readonly path: string; readonly told: number };

export interface LocalStep {
  readonly next: Local;
  readonly effects: readonly Effect[];
}

interface Sent {
  readonly to?: AnyActorRef;
  readonly event: EventObject;
  readonly id?: string;
  readonly delay?: number;
}

interface Spawned {
  readonly actorRef: AnyActorRef;
  readonly src: unknown;
  readonly input: unknown;
}

/** Machines, and logic of pure transitions; any other logic runs by itself, so it only ends, by an outcome. */
const isStepped = (logic: AnyActorLogic): boolean => '__xstatenode' in logic || !('start' in logic);

export class Locals {
  readonly addresses: Addresses;
  readonly #locals = new Interned<Local>();
  readonly #lives = new Interned<Live>();
  readonly #messages = new Interned<Message>();
  readonly #happenings = new Interned<Happening>();
  readonly #starts = new Map<string, LocalStep>();
  readonly #lost = new Map<string, number>();

  constructor(addresses: Addresses) {
    this.addresses = addresses;
  }

  message = (number: number): Message => this.#messages.value(number);
  happening = (number: number): Happening => this.#happenings.value(number);

  live(local: Local, box: readonly number[]): Live {
    return this.#lives.of(`${local.number} ${box.join(' ')}`, (number) => ({ number, local, box }));
  }

  /** The number of a message. */
  messageOf(from: string, event: EventObject): number {
    const text = `${from} ${this.addresses.text(event, event.type)}`;
    return this.#messages.number(text, (number) => ({ number, from, event }));
  }

  /** The number of a happening. */
  tell(happening: Happening): number {
    return this.#happenings.number(this.addresses.text(happening, happening.what), () => happening);
  }

  /** The number of the happening that a message came to nobody. */
  lost(actor: string, message: number): number {
    const key = `${actor} ${message}`;
    let number = this.#lost.get(key);
    if (number === undefined) {
      number = this.tell({ what: 'lost', actor, event: this.message(message).event });
      this.#lost.set(key, number);
    }
    return number;
  }

  /** An actor begins. */
  start(address: Address, input: unknown): LocalStep {
    const key = `${address.number} ${this.addresses.text(input, `the input of ${address.path}`)}`;
    let step = this.#starts.get(key);
    if (step === undefined) {
      step = isStepped(address.logic)
        ? this.#make(address, [], () => address.logic.getInitialSnapshot(address.scope, input))
        : { next: this.#intern(address, { status: 'active', input }, []), effects: [] };
      this.#starts.set(key, step);
    }
    return step;
  }

  /** It handles a message. One that ended handles none. */
  handle(local: Local, number: number): LocalStep {
    return lookUp(local.handled, number, () => {
      const { address, snapshot, timeouts } = local;
      const { from, event } = this.message(number);
      const told = this.tell({ what: 'came', actor: address.path, from, event });
      const { next, effects } = this.#make(address, timeouts, () =>
        address.logic.transition(snapshot, event, address.scope),
      );
      return { next, effects: [{ kind: 'told', told }, ...effects] };
    });
  }

  /** A time-out is over: its event is sent. */
  pass(local: Local, at: number): LocalStep {
    return lookUp(local.passed, at, () => {
      const { address, snapshot, timeouts } = local;
      const { event, to } = timeouts[at] as LocalTimeout;
      return {
        next: this.#intern(
          address,
          snapshot,
          timeouts.filter((_, other) => other !== at),
        ),
        effects: [this.#send(address.path, to, event)],
      };
    });
  }

  /** An actor that is no machine ends. @param number - of the outcome, among those of its `src` */
  end(local: Local, number: number, outcome: WorldOutcome): LocalStep {
    return lookUp(local.ended, number, () => {
      const { address, snapshot } = local;
      const status = 'output' in outcome ? 'done' : 'error';
      return {
        next: this.#intern(address, { ...snapshot, ...outcome, status }, []),
        effects: this.#tellParent(address, outcome),
      };
    });
  }

  #make(
    address: Address,
    before: readonly LocalTimeout[],
    make: () => ReturnType<AnyActorLogic['transition']>,
  ): LocalStep {
    const { path } = address;
    let result: ReturnType<typeof this.addresses.run<WorldSnapshot>>;
    try {
      result = this.addresses.run(make);
    } catch (error) {
      // What it did before is not done: XState executes a step when it is through.
      const failed: WorldSnapshot = { status: 'error', error };
      return { next: this.#intern(address, failed, []), effects: this.#tellParent(address, { error }) };
    }
    const { made, executed } = result;
    let timeouts = before;
    const effects: Effect[] = [];
    for (const action of executed) {
      const change = timeoutsAfter(timeouts, action, path, this.addresses);
      if (change !== null) timeouts = change;
      else effects.push(...this.#effectsOf(action, path));
    }
    if (made.status !== 'active') {
      timeouts = [];
      const { output, error } = made;
      effects.push(...this.#tellParent(address, made.status === 'error' ? { error } : { output }));
    }
    return { next: this.#intern(address, made, timeouts), effects };
  }

  #effectsOf({ type, params }: Executed, actor: string): Effect[] {
    switch (type) {
      case 'xstate.sendTo': {
        const { to, event } = params as Sent;
        return [this.#send(actor, to === undefined ? actor : this.addresses.pathOf(to), event)];
      }
      case 'xstate.emit': {
        const { event } = params as Sent;
        return [{ kind: 'told', told: this.tell({ what: 'emitted', actor, event }) }];
      }
      case 'xstate.spawnChild': {
        const { actorRef, src, input } = params as Spawned;
        const name = typeof src === 'string' ? src : 'logic';
        const { logic } = actorRef as unknown as { readonly logic: AnyActorLogic };
        const address = this.addresses.at(actorRef, logic, name);
        const told = this.tell({ what: 'started', actor: address.path, src: name, input });
        return [{ kind: 'start', step: this.start(address, input), told }];
      }
      case 'xstate.stopChild': {
        if (params === undefined) return [];
        const path = this.addresses.pathOf(params as AnyActorRef);
        return [{ kind: 'stop', path, told: this.tell({ what: 'stopped', actor: path }) }];
      }
      default:
        if (type.startsWith('xstate.')) return [];
        return [{ kind: 'told', told: this.tell({ what: 'did', actor, action: type, params }) }];
    }
  }

  #send(actor: string, to: string, event: EventObject): Effect {
    const told = this.tell({ what: 'sent', actor, to, event });
    return { kind: 'send', to, message: this.messageOf(actor, event), told };
  }

  #tellParent({ path, id, parent }: Address, result: WorldOutcome): Effect[] {
    return parent === null ? [] : [this.#send(path, parent, endedEvent(id, result))];
  }

  #intern(address: Address, snapshot: WorldSnapshot, timeouts: readonly LocalTimeout[]): Local {
    const { path } = address;
    const text = this.addresses.text([identityOf(snapshot), timeouts], path);
    return this.#locals.of(`${address.number} ${text}`, (number) => ({
      number,
      address,
      snapshot,
      timeouts,
      handled: new Map(),
      passed: new Map(),
      ended: new Map(),
    }));
  }
}

function lookUp(steps: Map<number, LocalStep>, number: number, make: () => LocalStep): LocalStep {
  let step = steps.get(number);
  if (step === undefined) {
    step = make();
    steps.set(number, step);
  }
  return step;
}

/** What tells two states of an actor apart. */
function identityOf(snapshot: WorldSnapshot): unknown {
  if (!('_nodes' in snapshot)) return snapshot;
  const { value, status, context, children, historyValue, output, error } = snapshot as AnyMachineSnapshot;
  return {
    value,
    status,
    context,
    children: Object.keys(children).sort(),
    history: Object.values(historyValue).map((nodes) => nodes?.map(({ id }) => id)),
    output,
    error: error instanceof Error ? messageOf(error) : error,
  };
}

/** Null: the action sets and cancels none. */
function timeoutsAfter(
  timeouts: readonly LocalTimeout[],
  { type, params }: Executed,
  path: string,
  addresses: Addresses,
): readonly LocalTimeout[] | null {
  if (type === 'xstate.cancel')
    return timeouts.filter(({ id }) => id !== (params as { sendId: string }).sendId);
  if (type !== 'xstate.raise' && type !== 'xstate.sendTo') return null;
  const { to, event, id, delay } = params as Sent;
  if (typeof delay !== 'number') return null;
  const target = to === undefined ? path : addresses.pathOf(to);
  return [...timeouts, { id, event, delayMs: delay, to: target }];
}

/** A world: its start, what may happen in a state, and what comes of it. Pure. */
import type { AnyActorRef, AnyStateMachine, EventObject } from 'xstate';
import { badArgument, ModelError } from '../../errors.ts';
import { Addresses, endedEvent, OUTSIDE } from './addresses.ts';
import { type Live, type Local, Locals } from './locals.ts';
import { Memories } from './memories.ts';
import type { OutsideEvent, WorldActor, WorldOptions, WorldOutcome } from './options.ts';
import { Draft, type WorldState } from './state.ts';
import { View } from './view.ts';

/** One thing that may happen. `at`: which of the actors that are there. */
export type Move =
  /** `index`: in its mailbox. */
  | { readonly kind: 'message'; readonly at: number; readonly index: number }
  | { readonly kind: 'outcome'; readonly at: number; readonly number: number }
  | { readonly kind: 'timeout'; readonly at: number; readonly number: number }
  | { readonly kind: 'outside'; readonly number: number };

/** What a move makes. `told`: what happened, by the numbers of the happenings. */
export interface Made {
  readonly state: WorldState;
  readonly told: readonly number[];
}

interface Outside extends OutsideEvent {
  readonly message: number;
}

/** What an actor may do by itself, by its state. */
interface Own {
  readonly outcomes: readonly WorldOutcome[];
  /** Numbers of the time-outs that may pass. */
  readonly timeouts: readonly number[];
}

const isMachine = (value: unknown): value is AnyStateMachine =>
  typeof value === 'object' && value !== null && '__xstatenode' in value;

export class World {
  readonly locals = new Locals(new Addresses());
  readonly memories: Memories;
  readonly outside: readonly Outside[];
  readonly #options: WorldOptions;
  readonly #mailboxes: NonNullable<WorldOptions['mailboxes']>;
  readonly #own = new Map<number, Own>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#mailboxes = options.mailboxes ?? 'receiver';
    this.memories = new Memories(options.observers ?? {}, this.locals);
    this.outside = (options.outside ?? []).map((outside) => ({
      ...outside,
      message: this.locals.messageOf(OUTSIDE, outside.event),
    }));
  }

  /** @throws TypeError for an actor that has no machine */
  start(): Made {
    const { actors } = this.#options;
    const { addresses } = this.locals;
    const refs: Record<string, AnyActorRef> = {};
    for (const name of Object.keys(actors)) {
      if (name === '' || name.includes('/'))
        throw badArgument('actors', 'names that are not empty and have no slash', name);
      refs[name] = addresses.rootRef(name);
    }
    const draft = this.#draft([]);
    for (const [name, given] of Object.entries(actors)) {
      const { machine, input }: WorldActor = isMachine(given) ? { machine: given } : given;
      if (!isMachine(machine)) throw badArgument(`actors.${name}`, 'a machine of XState 5', machine);
      const address = addresses.at(refs[name] as AnyActorRef, machine, name);
      draft.start(this.locals.start(address, typeof input === 'function' ? input(refs) : input));
    }
    const came = this.outside.map(() => 0);
    return this.#made(draft, { live: [], came, memories: this.memories.start() });
  }

  view = (state: WorldState): View => new View(state, this.locals, this.memories);

  /** All that may happen, in a stable order. */
  moves(state: WorldState): Move[] {
    const moves: Move[] = [];
    for (const [at, { local, box }] of state.live.entries()) {
      for (const index of this.#nextOf(box)) moves.push({ kind: 'message', at, index });
      const { outcomes, timeouts } = this.#ownOf(local);
      for (const number of outcomes.keys()) moves.push({ kind: 'outcome', at, number });
      for (const number of timeouts) moves.push({ kind: 'timeout', at, number });
    }
    const view = this.view(state);
    for (const [number, { to, times = 1, when }] of this.outside.entries())
      if ((state.came[number] as number) < times && view.snapshot(to)?.status === 'active')
        if (when === undefined || when(view)) moves.push({ kind: 'outside', number });
    return moves;
  }

  /** Nothing can happen unless something comes from outside. */
  isAtRest = ({ live }: WorldState): boolean =>
    live.every(({ local, box }) => {
      const { outcomes, timeouts } = this.#ownOf(local);
      return box.length === 0 && outcomes.length === 0 && timeouts.length === 0;
    });

  make(state: WorldState, move: Move): Made {
    const draft = this.#draft(state.live);
    if (move.kind === 'outside') {
      const { to, message } = this.outside[move.number] as Outside;
      const at = state.live.findIndex(({ local }) => local.address.path === to);
      if (this.#mailboxes === 'pair') draft.handle(at, message, (state.live[at] as Live).box);
      else draft.send(to, message);
      const came = state.came.map((count, number) => (number === move.number ? count + 1 : count));
      return this.#made(draft, { ...state, came });
    }
    const { at } = move;
    const { local, box } = state.live[at] as Live;
    if (move.kind === 'message')
      draft.handle(at, box[move.index] as number, [
        ...box.slice(0, move.index),
        ...box.slice(move.index + 1),
      ]);
    else if (move.kind === 'outcome') {
      const outcome = this.#ownOf(local).outcomes[move.number] as WorldOutcome;
      draft.step(at, this.locals.end(local, move.number, outcome), box);
    } else draft.pass(at, this.locals.pass(local, move.number));
    return this.#made(draft, state);
  }

  /** What its parent is told of an outcome of an actor. */
  readonly toldOf = (
    local: Local,
    number: number,
  ): { readonly from: string; readonly to: string; readonly event: EventObject; readonly name: string } => {
    const { path, id, parent } = local.address;
    const outcome = this.#ownOf(local).outcomes[number] as WorldOutcome;
    const name = 'output' in outcome ? 'is done' : 'fails';
    return { from: path, to: parent ?? OUTSIDE, event: endedEvent(id, outcome), name };
  };

  #draft(live: readonly Live[]): Draft {
    return new Draft(live, this.locals, this.#mailboxes);
  }

  #made({ live, told }: Draft, { came, memories }: WorldState): Made {
    return { state: { live, came, memories: this.memories.after(memories, told) }, told };
  }

  /** Which of the messages that wait may be next. */
  #nextOf(box: readonly number[]): readonly number[] {
    if (box.length < 2 || this.#mailboxes !== 'pair') return box.length === 0 ? [] : [0];
    const from = (index: number): string => this.locals.message(box[index] as number).from;
    return [...box.keys()].filter((index) => index === 0 || from(index) !== from(index - 1));
  }

  #ownOf(local: Local): Own {
    let own = this.#own.get(local.number);
    if (own === undefined) {
      own = { outcomes: this.#outcomesOf(local), timeouts: this.#timeoutsOf(local) };
      this.#own.set(local.number, own);
    }
    return own;
  }

  #outcomesOf({
    address: { path, src, logic },
    snapshot: { status, input },
  }: Local): readonly WorldOutcome[] {
    if (isMachine(logic) || status !== 'active') return [];
    const given = this.#options.outcomes?.[src];
    const outcomes = typeof given === 'function' ? given({ path, src, input }) : (given ?? []);
    if (!Array.isArray(outcomes))
      throw new ModelError(`outcomes.${src} is no list, and no function that gives one`);
    return outcomes;
  }

  #timeoutsOf({ address: { path }, timeouts }: Local): readonly number[] {
    const { timeouts: may = true } = this.#options;
    const numbers = [...timeouts.keys()];
    if (typeof may === 'boolean') return may ? numbers : [];
    return numbers.filter((number) => {
      const { event, delayMs } = timeouts[number] as Local['timeouts'][number];
      return may({ actor: path, event, delayMs });
    });
  }
}

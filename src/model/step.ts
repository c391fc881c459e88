/**
 * One step of a model: a state and an event make the next state, and what follows from it.
 *
 * Pure: nothing is started, sent or waited for. What an actor would do is told as effects, in order; its time-outs
 * are part of the state, and pass when the walk says so.
 */
import {
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyTransitionDefinition,
  createActor,
  type EventObject,
  fromTransition,
  type InspectionEvent,
} from 'xstate';
import { ModelError, messageOf } from '../errors.ts';
import { type Action, describeEffect, ownEffect } from './effect.ts';
import type { Instrumented } from './instrument.ts';
import { describeShown, type Shown, type Shows } from './shown.ts';

/** What a walk does at one point. */
export interface Stimulus {
  readonly event: EventObject;
  /** The event is not sent: it comes from a time-out of this delay, which is over now. */
  readonly afterMs?: number;
  /** The how manieth of the examples of its type it is. @internal */
  readonly example?: number;
}

/** A time-out of `after`, or an event that the machine sends itself later. */
export interface Timer {
  /** The how manieth that the actor set. */
  readonly number: number;
  /** By which it is cancelled; undefined: it cannot be. */
  readonly id: string | undefined;
  readonly event: EventObject;
  readonly delayMs: number;
  /** The step that set it; 0 is the start. */
  readonly step: number;
}

/** Where a walk is. */
export interface ModelState {
  readonly snapshot: AnyMachineSnapshot;
  /** Pending, in the order in which they were set. */
  readonly timers: readonly Timer[];
  readonly timersSet: number;
  /** Children that are done or have failed. They are still among the machine's children until it stops them. */
  readonly ended: readonly AnyActorRef[];
  /** Actors started on the way here: one without an id of its own is named by its number. */
  readonly actorsMade: number;
  /** What can be seen of it. */
  readonly shown: Shown;
  /** Steps made so far. */
  readonly steps: number;
}

/** What one step did. */
export interface StepResult {
  readonly state: ModelState;
  /** Numbers of the transitions that were taken, in order. */
  readonly taken: readonly number[];
  /** Every state that the machine was in meanwhile, also those that it left at once. */
  readonly nodes: ReadonlySet<AnyStateNode>;
  /** Every guard that was asked, by its transition's number. */
  readonly guards: readonly (readonly [transition: number, answer: boolean])[];
  readonly effects: readonly string[];
}

/** One step has no more effects than this; more is taken for a loop without end. */
const MAX_EFFECTS = 10_000;

/** Hears what is sent to the machine's parent, and does nothing. */
export const parentLogic = fromTransition((state: null) => state, null);

/** The time-out that a stimulus means; undefined if it is an event that is sent. */
export const timerOf = ({ timers }: ModelState, { event, afterMs }: Stimulus): Timer | undefined =>
  afterMs === undefined
    ? undefined
    : timers.find((timer) => timer.event.type === event.type && timer.delayMs === afterMs);

export const childrenOf = ({ children }: AnyMachineSnapshot): AnyActorRef[] =>
  Object.values(children).filter((child): child is AnyActorRef => child !== undefined);

/** The children that may still tell something. */
export const runningChildren = ({ snapshot, ended }: ModelState): AnyActorRef[] =>
  childrenOf(snapshot).filter((child) => !ended.includes(child));

/** The child whose result an event is: it is done, or has failed. */
export const endedBy = (children: readonly AnyActorRef[], { type }: EventObject): AnyActorRef[] =>
  children.filter(({ id }) => type === `xstate.done.actor.${id}` || type === `xstate.error.actor.${id}`);

/** XState finds a time-out by its id alone: one that is set hides an older one, one that is over hides the rest. */
const hide = (timers: readonly Timer[], id: string | undefined): Timer[] =>
  timers.map((timer) => (id !== undefined && timer.id === id ? { ...timer, id: undefined } : timer));

/**
 * Whether it can be over before the others: none that was set before it, or with it, is due sooner.
 */
export const canFire = ({ timers }: ModelState, timer: Timer): boolean =>
  timers.every(
    (other) =>
      other === timer ||
      other.step > timer.step ||
      other.delayMs > timer.delayMs ||
      (other.delayMs === timer.delayMs && other.number > timer.number),
  );

/** Steps of one machine. */
export class Stepper {
  readonly #model: Instrumented;
  readonly #shows: Shows | undefined;
  readonly #self: AnyActorRef;
  readonly #scope: Parameters<AnyStateMachine['transition']>[2];
  #named = new Map<string, AnyActorRef>();
  #actorsMade = 0;
  #actions: Action[] = [];
  #taken: number[] = [];
  #nodes = new Set<AnyStateNode>();
  #guards: (readonly [number, boolean])[] = [];

  constructor(model: Instrumented, input: unknown, shows?: Shows) {
    const { machine } = model;
    this.#model = model;
    this.#shows = shows;
    const parent = createActor(parentLogic, {
      id: 'parent',
      inspect: (inspected: InspectionEvent) => {
        if (inspected.type === '@xstate.microstep' && inspected.actorRef === this.#self)
          this.#note(
            inspected._transitions as AnyTransitionDefinition[],
            inspected.snapshot as AnyMachineSnapshot,
          );
      },
    });
    // Actors are found and numbered as on the way of the step, and not as in the other steps that were made.
    Object.assign(parent.system, {
      _bookId: () => `x:${this.#actorsMade++}`,
      _set: (name: string, actor: AnyActorRef) => this.#named.set(name, actor),
      get: (name: string) => this.#named.get(name),
    });
    this.#self = createActor(machine, { id: machine.id, parent, input });
    this.#scope = {
      self: this.#self,
      system: parent.system,
      id: machine.id,
      sessionId: this.#self.sessionId,
      logger: () => {},
      defer: () => {},
      stopChild: () => {},
      emit: () => {},
      actionExecutor: ({ type, params }) => {
        this.#actions.push({ type, params });
      },
    };
  }

  /** @throws ModelError if the machine does not start */
  start(input: unknown): StepResult {
    // The machine itself is the first actor.
    const none = { timers: [], timersSet: 0, ended: [], actorsMade: 1, shown: {}, steps: 0 };
    const started = this.#make(none, [], () => this.#model.machine.getInitialSnapshot(this.#scope, input));
    const { status, error } = started.state.snapshot;
    if (status === 'error')
      throw new ModelError(`the machine does not start (${messageOf(error)}): does it need \`input\`?`, {
        cause: error,
      });
    return started;
  }

  /** @throws whatever the machine's own functions throw; ModelError `ERR_WALK` for a time-out that is not pending */
  step(state: ModelState, stimulus: Stimulus): StepResult {
    const timer = timerOf(state, stimulus);
    if (timer === undefined && stimulus.afterMs !== undefined)
      throw new ModelError(`no time-out of ${stimulus.afterMs} ms is pending for ${stimulus.event.type}`, {
        code: 'ERR_WALK',
      });
    const pending = state.timers.filter((other) => other !== timer);
    const running = runningChildren(state);
    const before = {
      ...state,
      timers: timer === undefined ? pending : hide(pending, timer.id),
      ended: [...state.ended, ...endedBy(running, stimulus.event)],
      steps: state.steps + 1,
    };
    const named = running.filter((child) => !before.ended.includes(child));
    return this.#make(before, named, () => this.#transition(state.snapshot, stimulus.event));
  }

  #transition(snapshot: AnyMachineSnapshot, event: EventObject): AnyMachineSnapshot {
    return this.#model.machine.transition(snapshot, event, this.#scope);
  }

  #note(transitions: readonly AnyTransitionDefinition[], { _nodes: nodes }: AnyMachineSnapshot): void {
    this.#taken.push(...this.#model.numbersOf(transitions));
    for (const node of nodes) this.#nodes.add(node);
    // What is left at once in the first step of all is in no snapshot.
    for (const { source } of transitions)
      for (let node: AnyStateNode | undefined = source; node !== undefined; node = node.parent)
        this.#nodes.add(node);
  }

  /** What a machine sends itself comes to it before anything else does. */
  #make(
    before: Omit<ModelState, 'snapshot'>,
    children: readonly AnyActorRef[],
    first: () => AnyMachineSnapshot,
  ): StepResult {
    this.#actorsMade = before.actorsMade;
    this.#named = new Map(children.map((child) => [Reflect.get(child, 'systemId') as string, child]));
    this.#actions = [];
    this.#taken = [];
    this.#nodes = new Set();
    this.#guards = [];
    this.#model.listen((transition, answer) => this.#guards.push([transition, answer]));
    let snapshot = first();
    let { timers, timersSet } = before;
    const actions = this.#actions;
    for (let at = 0; at < actions.length; at += 1) {
      const action = actions[at] as Action;
      if (at > MAX_EFFECTS)
        throw new ModelError('the machine sends itself one event after the other', { code: 'ERR_ENDLESS' });
      const own = ownEffect(action, this.#self);
      if (own === null) continue;
      if (own.kind === 'now') {
        if (snapshot.status === 'active') snapshot = this.#transition(snapshot, own.event);
      } else if (own.kind === 'cancel') timers = timers.filter(({ id }) => id !== own.id);
      else {
        timersSet += 1;
        if (own.kind === 'timer')
          timers = [...hide(timers, own.id), { ...own, number: timersSet, step: before.steps }];
      }
    }
    if (snapshot.status !== 'active') timers = [];
    for (const node of snapshot._nodes) this.#nodes.add(node);
    const present = childrenOf(snapshot);
    const ended = before.ended.filter((child) => present.includes(child));
    const { steps } = before;
    const shown = this.#shows?.(snapshot) ?? {};
    return {
      state: { snapshot, timers, timersSet, ended, actorsMade: this.#actorsMade, shown, steps },
      taken: this.#taken,
      nodes: this.#nodes,
      guards: this.#guards,
      // Put into words when somebody asks: to look for states, nobody does.
      get effects() {
        const done = actions.flatMap((action) => describeEffect(action) ?? []);
        return [...done, ...describeShown(shown, before.shown)];
      },
    };
  }
}

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
  type AnyTransitionDefinition,
  createActor,
  type EventObject,
  fromTransition,
  type InspectionEvent,
} from 'xstate';
import { ModelError } from '../errors.ts';
import { type Action, describeEffect, ownEffect } from './effect.ts';
import type { Instrumented } from './instrument.ts';

/** What a walk does at one point. */
export interface Stimulus {
  readonly event: EventObject;
  /** The event is not sent: it comes from a time-out of this delay, which is over now. */
  readonly afterMs?: number;
}

/** A time-out of `after`, or an event that the machine sends itself later. */
export interface Timer {
  /** The how manieth that the actor set. */
  readonly number: number;
  /** By which it is cancelled. */
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
  /** Steps made so far. */
  readonly steps: number;
}

/** What one step did. */
export interface StepResult {
  readonly state: ModelState;
  /** Numbers of the transitions that were taken, in order. */
  readonly taken: readonly number[];
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
  readonly #self: AnyActorRef;
  readonly #scope: Parameters<AnyStateMachine['transition']>[2];
  #actions: Action[] = [];
  #taken: number[] = [];
  #guards: (readonly [number, boolean])[] = [];

  /** @throws whatever the machine makes of the input */
  constructor(model: Instrumented, input: unknown) {
    const { machine } = model;
    this.#model = model;
    const parent = createActor(parentLogic, {
      id: 'parent',
      inspect: (inspected: InspectionEvent) => {
        if (inspected.type !== '@xstate.microstep') return;
        this.#taken.push(...model.numbersOf(inspected._transitions as AnyTransitionDefinition[]));
      },
    });
    // Each step starts its children anew: under their system ids they would be in each other's way.
    Reflect.set(parent.system, '_set', () => {});
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

  /** @throws whatever the machine's own functions throw */
  start(input: unknown): StepResult {
    const none = { timers: [], timersSet: 0, steps: 0 };
    return this.#make(none, () => this.#model.machine.getInitialSnapshot(this.#scope, input));
  }

  /** @throws whatever the machine's own functions throw; ModelError `ERR_WALK` for a time-out that is not pending */
  step(state: ModelState, stimulus: Stimulus): StepResult {
    const timer = timerOf(state, stimulus);
    if (timer === undefined && stimulus.afterMs !== undefined)
      throw new ModelError(`no time-out of ${stimulus.afterMs} ms is pending for ${stimulus.event.type}`, {
        code: 'ERR_WALK',
      });
    const timers = state.timers.filter((other) => other !== timer);
    return this.#make({ ...state, timers, steps: state.steps + 1 }, () =>
      this.#transition(state.snapshot, stimulus.event),
    );
  }

  #transition(snapshot: AnyMachineSnapshot, event: EventObject): AnyMachineSnapshot {
    return this.#model.machine.transition(snapshot, event, this.#scope);
  }

  /** What a machine sends itself comes to it before anything else does. */
  #make(before: Omit<ModelState, 'snapshot'>, first: () => AnyMachineSnapshot): StepResult {
    this.#actions = [];
    this.#taken = [];
    this.#guards = [];
    this.#model.listen((transition, answer) => this.#guards.push([transition, answer]));
    let snapshot = first();
    let { timers, timersSet } = before;
    const effects: string[] = [];
    for (let at = 0; at < this.#actions.length; at += 1) {
      const action = this.#actions[at] as Action;
      if (at > MAX_EFFECTS)
        throw new ModelError('the machine sends itself one event after the other', { code: 'ERR_ENDLESS' });
      const told = describeEffect(action);
      if (told !== null) effects.push(told);
      const own = ownEffect(action, this.#self);
      if (own === null) continue;
      if (own.kind === 'now') {
        if (snapshot.status === 'active') snapshot = this.#transition(snapshot, own.event);
      } else if (own.kind === 'cancel') timers = timers.filter(({ id }) => id !== own.id);
      else {
        timersSet += 1;
        if (own.kind === 'timer') timers = [...timers, { ...own, number: timersSet, step: before.steps }];
      }
    }
    if (snapshot.status !== 'active') timers = [];
    const { steps } = before;
    return {
      state: { snapshot, timers, timersSet, steps },
      taken: this.#taken,
      guards: this.#guards,
      effects,
    };
  }
}

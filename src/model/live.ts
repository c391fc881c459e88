/** A machine's own live actor as the system under test: it walks as its model says, or XState and the model differ. */
import {
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type InspectionEvent,
} from 'xstate';
import { ModelError } from '../errors.ts';
import { type Action, describeEffect, ownEffect } from './effect.ts';
import { ManualClock } from './manual-clock.ts';
import { createModel, isModel, type Model } from './model.ts';
import { describeShown, type Shown, type Shows } from './shown.ts';
import { childrenOf, endedBy, parentLogic, type Stimulus } from './step.ts';
import type { Seen, SystemUnderTest } from './system.ts';

/**
 * The machine of a model as a live actor of XState's, below a parent and on a clock on which time passes only where a
 * walk says so. The machine's own functions are called as in the model: guards and assigns are, actions are noted.
 * Children are not started; their results come from the walk.
 *
 * @example
 * const system = liveSystem(createModel(orderMachine));
 * for (const walk of walks) test(walk.name, () => runWalk(system, walk));
 *
 * @throws TypeError if it is neither a model nor a machine
 */
export function liveSystem(of: Model | AnyStateMachine): SystemUnderTest {
  const model = isModel(of) ? of : createModel(of);
  let live: LiveActor | undefined;
  return {
    reset() {
      live = new LiveActor(model);
    },
    do: { '*': (step) => live?.take(step) },
    see: () => live?.see(),
  };
}

class LiveActor {
  readonly #clock = new ManualClock();
  readonly #actor: AnyActorRef;
  /** What each timer of the clock is for, in the order in which they are set; null: for another actor. */
  readonly #timers: (Stimulus | null)[] = [];
  readonly #shows: Shows | undefined;
  #shown: Shown = {};
  #effects: string[] = [];

  constructor({ instrumented: { machine }, input, shows }: Model) {
    this.#shows = shows;
    const parent = createActor(parentLogic, {
      id: 'parent',
      clock: this.#clock,
      logger: () => {},
      inspect: (inspected: InspectionEvent) => this.#inspect(inspected),
    });
    parent.start();
    // Children without an id of their own are named by their number, as in the model.
    let actorsMade = 0;
    Object.assign(parent.system, { _bookId: () => `x:${actorsMade++}` });
    // What it fails with is told to its parent, and to nobody else.
    this.#actor = createActor(machine, { id: machine.id, parent, input });
    this.#actor.start();
  }

  /** @throws ModelError `ERR_WALK` for a time-out that is not pending */
  take({ event, afterMs }: Stimulus): void {
    if (afterMs === undefined) {
      // A child that is at its end gives its name in the system back.
      for (const child of endedBy(childrenOf(this.#actor.getSnapshot()), event))
        Reflect.get(child.system, '_unregister')(child);
      return this.#actor.send(event);
    }
    const at = this.#timers.findIndex(
      (timer, index) =>
        timer?.event.type === event.type && timer.afterMs === afterMs && this.#clock.isWaiting(index + 1),
    );
    if (at === -1)
      throw new ModelError(`no time-out of ${afterMs} ms is pending for ${event.type}`, { code: 'ERR_WALK' });
    this.#clock.fire(at + 1);
  }

  see(): Seen {
    const snapshot: AnyMachineSnapshot = this.#actor.getSnapshot();
    const { value, status } = snapshot;
    const before = this.#shown;
    this.#shown = this.#shows?.(snapshot) ?? {};
    const effects = [...this.#effects, ...describeShown(this.#shown, before)];
    this.#effects = [];
    return { value, status, effects };
  }

  #inspect(inspected: InspectionEvent): void {
    if (inspected.type === '@xstate.actor') keepQuiet(inspected.actorRef as AnyActorRef);
    else if (inspected.type === '@xstate.action' && inspected.actorRef === this.#actor)
      this.#note(inspected.action);
  }

  #note(action: Action): void {
    const effect = describeEffect(action);
    if (effect !== null) this.#effects.push(effect);
    const own = ownEffect(action, this.#actor);
    if (own?.kind === 'timer') this.#timers.push({ event: own.event, afterMs: own.delayMs });
    else if (own?.kind === 'timerOfAnother') this.#timers.push(null);
  }
}

/** A child of the machine's, or of one of its children, is there and does nothing. */
function keepQuiet(actor: AnyActorRef): void {
  if (actor._parent?._parent === undefined) return;
  Object.assign(actor, { start: () => actor, _send: () => {} });
}

/** The transitions of a domain's machines, its children's included, as XState's inspection tells them. */
import type { AnyActorRef, InspectionEvent, StateValue } from 'xstate';
import type { ActorView, TransitionLine } from './protocol.ts';
import { shorten } from './shorten.ts';
import { isSameState, machineStateOf, pathsOf } from './state-paths.ts';

export class Transitions {
  /** What is known of each actor; one that has ended is forgotten with it. */
  readonly #values = new WeakMap<object, StateValue>();
  readonly #last = new WeakMap<object, NonNullable<ActorView['last']>>();

  /**
   * Calls back in the step in which a machine's state value changes, before its actor has the new snapshot. A machine
   * that begins enters its first states from none.
   */
  watch(domain: AnyActorRef, onTransition: (line: TransitionLine) => void): Disposable {
    this.#know(domain);
    const subscription = domain.system.inspect((event: InspectionEvent) => {
      if (event.type !== '@xstate.microstep') return;
      const state = machineStateOf(event.snapshot);
      if (state === null) return;
      const { actorRef } = event;
      const { value } = state;
      const before = this.#values.get(actorRef);
      if (before !== undefined && isSameState(before, value)) return;
      this.#values.set(actorRef, value);
      const left = before === undefined ? [] : pathsOf(before);
      const entered = pathsOf(value);
      const last = {
        event: shorten(event.event.type),
        from: left.filter((path) => !entered.includes(path)),
        to: entered.filter((path) => !left.includes(path)),
      };
      this.#last.set(actorRef, last);
      const actor = actorRef === domain ? '' : 'id' in actorRef ? shorten(String(actorRef.id)) : '';
      onTransition({ kind: 'transition', machine: state.machine, actor, ...last });
    });
    return { [Symbol.dispose]: () => subscription.unsubscribe() };
  }

  /** Null before the first one that was seen. */
  lastOf(actor: object): ActorView['last'] {
    return this.#last.get(actor) ?? null;
  }

  /** How it is, with its children, is no news. */
  #know(actor: AnyActorRef): void {
    const state = machineStateOf(actor.getSnapshot());
    if (state === null) return;
    this.#values.set(actor, state.value);
    for (const child of Object.values(state.children)) if (child !== undefined) this.#know(child);
  }
}

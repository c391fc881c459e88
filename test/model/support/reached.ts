/** What of the library's own machines walks of a living driver come through: its domains, and their children. */
import {
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyTransitionDefinition,
  and,
  type InspectionEvent,
} from 'xstate';
import type { Domain } from '../../../src/index.ts';
import { domainMachine, monitorMachine, processEventMachine } from '../../../src/machines/index.ts';
import { createModel, type Model, type ModelTransition } from '../../../src/model/index.ts';

/** In the order in which a model numbers them. */
const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...(node.always ?? []),
  ...[...node.transitions.values()].flat(),
  ...Object.values(node.states).flatMap(transitionsOf),
];

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof logic === 'object' && logic !== null && '__xstatenode' in logic;

interface Count {
  readonly covered: number;
  readonly total: number;
  readonly missing: readonly string[];
}

const countOf = (all: readonly string[], covered: ReadonlySet<string>): Count => {
  const missing = all.filter((id) => !covered.has(id));
  return { covered: all.length - missing.length, total: all.length, missing };
};

/** Of one machine, whichever of its copies walk. */
class ReachedOf {
  readonly #model: Model;
  readonly #numbers = new WeakMap<AnyTransitionDefinition, number>();
  readonly #states = new Set<string>();
  readonly #transitions = new Set<string>();
  readonly #guards = new Set<string>();

  constructor(machine: AnyStateMachine) {
    this.#model = createModel(machine);
  }

  /** A driver has copies of its own. */
  listenTo({ root }: AnyStateMachine): void {
    for (const [number, transition] of transitionsOf(root).entries()) {
      this.#numbers.set(transition, number);
      if (transition.guard === undefined) continue;
      // `and` of one asks the guard itself, wherever it is defined.
      const asking = and([transition.guard] as never) as unknown as {
        check: (...args: unknown[]) => boolean;
      };
      const { check } = asking;
      asking.check = (...args) => {
        const answer = check(...args);
        this.#guards.add(`${number} ${answer}`);
        return answer;
      };
      Reflect.set(transition, 'guard', asking);
    }
  }

  add(snapshot: AnyMachineSnapshot, taken: readonly AnyTransitionDefinition[]): void {
    for (const { path } of snapshot._nodes as AnyStateNode[]) this.#states.add(path.join('.'));
    for (const transition of taken) this.#transitions.add(String(this.#numbers.get(transition)));
  }

  counts(): Readonly<Record<'states' | 'transitions' | 'guards', Count>> {
    const { states, transitions } = this.#model;
    const idOf = (id: string): string => {
      const [number, answer] = id.split(' ');
      const { id: name, guard } = transitions[Number(number)] as ModelTransition;
      return answer === undefined ? name : `${name}: ${guard} is ${answer}`;
    };
    const named = (all: readonly string[], covered: ReadonlySet<string>): Count => {
      const count = countOf(all, covered);
      return { ...count, missing: count.missing.map(idOf) };
    };
    const guarded = transitions.flatMap(({ guard }, at) =>
      guard === null ? [] : [`${at} true`, `${at} false`],
    );
    return {
      states: countOf(states, this.#states),
      transitions: named([...transitions.keys()].map(String), this.#transitions),
      guards: named(guarded, this.#guards),
    };
  }
}

export class Reached {
  readonly machines: ReadonlyMap<string, ReachedOf> = new Map(
    [domainMachine, monitorMachine, processEventMachine].map((machine) => [
      machine.id,
      new ReachedOf(machine),
    ]),
  );
  readonly #known = new WeakSet<AnyStateMachine>();

  /** From now on; what it did before is not counted. */
  listenTo({ actor }: Domain): void {
    this.#listenTo(actor);
    actor.system.inspect((inspected: InspectionEvent) => {
      if (inspected.type !== '@xstate.microstep') return;
      const by = inspected.actorRef as AnyActorRef;
      this.#listenTo(by);
      this.#of(by)?.add(
        inspected.snapshot as AnyMachineSnapshot,
        inspected._transitions as AnyTransitionDefinition[],
      );
    });
  }

  #listenTo(actor: AnyActorRef): void {
    const { logic } = actor as AnyActorRef & { readonly logic?: unknown };
    if (!isMachine(logic) || this.#known.has(logic)) return;
    this.#known.add(logic);
    this.#of(actor)?.listenTo(logic);
  }

  #of(actor: AnyActorRef): ReachedOf | undefined {
    const { logic } = actor as AnyActorRef & { readonly logic?: unknown };
    return isMachine(logic) ? this.machines.get(logic.id) : undefined;
  }

  /** A line for each machine. */
  table(): string {
    return [...this.machines]
      .map(([name, machine]) => {
        const cells = Object.entries(machine.counts()).map(
          ([kind, { covered, total }]) => `${kind} ${covered}/${total}`,
        );
        return [name, ...cells].join('  ');
      })
      .join('\n');
  }
}

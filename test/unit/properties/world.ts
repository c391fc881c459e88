/**
 * The machines of one domain, stepped by `transition()`: what a domain sends to its children reaches them and what
 * they answer comes back, as with actors, but when a handler or a time-out ends is for whoever steps.
 */
import { type AnyMachineSnapshot, type AnyStateMachine, initialTransition, transition } from 'xstate';
import type { DomainDevices } from '../../../src/events/devices.ts';
import type { DomainState } from '../../../src/events/domain-state.ts';
import type { Outcome } from '../../../src/events/outcome.ts';
import { Dropped } from '../../../src/events/payload.ts';
import { noPolicies, type Policies } from '../../../src/events/policies.ts';
import type { ProcessEvent } from '../../../src/events/process-events.ts';
import { qemuEventRoutes } from '../../../src/events/qemu-events.ts';
import {
  type Contact,
  type DomainContext,
  type DomainEmitted,
  type DomainMachineEvent,
  domainMachine,
  processEventMachine,
  qemuJobMachine,
  reportedState,
} from '../../../src/machines/index.ts';
import type { WireEvent } from './arbitraries.ts';

/** One transition of the domain's machine. */
export interface Transition {
  readonly event: DomainMachineEvent;
  readonly before: DomainContext;
  readonly after: DomainContext;
  readonly from: DomainState;
  readonly to: DomainState;
  readonly emitted: readonly DomainEmitted[];
  /** Process events and operations that were started in it, by id. */
  readonly started: readonly string[];
}

/** A process event or operation, as far as it has come. */
export interface Work {
  readonly id: string;
  readonly type: string;
  readonly phase: 'waiting for job' | 'running';
}

interface Action {
  readonly type: string;
  readonly params?: unknown;
}

interface Spawned {
  readonly id: string;
  readonly src: string;
  readonly input: { readonly type?: string };
}

interface Sent {
  readonly to: unknown;
  readonly targetId?: string;
  readonly event: DomainMachineEvent;
}

interface Child {
  readonly machine: AnyStateMachine;
  readonly type: string;
  snapshot: AnyMachineSnapshot;
}

const logics: Readonly<Record<string, AnyStateMachine>> = {
  processEvent: processEventMachine,
  operation: processEventMachine,
  qemuJob: qemuJobMachine,
};

export class World {
  readonly #inspect: (transition: Transition) => void;
  readonly #children = new Map<string, Child>();
  readonly #mailbox: DomainMachineEvent[] = [];
  #snapshot: ReturnType<typeof initialTransition<typeof domainMachine>>[0];
  #runs = 0;
  #operations = 0;

  /** @param inspect - called after each transition */
  constructor(
    options: { devices?: DomainDevices; policies?: Partial<Policies> },
    inspect: (transition: Transition) => void = () => {},
  ) {
    this.#inspect = inspect;
    const { devices = null, policies } = options;
    [this.#snapshot] = initialTransition(domainMachine, {
      key: 'k',
      devices,
      policies: { ...noPolicies, ...policies },
      monitored: false,
    });
  }

  get context(): DomainContext {
    return this.#snapshot.context;
  }

  get state(): DomainState {
    return reportedState(this.#snapshot);
  }

  /** The name of its own state, which may be `stopping`. */
  get isStopping(): boolean {
    return this.#snapshot.matches('stopping');
  }

  /** Ids of the actors that it has. */
  get children(): readonly string[] {
    return [...this.#children.keys()];
  }

  /** Process events and operations under way, in the order in which they began. */
  get work(): readonly Work[] {
    const work: Work[] = [];
    for (const [id, { type, snapshot }] of this.#children) {
      if (snapshot.matches('running')) work.push({ id, type, phase: 'running' });
      if (snapshot.matches('waitingForJob')) work.push({ id, type, phase: 'waiting for job' });
    }
    return work.filter(({ id }) => !id.startsWith('qemuJob#'));
  }

  /** Sends an event, and all that comes of it at once. */
  send(event: DomainMachineEvent): void {
    this.#mailbox.push(event);
    for (let next = this.#mailbox.shift(); next !== undefined; next = this.#mailbox.shift()) this.#step(next);
  }

  /** A QEMU event of a run; one that does not get past its row is told by the reason. */
  qemu({ event, data }: WireEvent, incarnation: string): string | null {
    const route = qemuEventRoutes.get(event);
    if (route === undefined) return 'unknown';
    if (route === 'ignored') return 'ignored-in-state';
    const payload = route.parse(data);
    if (payload instanceof Dropped) return payload.reason;
    this.send({ type: route.type, data: payload, timestamp: null, incarnation } as DomainMachineEvent);
    return null;
  }

  /** A QEMU answers: the same run as before if there is one, or the next. */
  contact(runState: string, same: boolean): void {
    const { incarnation } = this.context;
    const present = same ? incarnation : null;
    if (present === null) this.#runs += 1;
    const contact: Contact = {
      incarnation: present?.uuid ?? `run-${this.#runs}`,
      id: present?.id ?? this.#runs,
      runState,
      name: null,
      uuid: null,
    };
    this.send({ type: 'monitor.ready', contact });
  }

  /** A manager starts a run. */
  starting(): void {
    this.#runs += 1;
    this.send({ type: 'manager.starting', incarnation: { uuid: `run-${this.#runs}`, id: this.#runs } });
    this.send({ type: 'manager.jobBegan', kind: 'start' });
  }

  /** @returns its id */
  request(operation: 'suspend' | 'resume' | 'destroy' | 'reset' | 'detachDevice', data: object = {}): string {
    this.#operations += 1;
    const id = `operation#${this.#operations}`;
    this.send({
      type: 'operation.requested',
      id,
      operation,
      data,
      timeoutMs: 1000,
    } as unknown as DomainMachineEvent);
    return id;
  }

  /** The handler of a process event or operation comes to its end. */
  end(id: string, outcome: Outcome): void {
    this.#toChild(id, { type: 'xstate.done.actor.handler', output: outcome, actorId: 'handler' });
    this.#drain();
  }

  /** It waited too long, for the job or for its handler. */
  timeOut(id: string): void {
    const waits = this.work.find((work) => work.id === id)?.phase === 'waiting for job';
    const which = waits ? 'jobTimeout.processEvent.waitingForJob' : 'handlerTimeout.processEvent.running';
    this.#toChild(id, { type: `xstate.after.${which}` });
    this.#drain();
  }

  #drain(): void {
    for (let next = this.#mailbox.shift(); next !== undefined; next = this.#mailbox.shift()) this.#step(next);
  }

  #step(event: DomainMachineEvent): void {
    const before = this.context;
    const from = this.state;
    const [next, actions] = transition(domainMachine, this.#snapshot, event);
    this.#snapshot = next;
    if (next.status !== 'active') throw new Error(`the domain's actor is ${next.status}: ${next.error}`);
    const emitted: DomainEmitted[] = [];
    const started: string[] = [];
    for (const { type, params } of actions as readonly Action[]) {
      if (type === 'xstate.emit') emitted.push((params as { event: DomainEmitted }).event);
      else if (type === 'xstate.spawnChild') {
        const { id, src, input } = params as Spawned;
        if (src !== 'qemuJob') started.push(id);
        this.#spawn(id, src, input);
      } else if (type === 'xstate.stopChild')
        this.#children.delete(String((params as Spawned | undefined)?.id));
      else if (type === 'xstate.sendTo') {
        const { targetId, event: sent } = params as Sent;
        this.#toChild(String(targetId), sent);
      } else if (type !== 'xstate.raise') throw new Error(`an action that this world does not know: ${type}`);
    }
    this.#inspect({ event, before, after: this.context, from, to: this.state, emitted, started });
  }

  #spawn(id: string, src: string, input: Spawned['input']): void {
    const machine = logics[src];
    if (machine === undefined) throw new Error(`an actor that this world does not know: ${src}`);
    if (this.#children.has(id)) throw new Error(`${id} is started twice`);
    const [snapshot, actions] = initialTransition(machine, input);
    this.#children.set(id, { machine, type: input.type ?? src, snapshot });
    this.#run(actions);
  }

  #toChild(id: string, event: object): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    const [snapshot, actions] = transition(child.machine, child.snapshot, event as never);
    child.snapshot = snapshot;
    this.#run(actions);
  }

  /** What a child sends, it sends to its domain; its own timers and handlers are for whoever steps. */
  #run(actions: readonly Action[]): void {
    for (const { type, params } of actions)
      if (type === 'xstate.sendTo') this.#mailbox.push((params as Sent).event);
  }
}

/** What waits, runs, or was taken over by an operation that waits for it. */
export const pendingOf = ({ work }: DomainContext): ProcessEvent[] => [
  ...(work.running === null ? [] : [work.running.event]),
  ...work.waiting.map(({ event }) => event),
  ...takenOf(work),
];

function takenOf(work: DomainContext['work']): ProcessEvent[] {
  return Object.values(work.takeovers).flatMap(({ came }) =>
    came === null || came === 'refused' ? [] : [came],
  );
}

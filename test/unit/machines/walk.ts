/** Steps of the bare domain machine by `transition()`: state, reason and what was emitted, as data. */
import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import { Dropped } from '../../../src/events/payload.ts';
import { noPolicies, type Policies } from '../../../src/events/policies.ts';
import { type QemuEventName, qemuEvents } from '../../../src/events/qemu-events.ts';
import {
  type DomainEmitted,
  type DomainMachineEvent,
  domainMachine,
  reportedState,
} from '../../../src/machines/index.ts';

type Snapshot = SnapshotFrom<typeof domainMachine>;

export interface Step {
  /** `paused user` */
  readonly state: string;
  /** `lifecycle suspended paused`, `reboot`, `drop ignored-in-state STOP`, … */
  readonly emitted: readonly string[];
}

const describe = (item: DomainEmitted): string => {
  if (item.type === 'operation.ended') return `operation ${item.outcome.status}`;
  const mark = 'reconstructed' in item ? ' (reconstructed)' : '';
  return [item.type, ...Object.values(item.args)].join(' ') + mark;
};

export class Walk {
  #snapshot: Snapshot;
  readonly #contacts = { last: 0 };

  constructor(
    options: {
      devices?: Parameters<typeof initialTransition<typeof domainMachine>>[1]['devices'];
      policies?: Partial<Policies>;
    } = {},
  ) {
    const { devices = null, policies } = options;
    const input = { key: 'k', devices, policies: { ...noPolicies, ...policies }, monitored: false };
    [this.#snapshot] = initialTransition(domainMachine, input);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get state(): string {
    return `${reportedState(this.#snapshot)} ${this.#snapshot.context.reason}`;
  }

  get incarnation(): string {
    return this.#snapshot.context.incarnation?.uuid ?? 'none';
  }

  /** A look at everything is done at once, and says nothing: it is tested where it is made. */
  send(event: DomainMachineEvent): Step {
    const step = this.#step(event);
    const { running } = this.#snapshot.context.work;
    if (running?.event.type === 'attached' || running?.event.type === 'reset')
      this.#step({
        type: 'processEvent.ended',
        id: running.id,
        incarnation: running.incarnation,
        outcome: { status: 'done' },
      });
    return { ...step, state: this.state };
  }

  #step(event: DomainMachineEvent): Step {
    const [next, actions] = transition(domainMachine, this.#snapshot, event);
    this.#snapshot = next;
    const emitted = actions
      .filter((action) => (action.type as string) === 'xstate.emit')
      .map(({ params }) => describe((params as unknown as { event: DomainEmitted }).event));
    return { state: this.state, emitted };
  }

  /** A QEMU event of this incarnation, or of the one named. */
  qemu(name: QemuEventName, data: object = {}, incarnation = this.incarnation): Step {
    const parsed = qemuEvents[name].parse(data as Record<string, unknown>);
    if (parsed instanceof Dropped) throw new Error(`${name} is dropped: ${parsed.reason} ${parsed.field}`);
    return this.send({
      type: `qemu.${name}`,
      data: parsed,
      timestamp: null,
      incarnation,
    } as DomainMachineEvent);
  }

  /** A QEMU answers: the same run as before, or another one. */
  contact(runState: string, { same = false } = {}): Step {
    if (!same) this.#contacts.last += 1;
    const incarnation = same ? this.incarnation : `run-${this.#contacts.last}`;
    const id = same ? (this.#snapshot.context.incarnation?.id ?? 0) : this.#contacts.last;
    return this.send({
      type: 'monitor.ready',
      contact: { incarnation, id, runState, name: null, uuid: null },
    });
  }

  /** The monitor is lost, and the process turns out to be gone. */
  gone(): Step {
    const lost = this.send({ type: 'monitor.lost', protocolError: false });
    const tried = this.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
    const { running } = this.#snapshot.context.work;
    const judged = this.send({
      type: 'processEvent.ended',
      id: running?.id ?? '',
      incarnation: this.incarnation,
      outcome: { status: 'done', facts: { gone: true } },
    });
    return { state: judged.state, emitted: [...lost.emitted, ...tried.emitted, ...judged.emitted] };
  }
}

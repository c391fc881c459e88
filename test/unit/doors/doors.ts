/** The doors over a loop that turns by hand, with a domain that is only looked at. */
import type { Domain, DomainEvent, DomainSnapshot, EventArgs, EventId } from '../../../src/domain.ts';
import { EventState } from '../../../src/subscriptions/event-state.ts';
import { ManualLoop } from '../subscriptions/manual-loop.ts';

export const paused = { event: 'suspended', detail: 'paused' } as const;
export const resumed = { event: 'resumed', detail: 'unpaused' } as const;
export const stopped = { event: 'stopped', detail: 'destroyed' } as const;

const RUNNING: DomainSnapshot = {
  state: 'running',
  reason: 'booted',
  active: true,
  id: 1,
  incarnation: 'i',
  monitor: 'ready',
};

export interface PretendedDomain {
  readonly name: string;
  readonly uuid: string | null;
  state: DomainSnapshot;
}

export const pretendDomain = (name = 'web1', uuid: string | null = null): PretendedDomain & Domain =>
  ({ name, uuid, state: RUNNING }) as PretendedDomain & Domain;

export function newDoors() {
  const loop = new ManualLoop();
  const errors: unknown[] = [];
  const events = new EventState<DomainEvent>(loop, {
    keysOf: ({ domain, uuid }) => (uuid === null ? [domain] : [domain, uuid]),
    onCallbackError: (error) => errors.push(String(error)),
    onUndelivered: () => {},
  });
  const vm = pretendDomain();
  const queue = <I extends EventId>(type: I, args: EventArgs[I], domain: Domain = vm): void =>
    events.queue({
      type,
      args,
      domain,
      name: domain.name,
      uuid: domain.uuid,
      id: 1,
      incarnation: 'i',
      reconstructed: false,
    } as DomainEvent);
  /** The state becomes another, and is told. */
  const become = (state: 'running' | 'paused', reason: string): void => {
    vm.state = { ...vm.state, state, reason };
    queue('state', { state, reason, active: true, monitor: 'ready' });
  };
  return { loop, errors, events, vm, queue, become };
}

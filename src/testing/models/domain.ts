/** The domain machine as a model. */
import type { AnyMachineSnapshot, AnyStateMachine, SnapshotFrom } from 'xstate';
import type { DomainDevice } from '../../events/devices.ts';
import {
  type DomainContext,
  type DomainInput,
  type DomainMachineEvent,
  domainMachine,
  reportedState,
} from '../../machines/index.ts';
import { createModel, type Model, type ModelOptions } from '../../model/index.ts';
import { domainEvents, type InDomain, newIncarnation } from './domain-events.ts';

/** Of each kind that a QEMU event can mean, one. */
export const exampleDevices: readonly DomainDevice[] = [
  {
    type: 'disk',
    alias: 'virtio-disk0',
    target: 'vda',
    source: '/vm/vda.qcow2',
    nodes: ['libvirt-1-format', 'libvirt-1-storage'],
    paths: {},
    qomName: null,
    bus: 'virtio',
    reservations: 'managed',
  },
  {
    type: 'net',
    alias: 'net0',
    mac: '52:54:00:00:00:01',
    trustGuestRxFilters: true,
    host: { interface: 'macvtap0', kind: 'macvtap' },
    backend: 'passt',
  },
  { type: 'channel', alias: 'channel0', name: 'org.qemu.guest_agent.0' },
  { type: 'memory', alias: 'virtiomem0', model: 'virtio-mem', sizeKiB: null },
  { type: 'watchdog', alias: 'watchdog0', action: 'dump' },
];

/** A domain that is ours: its devices are known, and what is to become of it is decided. */
const input: DomainInput = {
  key: 'web1',
  devices: exampleDevices,
  policies: { onPoweroff: 'destroy', onReboot: 'restart', onCrash: 'destroy' },
  monitored: true,
};

const reasons = ['starting-up', 'migration', 'postcopy-failed'];

/** Process events whose outcome may end the domain: it is gone, or is to be ended. */
const verdicts: Readonly<Record<string, string>> = {
  monitorEof: 'gone',
  guestPanic: 'end',
  shutdownOrReboot: 'end',
  unattendedMigration: 'end',
};

/** What decides what a domain does next, beside its state: the one thing that decides most. */
function identity({ context }: { readonly context: DomainContext }): unknown {
  const { begun, ending, incarnation, power, reason, stoppingFrom, work } = context;
  const running = work.running?.event.type ?? 'none';
  const verdict = verdicts[running];
  const special = reasons.includes(reason) ? reason : 'any';
  if (incarnation === null) return 'gone';
  if (stoppingFrom !== null) {
    const destroying = Object.values(work.operations).includes('destroy');
    return [begun === 'yes', stoppingFrom, ending?.detail === 'destroyed', destroying, verdict, special];
  }
  if (verdict !== undefined) return [begun === 'yes', verdict, verdict === 'end' && power];
  if (power !== 'none') return [power, special === 'starting-up'];
  if (special !== 'any') return [special, work.jobs.async !== null];
  if (work.jobs.async !== null) return 'migrating';
  return [begun === 'yes', running !== 'none'];
}

/** What a user sees of a domain, as `vm.state` and `vm.info()`. */
function shown(snapshot: AnyMachineSnapshot): Readonly<Record<string, unknown>> {
  const { reason, monitor, incarnation, facts, devices } = snapshot.context as DomainContext;
  const state = reportedState(snapshot as SnapshotFrom<typeof domainMachine>);
  return { state, reason, monitor, id: incarnation?.id ?? null, ...facts, devices };
}

/**
 * The domain machine as a model, with examples of every event. Its children end as events say: `processEvent.ended` and
 * `qemuJob.…` come to it as they come from these.
 *
 * @param machine - one of your own that was made of {@link domainMachine}, by `provide` or of its `config`
 * @param options - of `createModel`: examples of an event stand in for ours, and what `state` gives tells states apart
 *   beside what we tell them apart by
 */
export function domainModel(machine: AnyStateMachine = domainMachine, options: ModelOptions = {}): Model {
  const { state } = options;
  return createModel(machine, {
    input,
    ...options,
    events: { ...domainEvents, ...options.events },
    shows: (snapshot) => ({ ...shown(snapshot), ...options.shows?.(snapshot) }),
    state: (snapshot) => [identity(snapshot), state?.(snapshot)],
  });
}

/**
 * What may come in between anything, for `races`: a destroy, the loss of the monitor, a process that was killed, another
 * run of QEMU.
 */
export function domainInterrupts(snapshot: AnyMachineSnapshot): readonly DomainInterrupt[] {
  const domain: InDomain = snapshot;
  return [
    { type: 'operation.requested', id: 'operation#race', operation: 'destroy', data: {}, timeoutMs: 30_000 },
    lost,
    [lost, { type: 'monitor.attemptFailed', attempt: 'refused' }, foundGone(domain)],
    { type: 'monitor.ready', ...newIncarnation(domain) },
  ];
}

type DomainInterrupt = DomainMachineEvent | readonly DomainMachineEvent[];

const lost: DomainMachineEvent = { type: 'monitor.lost', protocolError: false };

/** The look that the refused attempt leads to finds that the process is gone. */
function foundGone({ context: { incarnation, work } }: InDomain): DomainMachineEvent {
  const isLooking = work.running?.event.type === 'monitorEof';
  return {
    type: 'processEvent.ended',
    id: isLooking ? work.running.id : `processEvent#${work.sequence + 1}`,
    incarnation: incarnation?.uuid ?? 'gone',
    outcome: { status: 'done', facts: { gone: true } },
  };
}

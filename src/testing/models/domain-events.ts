/**
 * What may happen to a domain, as examples: of every machine event, by what is known of the domain just then.
 *
 * What can be said only of something that is there (a handler that runs, an operation under way, a QEMU job that is
 * followed) is said of that, and once of one that has ended.
 */
import { type ProcessEvent, processEvents, removalKey } from '../../events/process-events.ts';
import type { QemuEventName } from '../../events/qemu-events.ts';
import { operationJobs } from '../../machines/domain-operations.ts';
import type { DomainContext, DomainMachineEvent, Incarnation } from '../../machines/index.ts';
import type { EventData } from '../../model/index.ts';
import { outcomesOf } from './outcomes.ts';
import { qemuExamples } from './qemu-examples.ts';

type Type = DomainMachineEvent['type'];
type QemuType = Extract<Type, `qemu.${string}`>;
type OwnType = Exclude<Type, QemuType>;
type Data<T extends Type> = Omit<Extract<DomainMachineEvent, { type: T }>, 'type'>;

/** What the examples are made of: a snapshot of the domain machine. */
export interface InDomain {
  readonly context: DomainContext;
}

/** The uuid of the present run, or of one that is gone. */
const present = ({ incarnation }: DomainContext): string => incarnation?.uuid ?? 'gone';

/** A run that was not seen yet. */
function nextRun({ incarnation, work }: DomainContext): Incarnation {
  const id = Math.max(incarnation?.id ?? 0, work.sequence) + 1;
  return { uuid: `run-${id}`, id };
}

/** A QEMU answers that runs so. */
const contactOf = ({ uuid, id }: Incarnation, runState: string) => ({
  contact: { incarnation: uuid, id, runState, name: 'web1', uuid: null },
});

const runStates = ['running', 'paused', 'io-error', 'suspended', 'guest-panicked', 'shutdown'];

/** Another run of QEMU answers. */
export const newIncarnation = ({ context }: InDomain): Data<'monitor.ready'> =>
  contactOf(nextRun(context), 'running');

/** What runs, and so may end; an operation is no process event. */
function running({ work }: DomainContext): { id: string; event: ProcessEvent | null; job: string | null }[] {
  const operations = Object.entries(work.operations).map(([id, name]) => ({
    id,
    event: null,
    job: operationJobs[name],
  }));
  if (work.running === null) return operations;
  const { id, event } = work.running;
  return [{ id, event, job: processEvents[event.type].job }, ...operations];
}

const ended = (context: DomainContext): Data<'processEvent.ended'>[] => [
  ...running(context).flatMap(({ id, event }) =>
    outcomesOf(event).map((outcome) => ({ id, incarnation: present(context), outcome })),
  ),
  { id: 'processEvent#0', incarnation: 'gone', outcome: { status: 'done', facts: { gone: true } } },
];

/** QEMU jobs that are followed tell of themselves; and one that is not any more. */
const toldByJobs = ({ qemuJobs }: DomainContext) => [
  ...Object.entries(qemuJobs.byId).map(([id, { actor }]) => ({ id, actor, reconstructed: false })),
  { id: 'job0', actor: 'qemuJob#0', reconstructed: true },
];

/** Not more than two at once. */
function requested({ work }: DomainContext): Data<'operation.requested'>[] {
  const count = Object.keys(work.operations).length;
  if (count >= 2) return [];
  const base = { id: `operation#${count + 1}`, timeoutMs: 30_000 };
  if (base.id in work.operations) return [];
  return [
    { ...base, operation: 'destroy', data: {} },
    { ...base, operation: 'detachDevice', data: { alias: 'net0' } },
  ];
}

/** Of every machine event but QEMU's. */
const own: { readonly [T in OwnType]: (context: DomainContext) => readonly Data<T>[] } = {
  'monitor.ready': (context) => {
    const { incarnation } = context;
    const met = runStates.map((runState) => contactOf(incarnation ?? nextRun(context), runState));
    return incarnation === null ? met : [...met, contactOf(nextRun(context), 'running')];
  },
  'monitor.lost': () => [{ protocolError: false }, { protocolError: true }],
  'monitor.attemptFailed': () => [{ attempt: 'refused' }],
  'monitor.unresponsive': () => [{}],
  'monitor.responsive': () => [{}],
  'domainJob.requested': (context) =>
    running(context).flatMap(({ id, job }) =>
      job === null ? [] : [{ id, kind: job } as Data<'domainJob.requested'>],
    ),
  'processEvent.ended': ended,
  'qemuJob.ready': toldByJobs,
  'qemuJob.concluded': toldByJobs,
  'qemuJob.dismissed': toldByJobs,
  'qemuJob.neverRan': toldByJobs,
  'operation.requested': requested,
  'operation.canceled': ({ work }) =>
    [...Object.keys(work.operations), 'operation#0'].map((id) => ({ id, why: 'given up' })),
  'takeover.begun': ({ work }) =>
    [...Object.keys(work.operations), 'operation#0'].map((id) => ({ id, key: removalKey('net0') })),
  'command.stop': () => [{ reason: 'user' }],
  'command.cont': () => [{ reason: 'unpaused' }],
  'command.settled': () => [{}],
  'command.reset': () => [{}],
  'command.powerdown': () => [{ reboot: true }, { reboot: false }],
  'service.exited': () => [{ service: 'nbdkit', alias: 'virtio-disk0' }],
  'manager.defined': () => [{ detail: 'added' }],
  'manager.undefined': () => [{ detail: 'removed' }],
  'manager.starting': (context) => [{ incarnation: nextRun(context) }],
  'manager.channels': () => [{ channels: { channel0: 'connected' } }],
  'manager.started': () => [
    { detail: 'booted', paused: null },
    { detail: 'restored', paused: { reason: 'user', detail: 'paused' } },
  ],
  'manager.startFailed': () => [{}],
  'manager.jobBegan': () => [{ kind: 'migration-out' }],
  'manager.jobEnded': () => [{}],
  'manager.announced': () => [{ item: { type: 'tray-change', args: { alias: 'cd0', reason: 'open' } } }],
  'manager.deviceChanged': () => [
    { device: { type: 'channel', alias: 'channel1', name: 'com.example.log' }, added: true },
  ],
  'manager.thresholdSet': () => [{ node: 'libvirt-1-storage', indexed: true }],
  'manager.jobRegistered': () => [
    { id: 'job0', job: { type: 'copy', disk: 'virtio-disk0', becomes: null } },
    { id: 'job0', job: null },
  ],
  'manager.jobAsked': () => [{ id: 'job0', intent: 'pivot' }],
  'manager.stopping': () => [
    { detail: 'destroyed', reason: 'destroyed' },
    { detail: 'migrated', reason: 'migrated' },
  ],
};

/** Each of the present run; and the first of one that is gone, while nothing is under way. */
const ofQemu =
  (name: QemuEventName) =>
  ({ context }: InDomain) => {
    const of = (incarnation: string) => (data: object) => ({ data, timestamp: null, incarnation });
    const examples = qemuExamples[name];
    const stale = context.work.running === null ? examples.slice(0, 1) : [];
    return [...examples.map(of(present(context))), ...stale.map(of('gone'))];
  };

/** Examples of every event of the domain machine, by its type. */
export const domainEvents: Readonly<Record<string, (snapshot: InDomain) => readonly EventData[]>> =
  Object.fromEntries([
    ...(Object.keys(qemuExamples) as QemuEventName[]).map((name) => [`qemu.${name}`, ofQemu(name)]),
    ...Object.entries(own).map(([type, examples]) => [type, ({ context }: InDomain) => examples(context)]),
  ]);

/**
 * What a manager knows because it does it itself: the reasons of its `stop` and `cont`, its long jobs, and how its
 * calls end.
 *
 * A table by virsh's words. An operation that is not here does nothing of itself, and is counted.
 *
 * libvirt 9.0.0 `src/qemu/qemu_driver.c`, `qemu_process.c`, `qemu_migration.c`, `qemu_snapshot.c`.
 */
import type { Ending, LifecycleDetail, PausedReason, RunningReason } from '../events/domain-state.ts';
import type { AsyncJobKind } from '../events/jobs.ts';
import type { Call } from './format.ts';

/** How a start is announced. */
export interface Start {
  readonly detail: LifecycleDetail<'started'>;
  /** Before its `cont` is sent, not when it returns. */
  readonly early: boolean;
  /** What it is if no `cont` is sent. */
  readonly paused: { readonly reason: PausedReason; readonly detail: LifecycleDetail<'suspended'> };
}

export interface Operation {
  /** Why it sends `stop`. */
  readonly stop?: PausedReason;
  /** Why it sends `cont`. */
  readonly cont?: RunningReason;
  /** It starts a QEMU, which is announced so. */
  readonly starts?: Start;
  /** It ends QEMU: `first` before anything else, `last` when it has succeeded. */
  readonly ends?: { readonly when: 'first' | 'last'; readonly ending: Ending };
  /** The async job that it holds while it runs. */
  readonly job?: AsyncJobKind;
  /** `job-completed` is told when its migration of the memory is through, or after the end. */
  readonly completes?: 'with-memory' | 'last';
  /** The stored configuration is another one when it has succeeded. */
  readonly defines?: 'from-snapshot';
}

const last = (detail: Ending['detail'], reason: Ending['reason']): NonNullable<Operation['ends']> => ({
  when: 'last',
  ending: { detail, reason },
});

const save: Operation = {
  stop: 'save',
  cont: 'save-canceled',
  job: 'save',
  completes: 'with-memory',
  ends: last('saved', 'saved'),
};

const booted: Operation = {
  cont: 'booted',
  job: 'start',
  starts: { detail: 'booted', early: false, paused: { reason: 'user', detail: 'paused' } },
};

const restored = ({ options = {} }: Call): Operation => ({
  cont: 'restored',
  job: 'start',
  starts: {
    detail: 'restored',
    early: true,
    paused: { reason: 'migration', detail: options.paused === true ? 'paused' : 'restored' },
  },
});

const snapshot = ({ options = {} }: Call): Operation => {
  if (options['disk-only'] === true) return {};
  const internal = options.memspec === undefined;
  return {
    // An internal snapshot is a save that goes on (qemu_snapshot.c:qemuSnapshotCreateActiveInternal).
    stop: internal ? 'save' : 'snapshot',
    cont: 'unpaused',
    job: 'snapshot',
    ...(internal ? {} : { completes: 'with-memory' }),
    ...(options.halt === true ? { ends: last('from-snapshot', 'from-snapshot') } : {}),
  };
};

const operations: Readonly<Record<string, Operation | ((call: Call) => Operation)>> = {
  'attach-device': {},
  'attach-disk': {},
  'attach-interface': {},
  blockcommit: {},
  blockcopy: {},
  blockjob: {},
  blockpull: {},
  'change-media': {},
  create: booted,
  define: {},
  destroy: { ends: { when: 'first', ending: { detail: 'destroyed', reason: 'destroyed' } } },
  'detach-device': {},
  'detach-device-alias': {},
  'detach-disk': {},
  'detach-interface': {},
  domblkthreshold: {},
  domjobabort: {},
  dompmwakeup: {},
  domrename: {},
  dump: ({ options = {} }) => ({
    stop: 'dump',
    cont: 'unpaused',
    job: 'dump',
    ...(options['memory-only'] === true ? {} : { completes: 'with-memory' as const }),
    ...(options.crash === true ? { ends: last('crashed', 'crashed') } : {}),
  }),
  managedsave: save,
  'manager-kill': {},
  // What its QEMU was stopped for has come to nothing (qemu_process.c:qemuProcessRecoverJob).
  'manager-start': { cont: 'save-canceled' },
  'manager-stop': {},
  migrate: {
    stop: 'migration',
    cont: 'migration-canceled',
    job: 'migration-out',
    completes: 'last',
    ends: last('migrated', 'migrated'),
  },
  reboot: {},
  reset: {},
  restore: restored,
  resume: { cont: 'unpaused' },
  save,
  shutdown: {},
  'snapshot-create': snapshot,
  'snapshot-create-as': snapshot,
  'snapshot-revert': {
    cont: 'from-snapshot',
    job: 'start',
    starts: {
      detail: 'from-snapshot',
      early: true,
      paused: { reason: 'from-snapshot', detail: 'from-snapshot' },
    },
    ends: { when: 'first', ending: { detail: 'from-snapshot', reason: 'from-snapshot' } },
    defines: 'from-snapshot',
  },
  start: booted,
  suspend: { stop: 'user' },
  undefine: {},
};

/** A `start` that finds a managed save is a restore. */
export const restoring: (call: Call) => Operation = restored;

/** Null if it is not known. */
export function operationOf(call: Call): Operation | null {
  if (!Object.hasOwn(operations, call.operation)) return null;
  const operation = operations[call.operation];
  return (typeof operation === 'function' ? operation(call) : operation) ?? null;
}

/**
 * What a manager knows because it does it itself: the reasons of its `stop` and `cont`, and how its calls end.
 *
 * A table by virsh's words. An operation that is not here does nothing of itself, and is counted.
 *
 * libvirt 9.0.0 `src/qemu/qemu_driver.c`, `qemu_process.c`, `qemu_migration.c`.
 */
import type { LifecycleDetail, PausedReason, RunningReason } from '../events/domain-state.ts';
import type { Ending } from '../machines/domain-context.ts';
import type { Call } from './format.ts';

export interface Operation {
  /** Why it sends `stop`. */
  readonly stop?: PausedReason;
  /** Why it sends `cont`. */
  readonly cont?: RunningReason;
  /** It starts a QEMU, which is announced so. */
  readonly starts?: LifecycleDetail<'started'>;
  /** It ends QEMU: `first` before anything else, `last` when it has succeeded. */
  readonly ends?: { readonly when: 'first' | 'last'; readonly ending: Ending };
}

const last = (detail: Ending['detail'], reason: Ending['reason']): NonNullable<Operation['ends']> => ({
  when: 'last',
  ending: { detail, reason },
});

const save: Operation = { stop: 'save', cont: 'save-canceled', ends: last('saved', 'saved') };

const snapshot = ({ options = {} }: Call): Operation => ({
  // An internal snapshot is a save that goes on (qemu_snapshot.c:qemuSnapshotCreateActiveInternal).
  stop: options.memspec === undefined ? 'save' : 'snapshot',
  cont: 'unpaused',
  ...(options.halt === true ? { ends: last('from-snapshot', 'from-snapshot') } : {}),
});

const operations: Readonly<Record<string, Operation | ((call: Call) => Operation)>> = {
  create: { cont: 'booted', starts: 'booted' },
  define: {},
  destroy: { ends: { when: 'first', ending: { detail: 'destroyed', reason: 'destroyed' } } },
  dump: ({ options = {} }) => ({
    stop: 'dump',
    cont: 'unpaused',
    ...(options.crash === true ? { ends: last('crashed', 'crashed') } : {}),
  }),
  managedsave: save,
  'manager-kill': {},
  'manager-start': {},
  'manager-stop': {},
  migrate: { stop: 'migration', cont: 'migration-canceled', ends: last('migrated', 'migrated') },
  restore: { cont: 'restored', starts: 'restored' },
  resume: { cont: 'unpaused' },
  save,
  'snapshot-create': snapshot,
  'snapshot-create-as': snapshot,
  start: { cont: 'booted', starts: 'booted' },
  suspend: { stop: 'user' },
  undefine: {},
};

/** A `start` that finds a managed save is a restore. */
export const restoring: Operation = { cont: 'restored', starts: 'restored' };

/** Null if it is not known. */
export function operationOf(call: Call): Operation | null {
  if (!Object.hasOwn(operations, call.operation)) return null;
  const operation = operations[call.operation];
  return (typeof operation === 'function' ? operation(call) : operation) ?? null;
}

/** Rows of the QEMU events about disks, QEMU jobs, migration and dumps. QAPI `block-core.json`, `job.json`, `migration.json`, `dump.json`. */
import { boolean, integer, lenient, nested, string, uint, word } from '../payload.ts';
import { row } from './row.ts';

/** What QEMU does about a block I/O error. QAPI `block-core.json:BlockErrorAction` */
export const blockErrorActions = ['ignore', 'report', 'stop'] as const;

/** QAPI `job.json:JobStatus`. */
export const jobStatuses = [
  'undefined',
  'created',
  'running',
  'paused',
  'ready',
  'standby',
  'waiting',
  'pending',
  'aborting',
  'concluded',
  'null',
] as const;

/** Those of QAPI `job.json:JobType` that are block jobs. */
export const blockJobKinds = ['commit', 'stream', 'mirror', 'backup'] as const;

/** QAPI `migration.json:MigrationStatus`. */
export const migrationStatuses = [
  'none',
  'setup',
  'active',
  'pre-switchover',
  'device',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover-setup',
  'postcopy-recover',
  'completed',
  'failed',
  'cancelling',
  'cancelled',
  'wait-unplug',
  'colo',
] as const;

/** QAPI `dump.json:DumpStatus`. */
export const dumpStatuses = ['none', 'active', 'completed', 'failed'] as const;

export const blockEvents = {
  BLOCK_IO_ERROR: row(
    {
      device: lenient(string, ''),
      'node-name': lenient(string, null),
      'qom-path': lenient(string, null),
      action: lenient(word(blockErrorActions), 'ignore'),
      nospace: lenient(boolean, false),
    },
    {
      inRunState: true,
      summary: 'a disk had an I/O error, and this is what QEMU does about it',
      source: 'QAPI block-core.json; libvirt qemu_process.c:qemuProcessHandleIOError',
    },
  ),
  // That one ended is told by JOB_STATUS_CHANGE; only these say how, where QEMU dismisses it itself.
  BLOCK_JOB_CANCELLED: row(
    { device: string, type: lenient(word(blockJobKinds), null) },
    {
      summary: 'a block job was cancelled; `device` is its id',
      source: 'QAPI block-core.json, since 1.1; ours: libvirt asks query-jobs',
    },
  ),
  BLOCK_JOB_COMPLETED: row(
    { device: string, type: lenient(word(blockJobKinds), null), error: lenient(string, null) },
    {
      summary: 'a block job completed, or failed if there is an error; `device` is its id',
      source: 'QAPI block-core.json, since 1.1; ours: libvirt asks query-jobs',
    },
  ),
  BLOCK_JOB_READY: row(
    { device: string, type: lenient(word(blockJobKinds), null) },
    {
      summary: 'a block job can be completed; `device` is its id',
      source: 'QAPI block-core.json, since 1.3; ours: libvirt knows the type of its own jobs',
    },
  ),
  BLOCK_WRITE_THRESHOLD: row(
    { 'node-name': string, 'write-threshold': uint, 'amount-exceeded': uint },
    {
      summary: 'a write went beyond the threshold of a node, which is off then; in bytes',
      source: 'QAPI block-core.json, since 2.3; libvirt qemu_process.c:qemuProcessHandleBlockThreshold',
    },
  ),
  DUMP_COMPLETED: row(
    {
      result: nested({
        status: lenient(word(dumpStatuses), null),
        completed: lenient(uint, null),
        total: lenient(uint, null),
      }),
      error: lenient(string, null),
    },
    {
      summary: "a dump of the guest's memory is through, or failed",
      source: 'QAPI dump.json, since 2.6; libvirt qemu_process.c:qemuProcessHandleDumpCompleted',
    },
  ),
  JOB_STATUS_CHANGE: row(
    { id: string, status: word(jobStatuses) },
    {
      summary: 'a QEMU job went on in its life; block jobs are followed by it',
      source: 'QAPI job.json, since 3.0; libvirt qemu_process.c:qemuProcessHandleJobStatusChange',
    },
  ),
  MIGRATION: row(
    { status: word(migrationStatuses) },
    {
      summary: 'a migration, or what is made of one, went on; only with the capability `events`',
      source: 'QAPI migration.json, since 2.4; libvirt qemu_process.c:qemuProcessHandleMigrationStatus',
    },
  ),
  MIGRATION_PASS: row(
    { pass: integer },
    {
      summary: "another pass over the guest's memory begins",
      source: 'QAPI migration.json, since 2.6; libvirt qemu_process.c:qemuProcessHandleMigrationPass',
    },
  ),
  SPICE_MIGRATE_COMPLETED: row(
    {},
    {
      summary: "SPICE clients are with the migration's destination",
      source: 'QAPI ui.json, since 1.3; libvirt qemu_process.c:qemuProcessHandleSpiceMigrated',
    },
  ),
} as const;

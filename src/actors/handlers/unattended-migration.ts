/** libvirt 9.0.0 `qemu_migration.c:qemuMigrationProcessUnattended` */
import type { Handler } from './handler.ts';

/** A migration in postcopy completed, and who began it is gone: what that would have done at the end. */
export const unattendedMigration: Handler<'unattendedMigration'> = ({ job }, lease) => {
  if (lease.control === null) return { status: 'ignored', why: 'not in control' };
  const { work, facts } = lease.facts();
  const { async } = work.jobs;
  if (async?.kind !== job) return { status: 'ignored', why: `no ${job} any more` };
  if (async.holder !== null) return { status: 'ignored', why: `somebody attends to the ${job} again` };
  if (facts.migration?.status !== 'completed')
    return { status: 'ignored', why: 'the migration is not completed any more' };
  if (job === 'migration-out')
    return { status: 'done', facts: { end: { detail: 'migrated', reason: 'migrated' } } };
  return {
    status: 'done',
    facts: {
      managerJobEnded: true,
      reason: { running: 'migrated', paused: 'user' },
      lifecycle: {
        running: { event: 'resumed', detail: 'migrated' },
        paused: { event: 'suspended', detail: 'paused' },
      },
    },
  };
};

/**
 * Somebody else's QEMU job: of what kind it is, and which disk it works on. libvirt 9.0.0 has no such step: it
 * follows only jobs of its own.
 */
import { blockJobKinds } from '../../events/qemu-events.ts';
import { blockJobTypeOf, type QemuJobFinding } from '../../events/qemu-jobs.ts';
import { knownJob } from '../../machines/domain-followed-jobs.ts';
import { elementsOf, memberOf } from '../discovery/ask.ts';
import { findDiskOfJob } from '../discovery/block-graph.ts';
import type { Handler } from './handler.ts';

/**
 * QEMU tells the disk while it has the job: one that was through before it could be asked keeps its type, which
 * QEMU's events tell, but has no disk, and so no block-job event.
 */
export const jobCreated: Handler<'jobCreated'> = async ({ id, actor }, lease) => {
  const { ask } = lease;
  const before = knownJob(lease.facts(), id, actor);
  if (before === undefined) return { status: 'ignored', why: 'the QEMU job is over' };
  const jobs = elementsOf(await ask('query-block-jobs'));
  const job = jobs.find((element) => memberOf(element, 'device') === id);
  const kind = blockJobKinds.find((word) => word === memberOf(job, 'type'));
  const disk = await findDiskOfJob(ask, lease.facts().devices, id);
  const found: QemuJobFinding[] = [
    { found: 'work', id, actor, type: kind === undefined ? null : blockJobTypeOf(kind, false), disk },
  ];
  const from = knownJob(lease.facts(), id, actor)?.facts.status;
  if (job === undefined && from !== undefined) {
    // Its last words may have come in one breath with the reply that showed it running.
    const all = await ask('query-jobs');
    const isGone = Array.isArray(all) && !all.some((element) => memberOf(element, 'id') === id);
    if (isGone && from !== 'null' && from !== 'concluded')
      found.push({ found: 'status', id, from, status: 'null' });
  }
  return { status: 'done', facts: { qemuJobs: found } };
};

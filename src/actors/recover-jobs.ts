/** After a gap: which QEMU jobs there are now, compared with those that were followed. */
import type { ProcessEventFacts } from '../events/outcome.ts';
import { jobStatuses } from '../events/qemu-events.ts';
import { jobById, type QemuJobFinding, type QemuJobStatus } from '../events/qemu-jobs.ts';
import { elementsOf, memberOf, textOf } from './discovery/ask.ts';
import type { Lease } from './lease.ts';

/**
 * What `query-jobs` shows, as facts for an outcome. The domain machine does the rest: what a job that is followed
 * came to meanwhile is announced, marked `reconstructed`; jobs that are new are followed.
 *
 * What events tell while QEMU is asked is younger: each finding says what was known before.
 *
 * libvirt 9.0.0 `qemu_blockjob.c:qemuBlockJobRefreshJobs`. @throws the signal's reason
 */
export async function recoverJobs({
  ask,
  facts,
}: Pick<Lease, 'ask' | 'facts'>): Promise<Required<Pick<ProcessEventFacts, 'qemuJobs'>>> {
  const before = facts().facts.jobs;
  const reply = await ask('query-jobs');
  if (!Array.isArray(reply)) return { qemuJobs: [] };
  const found = new Map<string, QemuJobStatus>();
  for (const element of elementsOf(reply, Number.POSITIVE_INFINITY)) {
    const id = textOf(memberOf(element, 'id'));
    const status = jobStatuses.find((word) => word === memberOf(element, 'status'));
    if (id !== null && status !== undefined) found.set(id, status);
  }
  const findings: QemuJobFinding[] = [];
  for (const id of new Set([...Object.keys(before), ...found.keys()])) {
    const from = jobById(before, id)?.status ?? null;
    const status = found.get(id) ?? 'null';
    if (status !== from) findings.push({ found: 'status', id, from, status });
  }
  return { qemuJobs: findings };
}

/**
 * A QEMU job concluded: how, what that makes of its disk, and the events of it, in this order.
 *
 * libvirt 9.0.0 `qemu_driver.c:processJobStatusChangeEvent`, `qemu_blockjob.c:qemuBlockJobEventProcess`.
 */
import { CommandError, StateError } from '../../errors.ts';
import type { ProcessEventFacts } from '../../events/outcome.ts';
import { blockJobEvents, type DiskContents, diskOfJob, type QemuJobResult } from '../../events/qemu-jobs.ts';
import { type KnownJob, knownJob } from '../../machines/domain-followed-jobs.ts';
import { elementsOf, memberOf } from '../discovery/ask.ts';
import { readContents } from '../discovery/block-graph.ts';
import type { Lease } from '../lease.ts';
import type { Handler } from './handler.ts';

export const jobStatusChange: Handler<'jobStatusChange'> = async ({ id, actor, reconstructed }, lease) => {
  const before = knownJob(lease.facts(), id, actor);
  if (before === undefined) return { status: 'ignored', why: 'QEMU calls another job so by now' };
  const { own } = before.followed;
  const said = await askResult(lease, id, before);
  // Only whoever started a job lets go of it.
  if (own !== null) await lease.ask('job-dismiss', { id });

  const job = knownJob(lease.facts(), id, actor);
  if (job === undefined) return { status: 'ignored', why: 'QEMU calls another job so by now' };
  const ended = own === null ? await endOfOthers(lease, job, said) : endOfOwn(lease, job, said);
  const { result, becomes } = ended;
  const disk = diskOfJob(lease.facts().devices, job.facts);
  const facts: ProcessEventFacts = { qemuJobs: [{ found: 'told', id, actor }] };
  if (result === null) return { status: 'done', why: 'QEMU does not say how it ended', facts };
  if (disk === undefined) return { status: 'done', facts };
  return {
    status: 'done',
    facts: becomes === null ? facts : { ...facts, changedDisk: { alias: disk.alias, ...becomes } },
    emits: blockJobEvents({ ...disk, ...becomes }, job.facts.type, result, reconstructed),
  };
};

/** How it ended, and what its disk has now if that is something else. */
interface Ended {
  readonly result: QemuJobResult | null;
  readonly becomes: DiskContents | null;
}

/** What QEMU says of a job: `gone` if nothing. */
type Said = 'completed' | 'failed' | 'gone';

/** A job that is not ours is asked for only if QEMU's events did not tell, and if anybody is to be told. */
async function askResult({ execute }: Lease, id: string, { facts, followed }: KnownJob): Promise<Said> {
  if (followed.own === null && (facts.result !== null || facts.disk === null)) return 'gone';
  let jobs: unknown;
  try {
    jobs = await execute('query-jobs');
  } catch (error) {
    const isUnanswered =
      error instanceof CommandError || (error instanceof StateError && error.code === 'ERR_NOT_RECORDED');
    if (!isUnanswered) throw error;
  }
  const job = elementsOf(jobs, Number.POSITIVE_INFINITY).find((element) => memberOf(element, 'id') === id);
  if (job === undefined || memberOf(job, 'status') !== 'concluded') return 'gone';
  return memberOf(job, 'error') === undefined ? 'completed' : 'failed';
}

/** A job of ours that somebody else cancelled has failed: QEMU gives an error. */
function endOfOwn(lease: Lease, { facts, followed }: KnownJob, said: Said): Ended {
  const intent = followed.own?.intent ?? null;
  const noted = facts.result === 'canceled' ? 'failed' : facts.result;
  const asked = said === 'gone' ? noted : said;
  const result = intent === 'abort' && asked !== null ? 'canceled' : asked;
  const pivots = facts.type === 'copy' || facts.type === 'active-commit';
  const succeeded = result === 'completed' && (!pivots || intent === 'pivot');
  const disk = diskOfJob(lease.facts().devices, facts);
  return { result, becomes: succeeded && disk !== undefined ? (followed.own?.becomes ?? null) : null };
}

/** What a job of somebody else made of its disk is looked at; by that also one is judged whose end nobody saw. */
async function endOfOthers(
  { ask, facts: now }: Lease,
  { facts, followed }: KnownJob,
  said: Said,
): Promise<Ended> {
  const disk = diskOfJob(now().devices, facts);
  if (disk === undefined) return { result: facts.result, becomes: null };
  const becomes = facts.type === 'backup' ? null : await readContents(ask, now().devices, disk.alias);
  const asked =
    said === 'gone' ? (hasSucceeded(facts.type, followed.nodes, becomes) ? 'completed' : 'failed') : said;
  const result = facts.result ?? asked;
  return { result, becomes: result === 'completed' ? becomes : null };
}

/** Whether a disk shows that a job on it did what it was for; of a backup, nothing does. */
function hasSucceeded(
  type: KnownJob['facts']['type'],
  nodes: readonly string[],
  becomes: DiskContents | null,
): boolean {
  const [top] = nodes;
  if (becomes === null || top === undefined) return false;
  switch (type) {
    case 'copy':
    case 'active-commit':
      return becomes.nodes[0] !== top;
    case 'commit':
    case 'pull':
      return nodes.some((node) => !becomes.nodes.includes(node));
    default:
      return false;
  }
}

/**
 * Which QEMU jobs a domain follows, and what it knows of each: the two tables by id, always of the same keys. Pure.
 *
 * `facts.jobs` is what users see, `qemuJobs.byId` what the domain needs besides.
 */
import { isDisk } from '../events/devices.ts';
import { MAX_QEMU_JOBS, type QemuJobFacts } from '../events/facts.ts';
import type { ProcessEvent } from '../events/process-events.ts';
import { type DiskContents, jobById, type QemuJobStatus } from '../events/qemu-jobs.ts';
import type { DomainContext, FollowedJob } from './domain-context.ts';

type JobTables = Pick<DomainContext, 'facts' | 'qemuJobs'>;

/** A QEMU job of both tables. */
export interface KnownJob {
  readonly facts: QemuJobFacts;
  readonly followed: FollowedJob;
}

/** @param actor - if given: only if that is the one that follows it */
export function knownJob(tables: JobTables, id: string, actor?: string): KnownJob | undefined {
  const facts = jobById(tables.facts.jobs, id);
  const followed = jobById(tables.qemuJobs.byId, id);
  if (facts === undefined || followed === undefined) return undefined;
  return actor === undefined || followed.actor === actor ? { facts, followed } : undefined;
}

export const hasRoomForJob = ({ qemuJobs }: JobTables): boolean =>
  Object.keys(qemuJobs.byId).length < MAX_QEMU_JOBS;

const noJob: KnownJob = {
  facts: { status: 'undefined', type: null, disk: null, result: null, error: null },
  followed: { actor: '', ready: 'no', looked: false, nodes: [], concluded: 'no', told: false, own: null },
};

/** What is known of a job has changed. */
export function withJob(
  tables: JobTables,
  id: string,
  change: { readonly facts?: Partial<QemuJobFacts>; readonly followed?: Partial<FollowedJob> },
): JobTables {
  const before = knownJob(tables, id) ?? noJob;
  return withBoth(
    tables,
    id,
    { ...before.facts, ...change.facts },
    { ...before.followed, ...change.followed },
  );
}

export function withoutJob({ facts, qemuJobs }: JobTables, id: string): JobTables {
  const { [id]: _, ...jobs } = facts.jobs;
  const { [id]: __, ...byId } = qemuJobs.byId;
  return { facts: { ...facts, jobs }, qemuJobs: { ...qemuJobs, byId } };
}

/** A job is followed from now on. @param foundAs - it was found so, and that is no news */
export function withNewJob(
  tables: JobTables,
  id: string,
  foundAs: QemuJobStatus,
  known: { readonly facts?: Partial<QemuJobFacts>; readonly followed?: Partial<FollowedJob> } = {},
): { readonly tables: JobTables; readonly actor: string } {
  const sequence = tables.qemuJobs.sequence + 1;
  const actor = `qemuJob#${sequence}`;
  const isReady = foundAs === 'ready' || foundAs === 'standby';
  return {
    actor,
    tables: withBoth(
      { ...tables, qemuJobs: { ...tables.qemuJobs, sequence } },
      id,
      { ...noJob.facts, status: foundAs, ...known.facts },
      { ...noJob.followed, actor, ready: isReady ? 'told' : 'no', ...known.followed },
    ),
  };
}

const withBoth = (
  { facts, qemuJobs }: JobTables,
  id: string,
  job: QemuJobFacts,
  followed: FollowedJob,
): JobTables => ({
  facts: { ...facts, jobs: { ...facts.jobs, [id]: job } },
  qemuJobs: { ...qemuJobs, byId: { ...qemuJobs.byId, [id]: followed } },
});

/** What is to be done for a job and was not, or was lost with the monitor or to a full queue. */
export function workFor(id: string, { followed }: KnownJob): ProcessEvent | null {
  const { actor, concluded, told, looked, own } = followed;
  if (concluded !== 'no')
    return told
      ? null
      : { type: 'jobStatusChange', data: { id, actor, reconstructed: concluded === 'found' } };
  return looked || own !== null ? null : { type: 'jobCreated', data: { id, actor } };
}

/** A disk has other contents. */
export const withDisk = (
  devices: DomainContext['devices'],
  { alias, ...contents }: DiskContents & { readonly alias: string },
): DomainContext['devices'] =>
  devices?.map((device) =>
    device.alias === alias && isDisk(device) ? { ...device, ...contents } : device,
  ) ?? null;

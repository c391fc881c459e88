/**
 * Domain jobs: who may query, change or end a domain. One job is held at a time, and beside it one async job, which
 * lets some kinds of job in while it runs.
 *
 * libvirt 9.0.0 `src/conf/virdomainjob.h:virDomainJob`, `virDomainAsyncJob`; masks `virDomainObjSetAsyncJobMask`.
 */
export const jobKinds = [
  'query',
  'suspend',
  'modify',
  'abort',
  'migration-op',
  'modify-migration-safe',
] as const;
export type JobKind = (typeof jobKinds)[number];

/** Long ones, and what may run beside each. Two never run at once; a destroy takes no job and never waits. */
export const asyncJobs = {
  'migration-out': ['query', 'abort', 'suspend', 'migration-op', 'modify-migration-safe'],
  'migration-in': ['modify-migration-safe'],
  save: ['query', 'abort'],
  dump: ['query', 'abort'],
  snapshot: [],
  start: [],
  backup: ['query', 'abort', 'suspend', 'modify'],
} as const satisfies Readonly<Record<string, readonly JobKind[]>>;
export type AsyncJobKind = keyof typeof asyncJobs;

export const isAsyncJob = (kind: JobKind | AsyncJobKind): kind is AsyncJobKind =>
  Object.hasOwn(asyncJobs, kind);

/**
 * QEMU jobs: what their words mean, and what is announced of those that are block jobs.
 *
 * The rule of this file: an id is compared, never taken apart, although libvirt makes its own of words that tell.
 *
 * libvirt 9.0.0 `src/qemu/qemu_blockjob.c`.
 */
import { type DiskDevice, type DomainDevices, findDevice, isDisk } from './devices.ts';
import type { BlockJobChange, BlockJobType, DomainEventItem } from './domain-events.ts';
import type { blockJobKinds, QemuEventData } from './qemu-events.ts';

/** QAPI `job.json:JobStatus`. */
export type QemuJobStatus = QemuEventData<'JOB_STATUS_CHANGE'>['status'];

/** How a block job ended. */
export type QemuJobResult = Exclude<BlockJobChange['status'], 'ready'>;

/** What a disk is when a job has succeeded. */
export type DiskContents = Pick<DiskDevice, 'source' | 'nodes' | 'paths'>;

/** What only whoever started a job knows of it. */
export interface OwnJob {
  readonly type: BlockJobType | null;
  /** Alias; null if it works on none. */
  readonly disk: string | null;
  /** The disk after its success; null: as before. */
  readonly becomes: DiskContents | null;
}

/** What was asked of a job that is ours. libvirt 9.0.0 `qemu_blockjob.h:QEMU_BLOCKJOB_STATE_PIVOTING`, `…_ABORTING` */
export type JobIntent = 'pivot' | 'abort';

/** What a handler found out about QEMU jobs, for the domain machine. */
export type QemuJobFinding =
  /** After a gap: how one is. Old news if `from`, what was known when QEMU was asked (null: nothing), is not so any more. */
  | {
      readonly found: 'status';
      readonly id: string;
      readonly from: QemuJobStatus | null;
      readonly status: QemuJobStatus;
    }
  /** What it works on, as far as that is known. */
  | {
      readonly found: 'work';
      readonly id: string;
      readonly actor: string;
      readonly type: BlockJobType | null;
      readonly disk: string | null;
    }
  /** Its end was told. */
  | { readonly found: 'told'; readonly id: string; readonly actor: string };

const typeOfKind: Readonly<Record<(typeof blockJobKinds)[number], BlockJobType>> = {
  backup: 'backup',
  commit: 'commit',
  mirror: 'copy',
  stream: 'pull',
};

/** libvirt's type. QEMU has one kind for both commits; only that of an active layer becomes ready. */
export const blockJobTypeOf = (kind: (typeof blockJobKinds)[number], wasReady: boolean): BlockJobType =>
  kind === 'commit' && wasReady ? 'active-commit' : typeOfKind[kind];

/** An own member: an id may be `constructor`. */
export const jobById = <T>(jobs: Readonly<Record<string, T>>, id: string): T | undefined =>
  Object.hasOwn(jobs, id) ? jobs[id] : undefined;

/** The disk that a job works on. */
export function diskOfJob(
  devices: DomainDevices,
  { disk }: { readonly disk: string | null },
): DiskDevice | undefined {
  const device = disk === null ? undefined : findDevice(devices, disk);
  return device !== undefined && isDisk(device) ? device : undefined;
}

/**
 * By path where there is one, then by target; none without a disk.
 *
 * libvirt 9.0.0 `qemu_blockjob.c:qemuBlockJobEmitEvents`.
 */
export function blockJobEvents(
  disk: DiskDevice | undefined,
  type: BlockJobType | null,
  status: BlockJobChange['status'],
  reconstructed: boolean,
): DomainEventItem[] {
  if (disk === undefined) return [];
  const about = { type: type ?? 'unknown', status } as const;
  const mark = reconstructed ? ({ reconstructed: true } as const) : {};
  const path = disk.source ?? '';
  return [
    ...(path === '' ? [] : [{ type: 'block-job' as const, args: { disk: path, ...about }, ...mark }]),
    { type: 'block-job-2', args: { disk: disk.target ?? disk.alias, ...about }, ...mark },
  ];
}

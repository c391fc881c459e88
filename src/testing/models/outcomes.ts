/** How handlers may end, as examples: what each brings home where it succeeds, and other ends that decide something. */
import type { Outcome } from '../../events/outcome.ts';
import type { ProcessEvent, ProcessEventData, ProcessEventType } from '../../events/process-events.ts';

const done: Outcome = { status: 'done' };
const failed: Outcome = { status: 'failed', why: 'took too long', retry: true };

/** Names are those of the examples of devices. */
const outcomes: { readonly [T in ProcessEventType]?: (data: ProcessEventData[T]) => readonly Outcome[] } = {
  attached: () => [
    {
      status: 'done',
      facts: {
        known: { balloonKiB: 1024 },
        qemuJobs: [{ found: 'status', id: 'job0', from: null, status: 'ready' }],
      },
    },
  ],
  deviceDeleted: ({ alias }) => [
    {
      status: 'done',
      facts: { removedDevices: [alias] },
      emits: [{ type: 'device-removed', args: { alias } }],
    },
  ],
  guestPanic: () => [{ status: 'done', facts: { end: { detail: 'crashed', reason: 'crashed' } } }],
  jobCreated: ({ id, actor }) => [
    {
      status: 'done',
      facts: { qemuJobs: [{ found: 'work', id, actor, type: 'commit', disk: 'virtio-disk0' }] },
    },
  ],
  jobStatusChange: ({ id, actor }) => [
    { status: 'done', facts: { qemuJobs: [{ found: 'told', id, actor }] } },
  ],
  monitorEof: () => [
    { status: 'done', facts: { gone: true } },
    { status: 'ignored', why: 'QEMU may still live' },
  ],
  nicRxFilterChanged: ({ alias }) => [
    { status: 'done', facts: { nic: { alias, seen: { mac: '52:54:00:00:00:02' } } } },
  ],
  shutdownOrReboot: () => [
    { status: 'failed', facts: { rebooted: true, end: { detail: 'failed', reason: 'crashed' } } },
    { status: 'done', facts: { rebooted: true } },
  ],
  unattendedMigration: () => [{ status: 'done', facts: { end: { detail: 'migrated', reason: 'migrated' } } }],
};

/** @param of - null: an operation */
export function outcomesOf(of: ProcessEvent | null): readonly Outcome[] {
  // The row takes the data of its own type; the pair is made together in `of`.
  const row = of === null ? undefined : (outcomes[of.type] as ((data: unknown) => Outcome[]) | undefined);
  return [failed, ...(row?.(of?.data) ?? [done])];
}

/**
 * QEMU events that are work for a handler and change no state themselves: which process event each submits.
 *
 * Rules of this file: pure. Null: there is nothing to do, and it is counted as ignored.
 *
 * libvirt 9.0.0: src/qemu/qemu_process.c:qemuProcessHandle*, qemuProcessEventSubmit
 */
import type { ProcessEvent } from '../events/process-events.ts';
import type { QemuEventData, QemuEventName } from '../events/qemu-events.ts';

/** The one helper that is started for a domain; others are their users' own. libvirt 9.0.0 `qemu_alias.c:qemuDomainGetManagedPRAlias` */
const MANAGED_PR_HELPER = 'pr-helper0';

type Submit<N extends QemuEventName> = (data: QemuEventData<N>) => ProcessEvent | null;

const submissions = {
  DEVICE_DELETED: ({ device }) => ({ type: 'deviceDeleted', data: { alias: device } }),
  GUEST_CRASHLOADED: () => ({ type: 'guestCrashloaded', data: {} }),
  MEMORY_DEVICE_SIZE_CHANGE: ({ id, size }) => ({
    type: 'memoryDeviceSizeChange',
    data: { alias: id, sizeBytes: size },
  }),
  NETDEV_STREAM_DISCONNECTED: (data) => ({
    type: 'netdevStreamDisconnected',
    data: { netdev: data['netdev-id'] },
  }),
  NETDEV_VHOST_USER_DISCONNECTED: (data) => ({
    type: 'netdevStreamDisconnected',
    data: { netdev: data['netdev-id'] },
  }),
  NIC_RX_FILTER_CHANGED: ({ name }) => ({ type: 'nicRxFilterChanged', data: { alias: name } }),
  PR_MANAGER_STATUS_CHANGED: ({ id, connected }) =>
    connected || id !== MANAGED_PR_HELPER ? null : { type: 'prDisconnect', data: {} },
  RDMA_GID_STATUS_CHANGED: (data) => ({
    type: 'rdmaGidStatusChanged',
    data: {
      netdev: data.netdev,
      present: data['gid-status'],
      subnetPrefix: data['subnet-prefix'],
      interfaceId: data['interface-id'],
    },
  }),
  VSERPORT_CHANGE: ({ id, open }) => ({ type: 'serialChanged', data: { alias: id, open } }),
} satisfies { readonly [N in QemuEventName]?: Submit<N> };

export type SubmittedName = keyof typeof submissions;

export const submittedNames = Object.keys(submissions) as readonly SubmittedName[];

/** By the machine event's type. */
const byType = new Map(
  Object.entries(submissions).map(([name, submit]) => [`qemu.${name}`, submit as Submit<QemuEventName>]),
);

/** The process event that a QEMU event submits; null if none. */
export const submissionOf = (event: { readonly type: string; readonly data: unknown }): ProcessEvent | null =>
  byType.get(event.type)?.(event.data as QemuEventData<QemuEventName>) ?? null;

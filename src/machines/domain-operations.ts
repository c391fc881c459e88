/**
 * The operations of the API: what each is called with, and the domain job that it needs.
 *
 * libvirt 9.0.0 `src/driver-hypervisor.h`; jobs by each function's `virDomainObjBeginJob`.
 */
import type { JobKind } from '../events/jobs.ts';

type Nothing = Record<string, never>;

/** What each operation is called with: plain JSON. */
export interface OperationData {
  /** libvirt `qemu_driver.c:qemuDomainDestroyFlags` */
  destroy: Nothing;
  /** libvirt `qemu_driver.c:qemuDomainDetachDeviceAliasLiveAndConfig` */
  detachDevice: { readonly alias: string };
  /** libvirt `qemu_hotplug.c:qemuDomainChangeMediaBlockdev`, its first step */
  eject: { readonly alias: string; readonly force: boolean };
  /** libvirt `qemu_driver.c:qemuDomainInjectNMI` */
  injectNmi: Nothing;
  /** libvirt `qemu_driver.c:qemuDomainReboot` */
  reboot: Nothing;
  /** libvirt `qemu_driver.c:qemuDomainReset` */
  reset: Nothing;
  /** libvirt `qemu_driver.c:qemuDomainResume` */
  resume: Nothing;
  /** libvirt `qemu_driver.c:qemuDomainShutdownFlags` */
  shutdown: Nothing;
  /** libvirt `qemu_driver.c:qemuDomainSuspend` */
  suspend: Nothing;
  /** libvirt `qemu_driver.c:qemuDomainPMWakeup` */
  wakeup: Nothing;
}

export type OperationName = keyof OperationData;

/** Null: it waits for nobody. */
export const operationJobs: Readonly<Record<OperationName, JobKind | null>> = {
  destroy: null,
  detachDevice: 'modify',
  eject: 'modify',
  injectNmi: 'modify',
  reboot: 'modify',
  reset: 'modify',
  resume: 'modify',
  shutdown: 'modify',
  suspend: 'suspend',
  wakeup: 'modify',
};

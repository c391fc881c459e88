/**
 * TABLE 2: process events, the work that a QEMU event leaves for a handler that may wait.
 *
 * A type here must have a handler of the same name in `actors/handlers/`; the compiler asks for it.
 *
 * libvirt 9.0.0 `qemu_domain.h:qemuProcessEventType`, `qemu_driver.c:qemuProcessEventHandler`.
 */

import type { JobKind } from './jobs.ts';

/** Payload of each process event: plain JSON. */
export interface ProcessEventData {
  /** A device is gone. libvirt `qemu_driver.c:processDeviceDeletedEvent` */
  deviceDeleted: { readonly alias: string };
  /** The guest panicked. libvirt `qemu_driver.c:processGuestPanicEvent` */
  guestPanic: Record<string, never>;
  /** The monitor is lost: is the process? libvirt `qemu_driver.c:processMonitorEOFEvent` */
  monitorEof: { readonly attempt: ConnectAttempt };
  /** A receive filter changed, or may have. libvirt `qemu_driver.c:processNicRxFilterChangedEvent` */
  nicRxFilterChanged: { readonly alias: string };
  /** The watchdog expired. libvirt `qemu_driver.c:processWatchdogEvent` */
  watchdog: { readonly action: string };
}

export type ProcessEventType = keyof ProcessEventData;

/**
 * What the last connection attempt after an EOF met. `refused` and `missing`: nobody listens; `failed`:
 * anything else, also a peer that accepts but sends no greeting, as while another client holds the monitor.
 */
export type ConnectAttempt = 'refused' | 'missing' | 'failed';

/** A process event as it waits in the domain's queue. */
export type ProcessEvent = {
  [T in ProcessEventType]: { readonly type: T; readonly data: ProcessEventData[T] };
}[ProcessEventType];

/** One row of the table. */
export interface ProcessEventRow<T extends ProcessEventType> {
  readonly summary: string;
  /** The job it needs; null runs without one, and needs no monitor. */
  readonly job: JobKind | null;
  /** Events with the same key are one while they wait; null: each stands for itself. */
  readonly coalesceKey: ((data: ProcessEventData[T]) => string) | null;
  /** Runs although the monitor is lost, ahead of everything that waits. */
  readonly overtakes: boolean;
  /** If it is dropped or times out, it is submitted again: QEMU will not send its event a second time. */
  readonly mustRun: boolean;
  readonly timeoutMs: number;
}

export const processEvents: { readonly [T in ProcessEventType]: ProcessEventRow<T> } = {
  deviceDeleted: {
    summary: 'takes the device out of what is known of the domain',
    job: 'modify',
    coalesceKey: null,
    overtakes: false,
    mustRun: false,
    timeoutMs: 30_000,
  },
  guestPanic: {
    summary: 'what onCrash asks for; needs control of the QEMU',
    job: 'modify',
    coalesceKey: null,
    overtakes: false,
    mustRun: false,
    timeoutMs: 30_000,
  },
  monitorEof: {
    summary: 'finds out whether the process is gone',
    job: null,
    coalesceKey: () => '',
    overtakes: true,
    mustRun: false,
    timeoutMs: 5_000,
  },
  nicRxFilterChanged: {
    summary: 'asks QEMU for the receive filter and makes the host interface follow it',
    job: 'query',
    coalesceKey: ({ alias }) => alias,
    overtakes: false,
    mustRun: true,
    timeoutMs: 30_000,
  },
  watchdog: {
    summary: 'what the watchdog asks for that QEMU does not do itself; needs control of the QEMU',
    job: 'modify',
    coalesceKey: null,
    overtakes: false,
    mustRun: false,
    timeoutMs: 30_000,
  },
};

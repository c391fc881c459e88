/**
 * TABLE 1: QEMU events, by their QAPI names, in alphabetical order.
 *
 * Rules of this file: a row says how `data` is read and what a missing member does; what the event means for
 * a domain stands in `machines/domain-machine.ts`. A name without a row passes as raw monitor event.
 *
 * libvirt 9.0.0 `qemu_monitor_json.c:eventHandlers`.
 */
import type { QmpTimestamp } from '../qmp/message.ts';
import { boolean, lenient, members, type Parse, type Payload, type Shape, string, word } from './payload.ts';

/** One row of the table. */
export interface QemuEventRow<T> {
  /** The members that are read; all others are ignored. */
  readonly shape: Shape;
  readonly parse: Parse<T>;
  /** What it tells, for the generated page. */
  readonly summary: string;
  /** QAPI module and libvirt's handler. */
  readonly source: string;
  /** What it tells is also in QEMU's run state, so that one from before a look at that is old news. */
  readonly inRunState: boolean;
}

function row<const S extends Shape>(
  shape: S,
  about: { summary: string; source: string; inRunState?: true },
): QemuEventRow<Payload<S>> {
  return { shape, parse: members(shape), inRunState: false, ...about };
}

/** libvirt 9.0.0 `virDomainEventWatchdogAction`; QAPI `run-state.json:WatchdogAction`. */
export const watchdogActions = [
  'none',
  'pause',
  'reset',
  'poweroff',
  'shutdown',
  'debug',
  'inject-nmi',
] as const;

/** What QEMU does about a block I/O error. QAPI `block-core.json:BlockErrorAction` */
export const blockErrorActions = ['ignore', 'report', 'stop'] as const;

export const qemuEvents = {
  BLOCK_IO_ERROR: row(
    {
      device: lenient(string, ''),
      'node-name': lenient(string, null),
      action: lenient(word(blockErrorActions), 'ignore'),
      nospace: lenient(boolean, false),
    },
    {
      inRunState: true,
      summary: 'a disk had an I/O error, and this is what QEMU does about it',
      source: 'QAPI block-core.json; libvirt qemu_process.c:qemuProcessHandleIOError',
    },
  ),
  DEVICE_DELETED: row(
    { device: string },
    {
      summary:
        'a device is unplugged and gone; events of its inner objects carry no `device` and are dropped',
      source: 'QAPI qdev.json; libvirt qemu_process.c:qemuProcessHandleDeviceDeleted',
    },
  ),
  GUEST_PANICKED: row(
    {},
    {
      inRunState: true,
      summary: 'the guest says that its kernel panicked',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleGuestPanic',
    },
  ),
  NIC_RX_FILTER_CHANGED: row(
    { name: string },
    {
      summary: 'the guest changed the receive filter of a NIC; muted until the next query-rx-filter',
      source: 'QAPI net.json, since 1.6; libvirt qemu_process.c:qemuProcessHandleNicRxFilterChanged',
    },
  ),
  POWERDOWN: row(
    {},
    {
      summary: 'the power button was pressed; whether the guest obeys is not known',
      source: 'QAPI run-state.json; libvirt has no handler',
    },
  ),
  RESET: row(
    {},
    {
      inRunState: true,
      summary: 'the guest was reset; a reboot may send several',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleReset',
    },
  ),
  RESUME: row(
    {},
    {
      inRunState: true,
      summary: 'the CPUs run',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleResume',
    },
  ),
  SHUTDOWN: row(
    { guest: lenient(boolean, null), reason: lenient(string, null) },
    {
      inRunState: true,
      summary:
        'QEMU is about to end, or would be but for -no-shutdown; `guest` null: it does not say who asked',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleShutdown',
    },
  ),
  STOP: row(
    {},
    {
      inRunState: true,
      summary: 'the CPUs stopped',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleStop',
    },
  ),
  SUSPEND: row(
    {},
    {
      inRunState: true,
      summary: 'the guest went to sleep, in memory (S3); no STOP comes with it',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandlePMSuspend',
    },
  ),
  SUSPEND_DISK: row(
    {},
    {
      inRunState: true,
      summary: 'the guest went to sleep, on disk (S4); SHUTDOWN follows',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandlePMSuspendDisk',
    },
  ),
  WAKEUP: row(
    {},
    {
      inRunState: true,
      summary: 'the guest woke up; no RESUME comes with it',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandlePMWakeup',
    },
  ),
  WATCHDOG: row(
    { action: lenient(word(watchdogActions), 'none') },
    {
      inRunState: true,
      summary: 'the watchdog expired, and this is what QEMU does about it',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleWatchdog',
    },
  ),
} as const satisfies Readonly<Record<string, QemuEventRow<unknown>>>;

export type QemuEventName = keyof typeof qemuEvents;
export type QemuEventData<N extends QemuEventName> = Exclude<
  ReturnType<(typeof qemuEvents)[N]['parse']>,
  { readonly reason: string; readonly field: string }
>;

/** The machine event of a row: `{ type: 'qemu.STOP', data, timestamp, incarnation }`. */
export type QemuMachineEvent = {
  [N in QemuEventName]: {
    readonly type: `qemu.${N}`;
    readonly data: QemuEventData<N>;
    readonly timestamp: QmpTimestamp | null;
    readonly incarnation: string;
  };
}[QemuEventName];

/** A row as the monitor looks it up: by name, with the machine event's type made once. */
export interface QemuEventRoute {
  readonly type: QemuMachineEvent['type'];
  readonly parse: Parse<unknown>;
  readonly inRunState: boolean;
}

/** Where each QEMU event goes. A Map, so that a name like `constructor` is just unknown. */
export const qemuEventRoutes: ReadonlyMap<string, QemuEventRoute> = new Map(
  Object.entries(qemuEvents).map(([name, { parse, inRunState }]) => [
    name,
    { type: `qemu.${name}` as QemuMachineEvent['type'], parse, inRunState },
  ]),
);

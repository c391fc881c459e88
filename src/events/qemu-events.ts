/**
 * TABLE 1: QEMU events, by their QAPI names.
 *
 * Rules of this table: a row says how `data` is read and what a missing member does; what the event means for
 * a domain stands in `machines/domain-machine.ts`. A name without a row passes as raw monitor event.
 *
 * libvirt 9.0.0 `qemu_monitor_json.c:eventHandlers`.
 */
import type { QmpTimestamp } from '../qmp/message.ts';
import type { Parse } from './payload.ts';
import { blockEvents } from './qemu/blocks.ts';
import { deviceEvents } from './qemu/devices.ts';
import { graphicsEvents } from './qemu/graphics.ts';
import { ignoredQemuEvents } from './qemu/ignored.ts';
import type { QemuEventRow } from './qemu/row.ts';
import { runStateEvents } from './qemu/run-state.ts';

export { blockJobKinds, jobStatuses, migrationStatuses } from './qemu/blocks.ts';
export { ignoredQemuEvents } from './qemu/ignored.ts';
export type { QemuEventRow } from './qemu/row.ts';
export { watchdogActions } from './qemu/run-state.ts';

export const qemuEvents = {
  ...blockEvents,
  ...deviceEvents,
  ...graphicsEvents,
  ...runStateEvents,
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

/**
 * Where each QEMU event goes; `ignored`: known, and of no meaning here. A Map, so that a name like `constructor`
 * is just unknown.
 */
export const qemuEventRoutes: ReadonlyMap<string, QemuEventRoute | 'ignored'> = new Map<
  string,
  QemuEventRoute | 'ignored'
>([
  ...Object.keys(ignoredQemuEvents).map((name) => [name, 'ignored'] as const),
  ...Object.entries(qemuEvents).map(
    ([name, { parse, inRunState }]) =>
      [name, { type: `qemu.${name}` as QemuMachineEvent['type'], parse, inRunState }] as const,
  ),
]);

/** What it tells is in QEMU's run state too. */
export const isInRunState = (name: string): boolean => {
  const route = qemuEventRoutes.get(name);
  return route !== undefined && route !== 'ignored' && route.inRunState;
};

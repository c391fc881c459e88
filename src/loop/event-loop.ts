/**
 * The event loop that the library waits with: libvirt's six functions, as an interface.
 *
 * libvirt 9.0.0 `include/libvirt/libvirt-event.h`, `src/util/virevent.c:virEventRegisterImpl`.
 */
import type { Duplex } from 'node:stream';

/** Bits of a handle's mask, and of what a callback is told. libvirt `virEventHandleType`. */
export const READABLE = 1;
export const WRITABLE = 2;
export const ERROR = 4;
export const HANGUP = 8;

/** @param events - the bits that are ready: of those in the mask, and of ERROR and HANGUP */
export type HandleCallback = (watch: number, stream: Duplex, events: number) => void;
export type TimeoutCallback = (timer: number) => void;

/**
 * What the library needs from an event loop.
 *
 * Callbacks, `free` among them, are run by the loop only, one at a time, never from inside one of these
 * functions. All six may be called from inside any callback. A removed entry is never called again, not even
 * when it was ready already. A callback that throws keeps no other from running.
 *
 * @public
 */
export interface EventLoop {
  /**
   * Watches a stream, level-triggered, as poll(2) does: as long as something of the mask is ready, the callback
   * runs once a turn. READABLE: unread bytes, or the end of the stream. WRITABLE: a write would not have to
   * wait. Without READABLE the stream's buffer fills up, and then the peer has to wait.
   *
   * Whether the mask names them or not: ERROR comes once, with `stream.errored` set; HANGUP once, after the last
   * byte was read. So a mask of 0 is registered but asleep.
   *
   * The same stream may be watched several times, each by its own mask.
   *
   * @param free - runs exactly once after the removal: later, from a clean stack, never while the callback runs
   * @returns the watch, a positive number that is never used again
   */
  addHandle(stream: Duplex, events: number, callback: HandleCallback, free?: () => void): number;
  /** Replaces the mask. Unknown or removed watch: nothing happens. */
  updateHandle(watch: number, events: number): void;
  /** @returns false if the watch is not known */
  removeHandle(watch: number): boolean;
  /**
   * @param ms - interval: -1 registered but disabled, 0 in every turn of the loop, else periodic
   * @param free - as that of a handle
   * @returns the timer, a positive number that is never used again
   */
  addTimeout(ms: number, callback: TimeoutCallback, free?: () => void): number;
  /** Starts the interval anew, also when `ms` is unchanged. Unknown or removed timer: nothing happens. */
  updateTimeout(timer: number, ms: number): void;
  /** @returns false if the timer is not known */
  removeTimeout(timer: number): boolean;
}

/** The six, in libvirt's order. */
export const EVENT_LOOP_FUNCTIONS = [
  'addHandle',
  'updateHandle',
  'removeHandle',
  'addTimeout',
  'updateTimeout',
  'removeTimeout',
] as const satisfies readonly (keyof EventLoop)[];

/** Those of the six functions that a value does not have. */
export function missingFunctions(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return EVENT_LOOP_FUNCTIONS;
  return EVENT_LOOP_FUNCTIONS.filter((name) => typeof (value as Partial<EventLoop>)[name] !== 'function');
}

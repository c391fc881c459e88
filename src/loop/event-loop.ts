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

export type HandleCallback = (watch: number, stream: Duplex, events: number) => void;
export type TimeoutCallback = (timer: number) => void;

/**
 * What the library needs from an event loop. Callbacks are run by the loop only, never from inside one of
 * these functions; a removed entry is never called again, not even when it was ready already.
 *
 * @public
 */
export interface EventLoop {
  /**
   * Watches a stream. READABLE is level-triggered: while unread bytes are pending, the callback runs once a
   * turn. HANGUP comes once, after the last byte; ERROR with `stream.errored` set. Both come even if not in
   * `events`. A mask of 0 is registered but asleep, and leaves unread bytes in the kernel.
   *
   * @returns the watch, a positive number that is never used again
   */
  addHandle(stream: Duplex, events: number, callback: HandleCallback, free?: () => void): number;
  /** Replaces the mask. Unknown or removed watch: nothing happens. */
  updateHandle(watch: number, events: number): void;
  /** @returns false if the watch is not known. `free` runs later, from a clean stack, exactly once. */
  removeHandle(watch: number): boolean;
  /**
   * @param ms - interval: -1 registered but disabled, 0 in every turn of the loop, else periodic
   * @returns the timer, a positive number that is never used again
   */
  addTimeout(ms: number, callback: TimeoutCallback, free?: () => void): number;
  /** Starts the interval anew, also when `ms` is unchanged. */
  updateTimeout(timer: number, ms: number): void;
  /** @returns false if the timer is not known. `free` runs later, from a clean stack, exactly once. */
  removeTimeout(timer: number): boolean;
}

/**
 * The process's event loop, for all who were not given one of their own: what was registered first, and for
 * good. Differs from libvirt: who comes too late is told so.
 *
 * libvirt 9.0.0 `src/util/virevent.c:virEventRegisterImpl`, `virEventRegisterDefaultImpl`, `virEventRunDefaultImpl`.
 */
import type { Duplex } from 'node:stream';
import { StateError } from '../errors.ts';
import type { TimeoutCallback } from './event-loop.ts';
import { EVENT_LOOP_FUNCTIONS, type EventLoop, type HandleCallback, missingFunctions } from './event-loop.ts';
import { streamOf } from './handle-stream.ts';
import { NodeEventLoop } from './node-event-loop.ts';

let registered: EventLoop | null = null;

/** The registered loop; without one, Node's is registered now. @internal */
export function processEventLoop(): EventLoop {
  registered ??= new NodeEventLoop();
  return registered;
}

/**
 * Makes a loop the one of this process. To be called before anything that waits is made without a loop of its
 * own: a driver, a QMP client, a runtime.
 *
 * @param loop - is used as it is: its six functions are called as its methods
 * @throws {TypeError} that names which of the six functions are missing
 * @throws {StateError} when the process has its loop already
 */
export function registerEventLoop(loop: EventLoop): void {
  const missing = missingFunctions(loop);
  if (missing.length > 0)
    throw new TypeError(
      `registerEventLoop: expected an object with the functions ${EVENT_LOOP_FUNCTIONS.join(', ')}; missing ${missing.join(', ')}`,
    );
  if (registered !== null)
    throw new StateError(
      'the process has its event loop already; register another one once, before the first driver',
    );
  registered = loop;
}

/** Makes Node's loop the one of this process. Does nothing if it has one. */
export function registerDefaultEventLoop(): void {
  processEventLoop();
}

/**
 * One iteration of the default loop, for programs written libvirt's way: `while (!quit) await runDefaultEventLoop()`.
 * Resolves at the end of the next turn in which a callback ran, and keeps the process alive until then.
 *
 * Node's loop runs by itself: callbacks also run while nobody waits for an iteration.
 *
 * @throws {StateError} when no loop is registered, or one that is not Node's: it is run by whoever made it
 * @throws the signal's reason when aborted
 */
export async function runDefaultEventLoop({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
  if (!(registered instanceof NodeEventLoop))
    throw new StateError('only the default loop is run by this; call registerDefaultEventLoop() first');
  await registered.iteration(signal);
}

/** `EventLoop.addHandle` of the process's loop; also takes a descriptor, as `NodeEventLoop.addHandle`. */
export function addHandle(
  stream: Duplex | number,
  events: number,
  callback: HandleCallback,
  free?: () => void,
): number {
  return processEventLoop().addHandle(streamOf(stream), events, callback, free);
}

/** `EventLoop.updateHandle` of the process's loop. */
export function updateHandle(watch: number, events: number): void {
  processEventLoop().updateHandle(watch, events);
}

/** `EventLoop.removeHandle` of the process's loop. */
export function removeHandle(watch: number): boolean {
  return processEventLoop().removeHandle(watch);
}

/** `EventLoop.addTimeout` of the process's loop. */
export function addTimeout(ms: number, callback: TimeoutCallback, free?: () => void): number {
  return processEventLoop().addTimeout(ms, callback, free);
}

/** `EventLoop.updateTimeout` of the process's loop. */
export function updateTimeout(timer: number, ms: number): void {
  processEventLoop().updateTimeout(timer, ms);
}

/** `EventLoop.removeTimeout` of the process's loop. */
export function removeTimeout(timer: number): boolean {
  return processEventLoop().removeTimeout(timer);
}

/**
 * The event loop on Node's own, which runs by itself: each entry has its own timer or immediate, so Node gives
 * the turns and the order.
 *
 * What a callback throws is an uncaught exception, as of any callback of Node's. If the process survives it, the
 * loop goes on with all its entries.
 *
 * Timers of more than 0 ms do not keep the process alive (`Runtime.hold` does); pending work (a timeout of
 * 0 ms, unread bytes) does.
 */
import type { Duplex } from 'node:stream';
import { checkCallbacks, checkInterval, checkMask } from './check-arguments.ts';
import type { EventLoop, HandleCallback, TimeoutCallback } from './event-loop.ts';
import { streamOf } from './handle-stream.ts';
import { holdProcess } from './hold.ts';
import { NodeHandle } from './node-handle.ts';
import { NodeTimeout } from './node-timeout.ts';

interface Entry<T extends Disposable> {
  readonly entry: T;
  readonly free: (() => void) | undefined;
}

/**
 * The default event loop. One is enough for a process; several work.
 *
 * @public
 */
export class NodeEventLoop implements EventLoop {
  readonly #handles = new Map<number, Entry<NodeHandle>>();
  readonly #timeouts = new Map<number, Entry<NodeTimeout>>();
  /** Who waits for an iteration. */
  readonly #waiting = new Set<() => void>();
  #lastWatch = 0;
  #lastTimer = 0;

  /**
   * As the interface says; also takes the descriptor of a pipe or socket, whose callback gets the stream that it
   * has from then on: a `net.Socket` that owns it and closes it.
   *
   * @throws {TypeError} for arguments that cannot be used
   */
  addHandle(stream: Duplex | number, events: number, callback: HandleCallback, free?: () => void): number {
    checkMask(events);
    checkCallbacks(callback, free);
    const entry = new NodeHandle(++this.#lastWatch, streamOf(stream), events, (watch, of, ready) => {
      this.#dispatched();
      callback(watch, of, ready);
    });
    this.#handles.set(this.#lastWatch, { entry, free });
    return this.#lastWatch;
  }

  /** @throws {TypeError} for what is no mask */
  updateHandle(watch: number, events: number): void {
    checkMask(events);
    this.#handles.get(watch)?.entry.update(events);
  }

  removeHandle(watch: number): boolean {
    return this.#remove(this.#handles, watch);
  }

  /**
   * @param ms - at most 2^31 - 1, nearly 25 days; more counts as that
   * @throws {TypeError} for arguments that cannot be used
   */
  addTimeout(ms: number, callback: TimeoutCallback, free?: () => void): number {
    checkInterval(ms);
    checkCallbacks(callback, free);
    const entry = new NodeTimeout(++this.#lastTimer, ms, (timer) => {
      this.#dispatched();
      callback(timer);
    });
    this.#timeouts.set(this.#lastTimer, { entry, free });
    return this.#lastTimer;
  }

  /** @throws {TypeError} for what is no interval */
  updateTimeout(timer: number, ms: number): void {
    checkInterval(ms);
    this.#timeouts.get(timer)?.entry.update(ms);
  }

  removeTimeout(timer: number): boolean {
    return this.#remove(this.#timeouts, timer);
  }

  /**
   * Waits for a turn in which a callback runs, and until that turn is over. Keeps the process alive meanwhile.
   *
   * @throws the signal's reason when aborted
   */
  iteration(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const release = holdProcess();
      const settle = (settled: () => void): void => {
        this.#waiting.delete(onTurn);
        signal?.removeEventListener('abort', onAbort);
        release();
        settled();
      };
      const onTurn = (): void => settle(resolve);
      const onAbort = (): void => settle(() => reject(signal?.reason));
      signal?.addEventListener('abort', onAbort);
      this.#waiting.add(onTurn);
    });
  }

  #dispatched(): void {
    if (this.#waiting.size === 0) return;
    for (const onTurn of this.#waiting) setImmediate(onTurn);
    this.#waiting.clear();
  }

  #remove(entries: Map<number, Entry<Disposable>>, id: number): boolean {
    const found = entries.get(id);
    if (found === undefined) return false;
    entries.delete(id);
    const { entry, free } = found;
    entry[Symbol.dispose]();
    if (free !== undefined)
      setImmediate(() => {
        this.#dispatched();
        free();
      });
    return true;
  }
}

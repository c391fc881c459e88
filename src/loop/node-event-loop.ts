/**
 * The event loop on Node's own.
 *
 * Timers of more than 0 ms do not keep the process alive (`Runtime.hold` does); pending work (a timeout of
 * 0 ms, unread bytes) does.
 */
import type { Duplex } from 'node:stream';
import {
  ERROR,
  type EventLoop,
  HANGUP,
  type HandleCallback,
  READABLE,
  type TimeoutCallback,
  WRITABLE,
} from './event-loop.ts';

/** The longest delay that Node's timers take. */
const MAX_DELAY_MS = 2 ** 31 - 1;

class NodeHandle {
  readonly #watch: number;
  readonly #stream: Duplex;
  readonly #callback: HandleCallback;
  #mask: number;
  #removed = false;
  #hungUp = false;
  #next: NodeJS.Immediate | undefined;

  constructor(watch: number, stream: Duplex, mask: number, callback: HandleCallback) {
    this.#watch = watch;
    this.#stream = stream;
    this.#mask = mask;
    this.#callback = callback;
    stream.on('readable', this.#turn);
    stream.on('drain', this.#turn);
    stream.on('end', this.#hangUp);
    stream.on('close', this.#hangUp);
    stream.on('error', this.#fail);
    this.#schedule();
  }

  update(mask: number): void {
    this.#mask = mask;
    this.#schedule();
  }

  remove(): void {
    this.#removed = true;
    clearImmediate(this.#next);
    this.#stream.off('readable', this.#turn);
    this.#stream.off('drain', this.#turn);
    this.#stream.off('end', this.#hangUp);
    this.#stream.off('close', this.#hangUp);
    this.#stream.off('error', this.#fail);
    // A stream that fails after nobody listens must not end the process.
    this.#stream.on('error', () => {});
  }

  #schedule(): void {
    this.#next ??= setImmediate(this.#turn);
  }

  /** One turn: tells what is ready, and comes again as long as something is. */
  readonly #turn = (): void => {
    clearImmediate(this.#next);
    this.#next = undefined;
    if (this.#removed || this.#hungUp) return;
    const ready = this.#ready();
    if (ready !== 0) this.#callback(this.#watch, this.#stream, ready);
    if (this.#removed || this.#hungUp || (this.#mask & READABLE) === 0) return;
    if (this.#stream.readableLength > 0) this.#schedule();
    // A bounded read() that empties the buffer does not ask the kernel for more by itself.
    else this.#stream.read(0);
  };

  #ready(): number {
    let ready = 0;
    if (this.#stream.readableLength > 0) ready |= READABLE;
    if (this.#stream.writable && !this.#stream.writableNeedDrain) ready |= WRITABLE;
    return ready & this.#mask;
  }

  readonly #hangUp = (): void => {
    if (this.#removed || this.#hungUp) return;
    this.#hungUp = true;
    this.#callback(this.#watch, this.#stream, HANGUP);
  };

  readonly #fail = (): void => {
    if (!this.#removed && !this.#hungUp) this.#callback(this.#watch, this.#stream, ERROR);
  };
}

class NodeTimeout {
  readonly #timer: number;
  readonly #callback: TimeoutCallback;
  #interval: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(timer: number, ms: number, callback: TimeoutCallback) {
    this.#timer = timer;
    this.#callback = callback;
    this.update(ms);
  }

  update(ms: number): void {
    this.remove();
    if (ms > 0) {
      const delay = Math.min(ms, MAX_DELAY_MS);
      this.#interval = setInterval(() => this.#callback(this.#timer), delay).unref();
    } else if (ms === 0) this.#immediate = setImmediate(this.#everyTurn);
  }

  remove(): void {
    clearInterval(this.#interval);
    clearImmediate(this.#immediate);
    this.#interval = undefined;
    this.#immediate = undefined;
  }

  readonly #everyTurn = (): void => {
    this.#immediate = setImmediate(this.#everyTurn);
    this.#callback(this.#timer);
  };
}

/**
 * The default event loop. One is enough for a process; several work.
 *
 * @public
 */
export class NodeEventLoop implements EventLoop {
  readonly #handles = new Map<number, { entry: NodeHandle; free: (() => void) | undefined }>();
  readonly #timeouts = new Map<number, { entry: NodeTimeout; free: (() => void) | undefined }>();
  #lastWatch = 0;
  #lastTimer = 0;

  addHandle(stream: Duplex, events: number, callback: HandleCallback, free?: () => void): number {
    const watch = ++this.#lastWatch;
    this.#handles.set(watch, { entry: new NodeHandle(watch, stream, events, callback), free });
    return watch;
  }

  updateHandle(watch: number, events: number): void {
    this.#handles.get(watch)?.entry.update(events);
  }

  removeHandle(watch: number): boolean {
    return removeFrom(this.#handles, watch);
  }

  addTimeout(ms: number, callback: TimeoutCallback, free?: () => void): number {
    const timer = ++this.#lastTimer;
    this.#timeouts.set(timer, { entry: new NodeTimeout(timer, ms, callback), free });
    return timer;
  }

  updateTimeout(timer: number, ms: number): void {
    this.#timeouts.get(timer)?.entry.update(ms);
  }

  removeTimeout(timer: number): boolean {
    return removeFrom(this.#timeouts, timer);
  }
}

function removeFrom(
  entries: Map<number, { entry: { remove(): void }; free: (() => void) | undefined }>,
  id: number,
): boolean {
  const found = entries.get(id);
  if (found === undefined) return false;
  entries.delete(id);
  found.entry.remove();
  if (found.free !== undefined) setImmediate(found.free);
  return true;
}

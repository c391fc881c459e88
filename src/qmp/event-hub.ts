/** Who wants which events of one client: callbacks, waiting calls, iterators. */
import { badArgument, EventTimeoutError, type QemuError, StateError } from '../errors.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';
import type { QmpEvent } from './message.ts';

/** Told one event at a time, in order. What it throws, or its promise rejects with, harms nobody else. */
export type EventCallback = (event: QmpEvent) => unknown;

/** The name of an event, or what it must be like. */
export type EventMatch = string | ((event: QmpEvent) => boolean);

/** @public */
export interface WaitOptions {
  /** Which events of that name count. What it throws ends the waiting. */
  readonly predicate?: ((event: QmpEvent) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** @public */
export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Most events that wait to be taken; the oldest make room for new ones. @defaultValue 1000 */
  readonly limit?: number | undefined;
}

interface Listener {
  onEvent(event: QmpEvent): void;
  /** The connection is gone, and with it the events until the next one. */
  onLost?(): void;
  /** No event will come any more. */
  onEnd?(error: QemuError | null): void;
}

export class EventHub {
  readonly #loop: EventLoop;
  readonly #reportCallbackError: (error: unknown) => void;
  readonly #listeners = new Set<Listener>();

  constructor(loop: EventLoop, reportCallbackError: (error: unknown) => void) {
    this.#loop = loop;
    this.#reportCallbackError = reportCallbackError;
  }

  /** Gives an event to those who were there before it, each unless it has left meanwhile. */
  dispatch(event: QmpEvent): void {
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) listener.onEvent(event);
  }

  /** The connection is gone, another one may come: those who wait for one event are told. */
  lose(): void {
    for (const listener of [...this.#listeners]) listener.onLost?.();
  }

  /** Nothing comes any more. */
  end(error: QemuError | null): void {
    for (const listener of [...this.#listeners]) listener.onEnd?.(error);
    this.#listeners.clear();
  }

  on(name: string, callback: EventCallback): Disposable {
    if (typeof name !== 'string') throw badArgument('name', "an event's name or '*'", name);
    if (typeof callback !== 'function') throw badArgument('callback', 'a function', callback);
    const listener: Listener = {
      onEvent: (event) => {
        if (name === '*' || name === event.event) this.#call(callback, event);
      },
    };
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  waitFor(match: EventMatch, options: WaitOptions = {}): Promise<QmpEvent> {
    const { predicate, signal, timeoutMs } = options;
    if (typeof match !== 'string' && typeof match !== 'function')
      return Promise.reject(badArgument('event', "an event's name or a function", match));
    if (timeoutMs !== undefined && !(timeoutMs > 0))
      return Promise.reject(badArgument('timeoutMs', 'a number above 0', timeoutMs));
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const what = typeof match === 'string' ? match : 'the event waited for';
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#listeners.delete(listener);
        cancelTimeout?.();
        signal?.removeEventListener('abort', onAbort);
      };
      const fail = (reason: unknown): void => {
        leave();
        reject(reason);
      };
      const onAbort = (): void => fail(signal?.reason);
      const listener: Listener = {
        onEvent(event) {
          try {
            const matches = typeof match === 'string' ? match === event.event : match(event);
            if (!matches || predicate?.(event) === false) return;
          } catch (error) {
            fail(error);
            return;
          }
          leave();
          resolve(event);
        },
        onLost: () => fail(lost(what)),
        onEnd: (error) => fail(lost(what, error)),
      };
      const cancelTimeout =
        timeoutMs === undefined
          ? undefined
          : after(this.#loop, timeoutMs, () => fail(new EventTimeoutError(what, timeoutMs)));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#listeners.add(listener);
    });
  }

  events(names: readonly string[] | undefined, options: StreamOptions = {}): EventStream {
    const { signal, limit = 1000 } = options;
    if (!Number.isInteger(limit) || limit < 1) throw badArgument('limit', 'an integer above 0', limit);
    if (names !== undefined && !Array.isArray(names)) throw badArgument('names', 'a list of names', names);
    const wanted = names === undefined ? undefined : new Set(names);
    const stream: EventStream = new EventStream(limit, () => {
      this.#listeners.delete(listener);
      signal?.removeEventListener('abort', onAbort);
    });
    const listener: Listener = {
      onEvent(event) {
        if (wanted === undefined || wanted.has(event.event)) stream.push(event);
      },
      onEnd: (error) => stream.end(error ?? undefined),
    };
    const onAbort = (): void => stream.end(signal?.reason);
    this.#listeners.add(listener);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    return stream;
  }

  #call(callback: EventCallback, event: QmpEvent): void {
    try {
      const result = callback(event);
      if (result instanceof Promise) result.catch((error) => this.#reportCallbackError(error));
    } catch (error) {
      this.#reportCallbackError(error);
    }
  }
}

/**
 * Events as an asynchronous iterator. It listens from the moment it was made until it is left, aborted or
 * ended; what came before its end is still given out.
 *
 * @public
 */
export class EventStream implements AsyncIterableIterator<QmpEvent>, Disposable {
  readonly #limit: number;
  readonly #leave: () => void;
  readonly #events: QmpEvent[] = [];
  readonly #takers: { resolve(result: IteratorResult<QmpEvent>): void; reject(reason: unknown): void }[] = [];
  #lost = 0;
  #ended = false;
  #failure: { readonly reason: unknown } | null = null;

  /** @internal */
  constructor(limit: number, leave: () => void) {
    this.#limit = limit;
    this.#leave = leave;
  }

  /** Events that were dropped, the oldest first, because more than `limit` were waiting. */
  get lost(): number {
    return this.#lost;
  }

  /** @internal */
  push(event: QmpEvent): void {
    if (this.#ended) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker.resolve({ done: false, value: event });
      return;
    }
    if (this.#events.push(event) <= this.#limit) return;
    this.#events.shift();
    this.#lost += 1;
  }

  /** @param reason - what `next()` rejects with, once, after the last event. @internal */
  end(reason?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave();
    const [first, ...others] = this.#takers.splice(0);
    if (reason !== undefined) {
      if (first === undefined) this.#failure = { reason };
      else first.reject(reason);
    } else first?.resolve({ done: true, value: undefined });
    for (const taker of others) taker.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<QmpEvent>> {
    const value = this.#events.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#failure !== null) {
      const { reason } = this.#failure;
      this.#failure = null;
      return Promise.reject(reason);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<QmpEvent>> {
    this[Symbol.dispose]();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Leaves it; what was not taken is dropped. */
  [Symbol.dispose](): void {
    this.#events.length = 0;
    this.end();
    this.#failure = null;
  }
}

const lost = (what: string, error: QemuError | null = null): StateError =>
  new StateError(`the monitor was lost while waiting for ${what}`, {
    code: 'ERR_CLOSED',
    ...(error === null ? {} : { cause: error }),
  });

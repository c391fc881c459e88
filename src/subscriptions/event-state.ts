/**
 * The queue between the domains and their subscribers: filled inside a machine's step, flushed by the event
 * loop in a later turn, matched when it is flushed.
 *
 * libvirt 9.0.0 `src/conf/object_event.c:virObjectEventStateQueue`, `virObjectEventStateFlush`.
 */
import type { EventLoop } from '../loop/event-loop.ts';

/** What can be subscribed to: something of a type, about a subject. */
export interface Queued {
  readonly type: string;
}

interface Subscription<Item extends Queued> {
  readonly type: string;
  readonly matches: ((item: Item) => boolean) | null;
  readonly callback: (item: Item) => unknown;
  closed: boolean;
}

export interface SubscribeOptions<Item> {
  /** Only what it says yes to. Asked when the item is delivered. */
  readonly matches?: (item: Item) => boolean;
}

/** One FIFO for everything: subscribers are called in the order of their subscriptions, item by item. */
export class EventState<Item extends Queued> {
  readonly #loop: EventLoop;
  readonly #onCallbackError: (error: unknown, item: Item, callback: object) => void;
  #subscriptions: readonly Subscription<Item>[] = [];
  /** How many subscribe to each type: nothing is queued for nobody. */
  readonly #wanted = new Map<string, number>();
  #queue: Item[] = [];
  #timer: number | null = null;
  #closed = false;

  /** @param onCallbackError - is told when a callback throws or rejects; must not throw */
  constructor(loop: EventLoop, onCallbackError: (error: unknown, item: Item, callback: object) => void) {
    this.#loop = loop;
    this.#onCallbackError = onCallbackError;
  }

  /** Whether anybody subscribed to the type. */
  wants(type: Item['type']): boolean {
    return this.#wanted.has(type);
  }

  /** Never calls back; the flush is one timeout of 0 ms, however much is queued. */
  queue(item: Item): void {
    if (!this.#wanted.has(item.type) || this.#closed) return;
    if (this.#queue.push(item) > 1) return;
    this.#timer ??= this.#loop.addTimeout(-1, this.#flush);
    this.#loop.updateTimeout(this.#timer, 0);
  }

  /**
   * @returns closes the subscription: it is not called any more, not even for what is queued already
   */
  subscribe(
    type: Item['type'],
    callback: (item: Item) => unknown,
    { matches }: SubscribeOptions<Item> = {},
  ): () => void {
    const subscription = { type, callback, matches: matches ?? null, closed: false };
    this.#subscriptions = [...this.#subscriptions, subscription];
    this.#wanted.set(type, (this.#wanted.get(type) ?? 0) + 1);
    return () => {
      if (subscription.closed) return;
      subscription.closed = true;
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
      const left = (this.#wanted.get(type) ?? 1) - 1;
      if (left === 0) this.#wanted.delete(type);
      else this.#wanted.set(type, left);
    };
  }

  /** Delivers what is queued now instead of in the next turn. */
  flush(): void {
    this.#flush();
  }

  /** Nobody is called any more; what is queued is dropped. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    for (const subscription of this.#subscriptions) subscription.closed = true;
    this.#subscriptions = [];
    this.#wanted.clear();
    if (this.#timer !== null) this.#loop.removeTimeout(this.#timer);
  }

  readonly #flush = (): void => {
    const items = this.#queue;
    this.#queue = [];
    if (this.#timer !== null) this.#loop.updateTimeout(this.#timer, -1);
    for (const item of items) {
      // A subscription made by a callback hears of the next item, not of this one.
      for (const subscription of this.#subscriptions) {
        if (subscription.closed || subscription.type !== item.type) continue;
        if (subscription.matches === null || subscription.matches(item)) this.#call(subscription, item);
      }
    }
  };

  #call({ callback }: Subscription<Item>, item: Item): void {
    try {
      const result = callback(item);
      if (result instanceof Promise)
        result.catch((error: unknown) => this.#onCallbackError(error, item, callback));
    } catch (error) {
      this.#onCallbackError(error, item, callback);
    }
  }
}

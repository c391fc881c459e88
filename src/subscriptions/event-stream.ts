/** Subscriptions as an async iterator, with a bound. */

export type Overflow = 'drop-oldest' | 'drop-newest' | 'fail';

/** Stands in the stream where items were lost. */
export interface Lost {
  readonly type: 'lost';
  readonly count: number;
}

export interface EventStreamOptions {
  /** Ends the stream; what was queued before is still delivered. */
  readonly signal?: AbortSignal;
  /** Most items that wait for the consumer. @defaultValue 1000 */
  readonly limit?: number;
  /** What gives way when the limit is reached. @defaultValue `'drop-oldest'` */
  readonly overflow?: Overflow;
}

/**
 * A queue with one consumer. Where items were lost, an item `{ type: 'lost', count }` tells so, in their place.
 */
export class EventStream<Item> implements AsyncIterableIterator<Item | Lost> {
  readonly #limit: number;
  readonly #overflow: Overflow;
  readonly #onEnd: () => void;
  #items: (Item | Lost)[] = [];
  #waiter: ((result: IteratorResult<Item | Lost>) => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;
  #lost = 0;
  #ended = false;
  #error: unknown = null;

  /** @param onEnd - runs once, when the stream ends for whatever reason */
  constructor({ limit = 1000, overflow = 'drop-oldest', signal }: EventStreamOptions, onEnd: () => void) {
    this.#limit = limit;
    this.#overflow = overflow;
    const end = (): void => this.end();
    this.#onEnd = () => {
      signal?.removeEventListener('abort', end);
      onEnd();
    };
    if (signal?.aborted === true) this.end();
    else signal?.addEventListener('abort', end, { once: true });
  }

  push(item: Item): void {
    if (this.#ended) return;
    if (this.#waiter !== null) return this.#settle({ done: false, value: item });
    if (this.#items.length < this.#limit) {
      if (this.#overflow === 'drop-newest') this.#tellLost();
      this.#items.push(item);
    } else this.#overflowWith(item);
  }

  /** Ends the stream after what is queued. */
  end(error: unknown = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (this.#overflow === 'drop-newest') this.#tellLost();
    this.#onEnd();
    if (this.#waiter === null) return;
    if (error === null) this.#settle({ done: true, value: undefined });
    else {
      this.#error = null;
      const reject = this.#reject;
      this.#waiter = this.#reject = null;
      reject?.(error);
    }
  }

  next(): Promise<IteratorResult<Item | Lost>> {
    if (this.#lost > 0 && this.#overflow === 'drop-oldest') {
      const value: Lost = { type: 'lost', count: this.#lost };
      this.#lost = 0;
      return Promise.resolve({ done: false, value });
    }
    const value = this.#items.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#error !== null) {
      const error = this.#error;
      this.#error = null;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiter = resolve;
      this.#reject = reject;
    });
  }

  return(): Promise<IteratorResult<Item | Lost>> {
    this.#items = [];
    this.#lost = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #overflowWith(item: Item): void {
    if (this.#overflow === 'fail')
      return this.end(
        new RangeError(`more than ${this.#limit} events wait: read faster, or raise the limit`),
      );
    this.#lost += 1;
    if (this.#overflow === 'drop-newest') return;
    this.#items.shift();
    this.#items.push(item);
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    this.#items.push({ type: 'lost', count: this.#lost });
    this.#lost = 0;
  }

  #settle(result: IteratorResult<Item | Lost>): void {
    const resolve = this.#waiter;
    this.#waiter = this.#reject = null;
    resolve?.(result);
  }
}

/** Subscriptions as an async iterator, with a bound. */
import { badArgument } from '../errors.ts';
import { Fifo } from './fifo.ts';

const overflows = ['drop-oldest', 'drop-newest', 'fail', 'coalesce'] as const;
/** What gives way at the limit: the oldest, the newest, the stream, or all but the latest of each key. */
export type Overflow = (typeof overflows)[number];

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

interface Waiter<Item> {
  resolve(result: IteratorResult<Item | Lost>): void;
  reject(error: unknown): void;
}

/**
 * A queue with one consumer. Where items were lost, an item `{ type: 'lost', count }` tells so, in their place.
 */
export class EventStream<Item> implements AsyncIterableIterator<Item | Lost>, AsyncDisposable {
  readonly #limit: number;
  readonly #overflow: Overflow;
  readonly #keyOf: (item: Item) => string;
  #onEnd: () => void;
  #items = new Fifo<Item>();
  readonly #waiters: Waiter<Item>[] = [];
  /** Lost after the last item (`drop-newest`), else before the first. */
  #lost = 0;
  #ended = false;
  #error: unknown = null;

  /**
   * @param onEnd - runs once, when the stream ends for whatever reason
   * @param keyOf - what of an item `coalesce` goes by
   * @throws TypeError if an option is not right
   */
  constructor(
    { limit = 1000, overflow = 'drop-oldest', signal }: EventStreamOptions,
    onEnd: () => void,
    keyOf: (item: Item) => string,
  ) {
    if (!(Number.isInteger(limit) && limit > 0)) throw badArgument('limit', 'an integer above 0', limit);
    if (!overflows.includes(overflow)) throw badArgument('overflow', overflows.join(', '), overflow);
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw badArgument('signal', 'an AbortSignal', signal);
    this.#limit = limit;
    this.#overflow = overflow;
    this.#keyOf = keyOf;
    this.#onEnd = onEnd;
  }

  /** Ends with the signal, at once if it is aborted already. */
  endWith(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const end = (): void => this.end();
    const onEnd = this.#onEnd;
    this.#onEnd = () => {
      signal.removeEventListener('abort', end);
      onEnd();
    };
    if (signal.aborted) this.end();
    else signal.addEventListener('abort', end, { once: true });
  }

  push(item: Item): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.resolve({ done: false, value: item });
    const isFull = this.#items.length === this.#limit;
    // Nothing comes between what was kept and the loss that is to be told after it.
    if (this.#overflow === 'drop-newest' && (isFull || this.#lost > 0)) this.#lost += 1;
    else if (this.#overflow === 'fail' && isFull)
      this.end(new RangeError(`more than ${this.#limit} events wait: read faster, or raise the limit`));
    else {
      this.#items.push(item);
      if (isFull) this.#makeRoom();
    }
  }

  /** Ends the stream after what is queued. */
  end(error: unknown = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#onEnd();
    for (const waiter of this.#waiters.splice(0)) this.next().then(waiter.resolve, waiter.reject);
  }

  next(): Promise<IteratorResult<Item | Lost>> {
    if (this.#lost > 0 && (this.#overflow !== 'drop-newest' || this.#items.length === 0)) {
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
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<Item | Lost>> {
    this.#items = new Fifo();
    this.#lost = 0;
    this.end();
    this.#error = null;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** One more waits than may. */
  #makeRoom(): void {
    if (this.#overflow === 'coalesce') this.#items = this.#latestOfEachKey();
    if (this.#items.length <= this.#limit) return;
    this.#items.shift();
    this.#lost += 1;
  }

  #latestOfEachKey(): Fifo<Item> {
    const latest = new Map<string, Item>();
    for (const item of this.#items.toArray()) {
      const key = this.#keyOf(item);
      latest.delete(key);
      latest.set(key, item);
    }
    return new Fifo([...latest.values()]);
  }
}

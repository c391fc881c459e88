/** One driver of a simulated world, with subscribers that behave and others. */

import type { DomainEvent, EventId } from '../../domain.ts';
import { type Driver, openDriver } from '../../driver.ts';
import { domainEvents } from '../../events/domain-events.ts';
import { reports } from '../../events/reports.ts';
import type { SimulatedRuntime } from './simulated-runtime.ts';

const TYPES = [...Object.keys(domainEvents), ...Object.keys(reports)] as EventId[];
/** More subscribers than this are no other than these. */
const MAX_SUBSCRIBERS = 12;

export interface DriverHooks {
  /** Somebody who subscribed to everything hears it. */
  told(event: DomainEvent): void;
  violate(rule: string, why: string): void;
  opened(driver: Driver): void;
}

interface Subscriber {
  readonly type: EventId;
  subscription: Disposable | null;
  disposed: boolean;
}

export class SimulatedDriver {
  readonly label: string;
  readonly #runtime: SimulatedRuntime;
  readonly #hooks: DriverHooks;
  #driver: Driver | null = null;
  #subscribers: Subscriber[] = [];
  /** Resolves when the one that closes is closed. */
  #closing: Promise<void> | null = null;

  constructor(index: number, runtime: SimulatedRuntime, hooks: DriverHooks) {
    this.label = `driver ${index}`;
    this.#runtime = runtime;
    this.#hooks = hooks;
  }

  /** Null while it is closed, or closes. */
  get driver(): Driver | null {
    return this.#driver;
  }

  get isClosing(): boolean {
    return this.#closing !== null;
  }

  async open(): Promise<void> {
    if (this.#driver !== null || this.#closing !== null) return;
    let closed = false;
    const driver = await openDriver({
      runtime: this.#runtime,
      host: 'apply',
      // Those that throw do it on purpose.
      onCallbackError: () => {},
    });
    this.#hooks.opened(driver);
    for (const type of TYPES)
      driver.on(type, (event) => {
        if (closed) this.#hooks.violate('promise 5', `${type} after close()`);
        this.#hooks.told(event);
      });
    this.#driver = driver;
    this.#onClosed = () => {
      closed = true;
    };
  }

  close(): void {
    const driver = this.#driver;
    if (driver === null) return;
    this.#driver = null;
    this.#closing = driver.close().then(() => {
      this.#onClosed();
      for (const subscriber of this.#subscribers) subscriber.disposed = true;
      this.#subscribers = [];
      this.#closing = null;
    });
  }

  /** @param pick - to what, and how it behaves */
  subscribe(pick: number): void {
    const driver = this.#driver;
    if (driver === null) return;
    if (this.#subscribers.length >= MAX_SUBSCRIBERS) this.unsubscribe(pick);
    const subscriber: Subscriber = {
      type: TYPES[pick % TYPES.length] as EventId,
      subscription: null,
      disposed: false,
    };
    subscriber.subscription = driver.on(subscriber.type, () => {
      if (subscriber.disposed)
        this.#hooks.violate('promise 5', `${subscriber.type} after its subscription was closed`);
      return this.#behave(subscriber, pick >> 6);
    });
    this.#subscribers.push(subscriber);
  }

  unsubscribe(pick: number): void {
    const [subscriber] = this.#subscribers.splice(pick % Math.max(1, this.#subscribers.length), 1);
    if (subscriber === undefined) return;
    subscriber.subscription?.[Symbol.dispose]();
    subscriber.disposed = true;
  }

  #onClosed: () => void = () => {};

  #behave(subscriber: Subscriber, pick: number): unknown {
    switch (pick % 6) {
      case 0:
        throw new Error('a callback that throws');
      case 1:
        return Promise.reject(new Error('a callback that rejects'));
      case 2:
        return this.unsubscribe(this.#subscribers.indexOf(subscriber));
      case 3:
        return this.unsubscribe(pick >> 3);
      case 4:
        // One a callback: they would be more each time.
        if (this.#subscribers.length < MAX_SUBSCRIBERS) this.subscribe(pick >> 3);
        return undefined;
      default:
        return undefined;
    }
  }
}

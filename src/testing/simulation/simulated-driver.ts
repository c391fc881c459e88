/** One driver of a simulated world, with subscribers that behave and others. */

import type { DomainEvent, EventId } from '../../domain.ts';
import { type Driver, openDriver } from '../../driver.ts';
import { type DomainEventId, domainEvents } from '../../events/domain-events.ts';
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

/** Somebody who subscribed by one of the two doors. */
interface Subscriber {
  readonly type: EventId;
  /** Events that were told when it subscribed: only those after them are for it. */
  readonly since: number;
  /** Whether it owes a `free`. */
  readonly isRegistered: boolean;
  close: () => void;
  disposed: boolean;
  freed: boolean;
}

export class SimulatedDriver {
  readonly label: string;
  readonly #runtime: SimulatedRuntime;
  readonly #hooks: DriverHooks;
  #driver: Driver | null = null;
  #subscribers: Subscriber[] = [];
  /** Registrations that were not freed yet. */
  readonly #registered = new Set<Subscriber>();
  /** Events that were told. */
  #told = 0;
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
        this.#told += 1;
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
      for (const { type } of this.#registered)
        this.#hooks.violate('promise 5', `${type} is not freed by close()`);
      this.#registered.clear();
      this.#closing = null;
    });
  }

  /** @param pick - to what, by which door, and how it behaves */
  subscribe(pick: number, type: EventId = TYPES[pick % TYPES.length] as EventId): void {
    const driver = this.#driver;
    if (driver === null) return;
    if (this.#subscribers.length >= MAX_SUBSCRIBERS) this.unsubscribe(pick);
    const isRegistered = Object.hasOwn(domainEvents, type) && (pick >> 5) % 2 === 0;
    const subscriber: Subscriber = {
      type,
      since: this.#told,
      isRegistered,
      close: () => {},
      disposed: false,
      freed: false,
    };
    const callback = (): unknown => {
      if (subscriber.disposed || subscriber.freed)
        this.#hooks.violate('promise 5', `${type} after its subscription was closed`);
      if (this.#told === subscriber.since)
        this.#hooks.violate('promise 2', `${type} that was told before its subscription`);
      return this.#behave(subscriber, pick >> 6);
    };
    if (isRegistered) this.#register(driver, subscriber, callback);
    else {
      const subscription = driver.on(type, callback);
      subscriber.close = () => subscription[Symbol.dispose]();
    }
    this.#subscribers.push(subscriber);
  }

  /** @param isInside - a callback does it: what is freed is freed when all callbacks are through */
  unsubscribe(pick: number, isInside = false): void {
    const [subscriber] = this.#subscribers.splice(pick % Math.max(1, this.#subscribers.length), 1);
    if (subscriber === undefined) return;
    subscriber.close();
    subscriber.disposed = true;
    if (subscriber.isRegistered && subscriber.freed === isInside)
      this.#hooks.violate('promise 5', `${subscriber.type} is freed ${isInside ? 'too early' : 'too late'}`);
  }

  /** By libvirt's call. */
  #register(driver: Driver, subscriber: Subscriber, callback: () => unknown): void {
    const { type } = subscriber;
    const id = driver.domainEventRegisterAny(null, type as DomainEventId, callback, {
      free: () => {
        if (subscriber.freed) this.#hooks.violate('promise 5', `${type} is freed twice`);
        subscriber.freed = true;
        this.#registered.delete(subscriber);
      },
    });
    this.#registered.add(subscriber);
    subscriber.close = () => driver.domainEventDeregisterAny(id);
  }

  #onClosed: () => void = () => {};

  #behave(subscriber: Subscriber, pick: number): unknown {
    switch (pick % 6) {
      case 0:
        throw new Error('a callback that throws');
      case 1:
        return Promise.reject(new Error('a callback that rejects'));
      case 2:
        return this.unsubscribe(this.#subscribers.indexOf(subscriber), true);
      case 3:
        return this.unsubscribe(pick >> 3, true);
      case 4:
        // One a callback: they would be more each time.
        if (this.#subscribers.length < MAX_SUBSCRIBERS) this.subscribe(pick >> 3, subscriber.type);
        return undefined;
      default:
        return undefined;
    }
  }
}

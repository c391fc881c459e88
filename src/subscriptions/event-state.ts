/**
 * The registrations of a driver, and the queue before them: filled inside a machine's step, flushed by the event
 * loop in a later turn, matched when it is flushed.
 *
 * ```
 * queue() ──→ queue ── timeout of 0 ms ──→ flush(): takes the whole queue, calls whom each event matches, purges
 * ```
 *
 * Rules of this file: no callback runs inside `queue()`, `register()` or `deregister()`. While a batch is dispatched
 * registrations are only marked; when it is through they leave the list, and then they are freed. Nothing is
 * locked: whatever is called from here may call back in.
 *
 * libvirt 9.0.0 `src/conf/object_event.c:virObjectEventStateQueue`, `virObjectEventStateFlush`,
 * `virObjectEventStateRegisterID`, `virObjectEventStateDeregisterID`.
 */
import { StateError } from '../errors.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { CallbackList, type Door, Entry, type Place, type Registration } from './callback-list.ts';

/** What can be registered for. The type is libvirt's family and event id in one. */
export interface ObjectEvent {
  readonly type: string;
}

export interface EventStateHooks<Event> {
  /** What the event can be filtered by: uuid, or another key of its object. */
  keysOf(event: Event): readonly unknown[];
  /** A callback threw or rejected; without an event it was the one that frees. Must not throw. */
  onCallbackError(error: unknown, event: Event | null, callback: object): void;
  /** An event was queued, and thrown away with the last registration. */
  onUndelivered(event: Event): void;
}

/** One FIFO for everything: callbacks run event by event, for each in the order of registration. */
export class EventState<Event extends ObjectEvent> {
  readonly #loop: EventLoop;
  readonly #hooks: EventStateHooks<Event>;
  readonly #list = new CallbackList<Event>();
  #queue: Event[] = [];
  #deleted: Entry<Event>[] = [];
  /** Registered with the loop as long as anything is registered here. */
  #timer: number | null = null;
  #isDispatching = false;
  #nextId = 0;

  constructor(loop: EventLoop, hooks: EventStateHooks<Event>) {
    this.#loop = loop;
    this.#hooks = hooks;
  }

  /** Whether anything is registered: else what is queued is thrown away at once. */
  get isWanted(): boolean {
    return this.#timer !== null;
  }

  /** Never calls back; the flush is one timeout of 0 ms, however much is queued. */
  queue(event: Event): void {
    if (this.#timer === null) return;
    if (this.#queue.push(event) === 1) this.#loop.updateTimeout(this.#timer, 0);
  }

  /**
   * @returns the id: from 0 on, never used again
   * @throws StateError if the same is registered already, or the loop takes no timeout; nothing is kept or freed then
   */
  register(registration: Registration<Event>): number {
    const same = registration.identity === null ? undefined : this.#list.find(registration);
    if (same !== undefined)
      throw new StateError(`this callback is registered for ${same.type} already; deregister it first`);
    this.#timer ??= this.#addTimer();
    const id = this.#nextId++;
    this.#list.add(new Entry(id, registration));
    return id;
  }

  /** Outside of a dispatch its `free` runs before this returns, else when the batch is through. @returns false if unknown */
  deregister(id: number, door: Door): boolean {
    const entry = this.#list.get(id);
    if (entry === undefined || entry.deleted || entry.door !== door) return false;
    this.#delete(entry);
    return true;
  }

  /** The same by what it was registered as. @returns false if unknown */
  deregisterSame(place: Place): boolean {
    const entry = this.#list.find(place);
    if (entry !== undefined) this.#delete(entry);
    return entry !== undefined;
  }

  /** Dispatches what is queued. Does nothing inside a dispatch: the loop comes again. */
  readonly flush = (): void => {
    if (this.#isDispatching) return;
    if (this.#timer !== null) this.#loop.updateTimeout(this.#timer, -1);
    const events = this.#queue;
    this.#queue = [];
    this.#isDispatching = true;
    for (const event of events)
      this.#list.visit(event.type, this.#hooks.keysOf(event), (entry) => {
        if (!entry.deleted && (entry.matches === null || entry.matches(event)))
          this.#call(entry.callback, event);
      });
    this.#isDispatching = false;
    this.#purge();
  };

  /** Deregisters all; what is queued is thrown away. */
  close(): void {
    for (const id of this.#list.ids) {
      const entry = this.#list.get(id);
      if (entry !== undefined && !entry.deleted) this.#delete(entry);
    }
  }

  #addTimer(): number {
    const timer = this.#loop.addTimeout(-1, this.flush);
    if (timer < 0) throw new StateError('the event loop takes no timeout; events need one');
    return timer;
  }

  #delete(entry: Entry<Event>): void {
    entry.deleted = true;
    this.#deleted.push(entry);
    if (!this.#isDispatching) this.#purge();
  }

  #purge(): void {
    const deleted = this.#deleted.toSorted((one, other) => one.id - other.id);
    this.#deleted = [];
    for (const entry of deleted) this.#list.remove(entry);
    if (this.#list.size === 0) this.#throwAway();
    for (const { free } of deleted) if (free !== null) this.#free(free);
  }

  /** Nobody is left. libvirt 9.0.0 `object_event.c:virObjectEventStateCleanupTimer` */
  #throwAway(): void {
    if (this.#timer !== null) this.#loop.removeTimeout(this.#timer);
    this.#timer = null;
    const queue = this.#queue;
    this.#queue = [];
    for (const event of queue) this.#hooks.onUndelivered(event);
  }

  #call(callback: (event: Event) => unknown, event: Event): void {
    try {
      this.#watch(callback(event), event, callback);
    } catch (error) {
      this.#hooks.onCallbackError(error, event, callback);
    }
  }

  #free(free: () => unknown): void {
    try {
      this.#watch(free(), null, free);
    } catch (error) {
      this.#hooks.onCallbackError(error, null, free);
    }
  }

  #watch(result: unknown, event: Event | null, callback: object): void {
    if (result instanceof Promise)
      result.catch((error: unknown) => this.#hooks.onCallbackError(error, event, callback));
  }
}

/**
 * libvirt's own calls, with its semantics: ids, duplicates, filters by uuid, handles that are lent, `free`.
 *
 * libvirt 9.0.0 `src/libvirt-domain.c:virConnectDomainEventRegisterAny` and its neighbours,
 * `src/libvirt-qemu.c:virConnectDomainQemuMonitorEventRegister`.
 */
import type { Domain, DomainEvent, EventId } from '../domain.ts';
import { badArgument, StateError } from '../errors.ts';
import { type DomainEventId, domainEvents } from '../events/domain-events.ts';
import type { Place } from '../subscriptions/callback-list.ts';
import type { EventState } from '../subscriptions/event-state.ts';
import { requireOptions } from './check-options.ts';
import { DomainHandle } from './domain-handle.ts';
import { type MonitorEventFilter, nameFilter } from './name-filter.ts';

/** What a registered callback gets: the event, with a handle that is lent to it. */
export type RegisteredEvent<I extends EventId = EventId> = {
  [K in I]: Omit<DomainEvent<K>, 'domain'> & { readonly domain: DomainHandle };
}[I];

/** A promise is not waited for; one that rejects is told to `onCallbackError`. */
export type RegisteredCallback<I extends EventId, O> = (event: RegisteredEvent<I>, opaque: O) => unknown;

export interface RegistrationOptions<O> {
  /** Given to each call, and to `free`. It does not tell two registrations apart. */
  readonly opaque?: O;
  /**
   * Runs once when the registration is gone: inside of the call that deregisters it or, inside a dispatch, when all
   * that was queued is through; at the latest in `driver.close()`. It may register and deregister.
   */
  readonly free?: (opaque: O) => unknown;
}

export class Registrations {
  readonly #events: EventState<DomainEvent>;
  readonly #requireDomain: (domain: Domain) => void;

  /** @param requireDomain - throws unless the domain is the driver's */
  constructor(events: EventState<DomainEvent>, requireDomain: (domain: Domain) => void) {
    this.#events = events;
    this.#requireDomain = requireDomain;
  }

  registerAny<I extends DomainEventId, O>(
    domain: Domain | null,
    type: I,
    callback: RegisteredCallback<I, O>,
    options: RegistrationOptions<O>,
  ): number {
    if (typeof type !== 'string' || !Object.hasOwn(domainEvents, type))
      throw badArgument('domainEventRegisterAny', 'a domain event id', type);
    const place = { type, key: this.#keyOf(domain), door: 'any', identity: callback } as const;
    return this.#register(place, callback, options);
  }

  registerMonitor<O>(
    domain: Domain | null,
    filter: MonitorEventFilter,
    callback: RegisteredCallback<'monitor-event', O>,
    options: RegistrationOptions<O>,
  ): number {
    const isMeant = nameFilter(filter);
    const key = this.#keyOf(domain);
    // libvirt tells two with names never apart, so there may be several.
    const identity = isMeant === null ? callback : null;
    return this.#register({ type: 'monitor-event', key, door: 'any', identity }, callback, options, isMeant);
  }

  /** Of either kind: they share one list. */
  deregister(id: number): void {
    if (!(Number.isInteger(id) && id >= 0)) throw badArgument('deregister', 'an id that was given', id);
    if (!this.#events.deregister(id, 'any')) throw new StateError(`nothing is registered with the id ${id}`);
  }

  registerLegacy<O>(callback: RegisteredCallback<'lifecycle', O>, options: RegistrationOptions<O>): void {
    this.#register(legacyPlace(callback), callback, options);
  }

  deregisterLegacy(callback: object): void {
    requireFunction('callback', callback);
    if (!this.#events.deregisterSame(legacyPlace(callback)))
      throw new StateError('this callback is not registered; expected one given to domainEventRegister()');
  }

  /** As libvirt, by the uuid of now; where there is none, by the domain itself. */
  #keyOf(domain: Domain | null): unknown {
    if (domain === null) return null;
    this.#requireDomain(domain);
    return domain.uuid ?? domain;
  }

  #register<I extends EventId, O>(
    place: Place,
    callback: RegisteredCallback<I, O>,
    options: RegistrationOptions<O>,
    isMeant: ((name: string) => boolean) | null = null,
  ): number {
    requireFunction('callback', callback);
    requireOptions(options, ['opaque', 'free']);
    const { free, opaque } = options;
    if (free !== undefined) requireFunction('free', free);
    return this.#events.register({
      ...place,
      callback: (event) => lend(event, (lent) => callback(lent as RegisteredEvent<I>, opaque as O)),
      ...(isMeant === null ? {} : { matches: ({ args }) => isMeant((args as { event: string }).event) }),
      ...(free === undefined ? {} : { free: () => free(opaque as O) }),
    });
  }
}

const legacyPlace = (identity: object): Place => ({
  type: 'lifecycle',
  key: null,
  door: 'legacy',
  identity,
});

/** Each call has a handle of its own, which is taken back when it returns. */
function lend(event: DomainEvent, call: (event: RegisteredEvent) => unknown): unknown {
  const domain = new DomainHandle(event);
  try {
    return call({ ...event, domain });
  } finally {
    domain.takeBack();
  }
}

function requireFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw badArgument(what, 'a function', value);
}

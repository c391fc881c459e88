/** A domain's doors: streams of its events, of its states, and the wait for one event. */
import type {
  Domain,
  DomainEvent,
  DomainSnapshot,
  EventId,
  StateStream,
  WaitOptions,
  WatchOptions,
} from '../domain.ts';
import { badArgument, EventTimeoutError, StateError } from '../errors.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';
import type { EventState } from '../subscriptions/event-state.ts';
import { EventStream, type EventStreamOptions } from '../subscriptions/event-stream.ts';
import { requireOptions, requireSignal } from './check-options.ts';
import { coalesceKeyOf, requireType } from './event-type.ts';

type Listener = readonly [type: EventId, callback: (event: DomainEvent) => unknown];

/**
 * Registers what hears a domain until its `detached`, which comes last, or until the driver closes.
 *
 * @param onEnd - the domain is detached, or the driver closed; also runs after the returned function
 * @returns deregisters all
 */
function listen(
  events: EventState<DomainEvent>,
  domain: Domain,
  listeners: readonly Listener[],
  onEnd: () => void,
): () => void {
  const end: Listener = ['detached', onEnd];
  const ids = [...listeners, end].map(([type, callback]) =>
    events.register({ type, key: domain, door: 'own', identity: null, callback, free: onEnd }),
  );
  return () => {
    for (const id of ids) events.deregister(id, 'own');
  };
}

/** @throws TypeError for an unknown type or a bad option */
export function streamEvents<I extends EventId>(
  events: EventState<DomainEvent>,
  domain: Domain,
  types: readonly I[],
  options: EventStreamOptions,
): EventStream<DomainEvent<I>> {
  if (!Array.isArray(types)) throw badArgument('events', 'a list of domain event ids or reports', types);
  for (const type of types) requireType('events', type);
  requireOptions(options, ['signal', 'limit', 'overflow']);
  const stream = new EventStream<DomainEvent<I>>(options, () => close(), coalesceKeyOf);
  const push = (event: DomainEvent): void => stream.push(event as DomainEvent<I>);
  const close = listen(
    events,
    domain,
    [...new Set(types)].map((type) => [type, push] as const),
    () => stream.end(),
  );
  stream.endWith(options.signal);
  return stream;
}

/** First the present state, then the latest after each change. @throws TypeError for a bad option */
export function watchState(
  events: EventState<DomainEvent>,
  domain: Domain,
  options: WatchOptions,
): StateStream {
  requireOptions(options, ['signal']);
  const { signal } = options;
  requireSignal(signal);
  const stream = new EventStream<DomainSnapshot>(
    { limit: 1, overflow: 'coalesce' },
    () => close(),
    () => 'state',
  );
  let last: string | null = null;
  const push = (): void => {
    // The state as it is now: what is queued may be older than what was given out.
    const present = domain.state;
    const text = JSON.stringify(present);
    if (text === last) return;
    last = text;
    stream.push(present);
  };
  const close = listen(events, domain, [['state', push]], () => stream.end());
  push();
  stream.endWith(signal);
  // All have one key, so one replaces the other and none is lost.
  return stream as StateStream;
}

/** The first event that the predicate says yes to, from the call on. */
export function waitFor<I extends EventId>(
  events: EventState<DomainEvent>,
  loop: EventLoop,
  domain: Domain,
  type: I,
  predicate: (event: DomainEvent<I>) => boolean,
  options: WaitOptions,
): Promise<DomainEvent<I>> {
  return new Promise((resolve, reject) => {
    requireType('waitFor', type);
    if (typeof predicate !== 'function') throw badArgument('waitFor', 'a predicate', predicate);
    requireOptions(options, ['signal', 'timeoutMs']);
    const { signal, timeoutMs } = options;
    requireSignal(signal);
    if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0))
      throw badArgument('timeoutMs', 'a number above 0', timeoutMs);
    signal?.throwIfAborted();
    const settle = (): void => {
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
      close();
    };
    const fail = (error: unknown): void => {
      // A promise settles once: the end that deregistering causes comes too late.
      reject(error);
      settle();
    };
    const hear = (event: DomainEvent): void => {
      try {
        if (!predicate(event as DomainEvent<I>)) return;
        resolve(event as DomainEvent<I>);
        settle();
      } catch (error) {
        fail(error);
      }
    };
    const close = listen(events, domain, [[type, hear]], () =>
      fail(new StateError(`domain ${domain.name} is closed`, { domain: domain.name, code: 'ERR_CLOSED' })),
    );
    const onAbort = (): void => fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const late = (): void =>
      fail(new EventTimeoutError(`${type} of ${domain.name}`, timeoutMs ?? 0, { domain: domain.name }));
    const stopTimer = timeoutMs === undefined ? () => {} : after(loop, timeoutMs, late);
  });
}

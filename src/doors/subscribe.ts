/** The plain door: a callback for a type. */
import type { Domain, DomainEvent, EventId } from '../domain.ts';
import { badArgument } from '../errors.ts';
import type { EventState } from '../subscriptions/event-state.ts';
import { requireType } from './event-type.ts';

export interface SubscriptionOptions {
  /** Only events of this domain. */
  readonly domain?: Domain;
  /** Closes the subscription. */
  readonly signal?: AbortSignal;
  /** Closes itself with the first event. */
  readonly once?: boolean;
}

export function requireSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badArgument('signal', 'an AbortSignal', signal);
}

export function subscribe<I extends EventId>(
  events: EventState<DomainEvent>,
  type: I,
  callback: (event: DomainEvent<I>) => unknown,
  { domain, signal, once = false }: SubscriptionOptions,
): Disposable {
  requireType('on', type);
  if (typeof callback !== 'function') throw badArgument('on', 'a function', callback);
  requireSignal(signal);
  if (signal?.aborted === true) return { [Symbol.dispose]: () => {} };
  const close = (): void => {
    events.deregister(id, 'own');
  };
  const id = events.register({
    type,
    key: domain ?? null,
    door: 'own',
    identity: null,
    callback: (event) => {
      if (once) close();
      // It is called for its type only.
      return callback(event as DomainEvent<I>);
    },
    free: () => signal?.removeEventListener('abort', close),
  });
  signal?.addEventListener('abort', close, { once: true });
  return { [Symbol.dispose]: close };
}

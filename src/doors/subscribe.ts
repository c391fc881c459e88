/** The plain door: a callback for a type. */
import type { Domain, DomainEvent, EventId } from '../domain.ts';
import { badArgument } from '../errors.ts';
import type { EventState } from '../subscriptions/event-state.ts';
import { requireOptions, requireSignal } from './check-options.ts';
import { requireType } from './event-type.ts';

export interface SubscriptionOptions {
  /** Only events of this domain. */
  readonly domain?: Domain;
  /** Closes the subscription. */
  readonly signal?: AbortSignal;
  /** Closes itself with the first event. */
  readonly once?: boolean;
}

export function subscribe<I extends EventId>(
  events: EventState<DomainEvent>,
  type: I,
  callback: (event: DomainEvent<I>) => unknown,
  options: SubscriptionOptions,
): Disposable {
  requireType('on', type);
  if (typeof callback !== 'function') throw badArgument('on', 'a function', callback);
  requireOptions(options, ['domain', 'signal', 'once']);
  const { domain, signal, once = false } = options;
  requireSignal(signal);
  if (typeof once !== 'boolean') throw badArgument('once', 'a boolean', once);
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

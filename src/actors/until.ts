/** Waiting for something to be true of a domain. */
import type { EventLoop } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';
import type { DomainContext } from '../machines/domain-context.ts';
import type { DomainActor } from './environment.ts';

/** True as soon as it is; false if it is not within `timeoutMs`. @throws the signal's reason */
export function untilTrue(
  actor: DomainActor,
  isTrue: (domain: DomainContext) => boolean,
  { loop, signal, timeoutMs }: { loop: EventLoop; signal: AbortSignal; timeoutMs?: number | undefined },
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    if (isTrue(actor.getSnapshot().context)) return resolve(true);
    const settle = (): void => {
      subscription.unsubscribe();
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      settle();
      reject(signal.reason);
    };
    const subscription = actor.subscribe(({ context }) => {
      if (!isTrue(context)) return;
      settle();
      resolve(true);
    });
    const onTimeout = (): void => {
      settle();
      resolve(false);
    };
    const cancelTimeout = timeoutMs === undefined ? (): void => {} : after(loop, timeoutMs, onTimeout);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

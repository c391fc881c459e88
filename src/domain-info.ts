/** What is known of a domain beside its state. */
import type { DomainActor } from './actors/environment.ts';
import type { DomainDevices } from './events/devices.ts';
import type { DomainFacts } from './events/facts.ts';
import type { DomainContext } from './machines/domain-context.ts';
import type { QemuAbilities } from './qmp/probe.ts';

/**
 * Facts that events changed since QEMU was met, and what was read then. A fact that QEMU did not tell is null, or
 * not in its list.
 *
 * @public
 */
export interface DomainInfo extends DomainFacts {
  /** As they were told, or found; null if neither. */
  readonly devices: DomainDevices;
  /** What this QEMU has; null if it does not tell. */
  readonly abilities: QemuAbilities | null;
}

/** The first look at a QEMU has not come to its end, and still can. */
function isLooking({ incarnation, monitor, work: { running, waiting } }: DomainContext): boolean {
  // A QEMU that does not answer is not waited for.
  if (incarnation === null || monitor !== 'ready') return false;
  return running?.event.type === 'attached' || waiting.some(({ event }) => event.type === 'attached');
}

/** Resolves when the look that is made at attach is through, or there is nothing to look at. */
export function whenLooked(actor: DomainActor, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    if (!isLooking(actor.getSnapshot().context)) return resolve();
    const settle = (): void => {
      subscription.unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      settle();
      reject(signal?.reason);
    };
    const subscription = actor.subscribe({
      next: ({ context }) => {
        if (isLooking(context)) return;
        settle();
        resolve();
      },
      // The domain was let go of.
      complete: () => {
        settle();
        resolve();
      },
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

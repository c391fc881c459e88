/**
 * What an operation waits for and handles itself, instead of a process event's handler. Pure.
 *
 * Rules of this file: nothing is handled twice, and nothing is lost. What came for an operation that did not come
 * to a good end is submitted then; a good end has brought home what its handler would have.
 *
 * libvirt 9.0.0 `qemu_hotplug.c:qemuDomainSignalDeviceRemoval`, `qemu_blockjob.c:qemuBlockJobSyncBegin`.
 */
import { type ProcessEvent, processEvents } from '../events/process-events.ts';
import type { DomainWork } from './domain-context.ts';

/** An operation waits: what comes for this key is its own. What came before for the same one is dealt with. */
export function beginTakeover(work: DomainWork, operation: string, key: string): DomainWork {
  // Its word may have crossed with its end.
  if (work.operations[operation] === undefined) return work;
  return { ...work, takeovers: { ...work.takeovers, [key]: { operation, came: null } } };
}

/** Gives a process event to the operation that waits for it; null if none does. */
export function takeOver(
  work: DomainWork,
  event: ProcessEvent,
): { readonly work: DomainWork; readonly dropped: 'coalesced' | null } | null {
  // The row's key function takes the data of the row's own type; the pair is made together in `event`.
  const row = processEvents[event.type] as {
    takeoverKey: ((data: ProcessEvent['data']) => string) | null;
  };
  const key = row.takeoverKey?.(event.data);
  const takeover = key === undefined ? undefined : work.takeovers[key];
  if (key === undefined || takeover === undefined) return null;
  if (takeover.came !== null && takeover.came !== 'refused') return { work, dropped: 'coalesced' };
  return {
    work: { ...work, takeovers: { ...work.takeovers, [key]: { ...takeover, came: event } } },
    dropped: null,
  };
}

/** The guest said no: whoever waits for the key is told. */
export function refuseTakeover(work: DomainWork, key: string): DomainWork {
  const takeover = work.takeovers[key];
  if (takeover === undefined || takeover.came !== null) return work;
  return { ...work, takeovers: { ...work.takeovers, [key]: { ...takeover, came: 'refused' } } };
}

/** Operations ended: what they waited for is nobody's again. What came, and was not handled, is to be submitted. */
export function endTakeovers(
  work: DomainWork,
  hasEnded: (operation: string) => boolean,
  handled: boolean,
): { readonly work: DomainWork; readonly left: readonly ProcessEvent[] } {
  const ended = Object.entries(work.takeovers).filter(([, { operation }]) => hasEnded(operation));
  if (ended.length === 0) return { work, left: [] };
  const takeovers = { ...work.takeovers };
  for (const [key] of ended) delete takeovers[key];
  const left = ended.flatMap(([, { came }]) =>
    came === null || came === 'refused' || handled ? [] : [came],
  );
  return { work: { ...work, takeovers }, left };
}

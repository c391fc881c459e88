/** What events would have told, found by comparing two looks at the same QEMU. */
import { AGENT_CHANNEL_NAME, type DomainDevices, isChannel } from '../events/devices.ts';
import type { DomainEventItem } from '../events/domain-events.ts';
import { type DomainFacts, ownOf } from '../events/facts.ts';
import { trayChanges } from './read-facts.ts';

/** Devices that QEMU had at the look before, and has no more. Null: it did not tell. */
export const goneDevices = (before: DomainFacts['plugged'], now: DomainFacts['plugged']): string[] => {
  if (before === null || now === null) return [];
  const present = new Set(now);
  return before.filter((alias) => !present.has(alias));
};

/**
 * In the order in which the handlers of the events would have told it: devices, channels, memory, trays. Each is
 * marked `reconstructed`.
 */
export function missedEvents(
  devices: DomainDevices,
  gone: readonly string[],
  before: DomainFacts,
  now: Partial<DomainFacts>,
): DomainEventItem[] {
  const agent = devices?.filter(isChannel).find(({ name }) => name === AGENT_CHANNEL_NAME)?.alias ?? '';
  const { channels = {}, memoryKiB = {}, trays = {} } = now;
  const state = ownOf(channels, agent);
  const told: DomainEventItem[] = [
    ...gone.map((alias) => ({ type: 'device-removed' as const, args: { alias } })),
    ...(state === undefined || (ownOf(before.channels, agent) ?? state) === state
      ? []
      : [{ type: 'agent-lifecycle' as const, args: { state, reason: 'channel' as const } }]),
    ...Object.entries(memoryKiB)
      .filter(([alias, sizeKiB]) => (ownOf(before.memoryKiB, alias) ?? sizeKiB) !== sizeKiB)
      .map(([alias, sizeKiB]) => ({ type: 'memory-device-size-change' as const, args: { alias, sizeKiB } })),
    ...trayChanges(before.trays, trays),
  ];
  return told.map((item) => ({ ...item, reconstructed: true }));
}

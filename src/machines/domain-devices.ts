/** What is known of a domain's devices, and what is left of that when one is gone. Pure. */
import { type DomainDevices, findDevice, isDisk } from '../events/devices.ts';
import type { DomainFacts } from '../events/facts.ts';
import type { DomainContext } from './domain-context.ts';

const without = <V>(record: Readonly<Record<string, V>>, names: readonly string[]): Record<string, V> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));

/** Whether an alias that is not among the devices may be one: nobody told which there are. */
export const believesQemu = ({
  devices,
  devicesFound,
}: Pick<DomainContext, 'devices' | 'devicesFound'>): boolean => devices === null || devicesFound;

/** Facts without those of a device. What the guest has of memory is read again where that changed. */
export function factsWithout(facts: DomainFacts, devices: DomainDevices, alias: string): DomainFacts {
  const device = findDevice(devices, alias);
  const nodes = device !== undefined && isDisk(device) ? device.nodes : [];
  return {
    ...facts,
    memoryKiB: without(facts.memoryKiB, [alias]),
    trays: without(facts.trays, [alias]),
    channels: without(facts.channels, [alias]),
    nics: without(facts.nics, [alias]),
    thresholds: without(facts.thresholds, nodes),
    // Else the next look would find it gone once more.
    plugged: facts.plugged?.filter((other) => other !== alias) ?? null,
  };
}

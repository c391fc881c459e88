/** What a manager sees of its domain's channels when QEMU is up. */
import { type DomainDevices, isChannel } from '../events/devices.ts';
import type { DomainFacts } from '../events/facts.ts';

/**
 * By alias, from the reply to `query-chardev`. libvirt names the chardev of a device after it.
 *
 * libvirt 9.0.0 `qemu_process.c:qemuProcessRefreshChannelVirtioState`, `qemu_alias.c:qemuAliasChardevFromDevAlias`
 */
export function channelsOf(devices: DomainDevices, chardevs: unknown): DomainFacts['channels'] {
  const channels: Record<string, 'connected' | 'disconnected'> = {};
  if (!Array.isArray(chardevs)) return channels;
  for (const { alias } of (devices ?? []).filter(isChannel)) {
    const chardev: unknown = chardevs.find(({ label }) => label === `char${alias}`);
    if (typeof chardev === 'object' && chardev !== null && 'frontend-open' in chardev)
      channels[alias] = chardev['frontend-open'] === true ? 'connected' : 'disconnected';
  }
  return channels;
}

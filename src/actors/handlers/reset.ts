/** libvirt 9.0.0 `qemu_driver.c:processResetEvent`, `qemu_process.c:qemuProcessRefreshState` */
import { notOlder, readMemory, readTrays, trayChanges } from '../read-facts.ts';
import type { Handler } from './handler.ts';

/**
 * What a reset may have changed without an event: trays, and what is plugged of virtio-mem. NICs are looked at by
 * their own process events.
 */
export const reset: Handler<'reset'> = async (_, lease) => {
  const { ask } = lease;
  const { devices, facts: before } = lease.facts();
  const memoryKiB = await readMemory(ask, devices);
  const trays = await readTrays(ask, devices);
  const { facts } = lease.facts();
  const read = notOlder(before, facts, {
    memoryKiB: { ...before.memoryKiB, ...memoryKiB },
    trays: { ...before.trays, ...trays },
  });
  return { status: 'done', facts: { known: read }, emits: trayChanges(facts.trays, read.trays ?? {}) };
};

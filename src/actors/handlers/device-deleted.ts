/** libvirt 9.0.0 `qemu_driver.c:processDeviceDeletedEvent`, `qemu_hotplug.c:qemuDomainRemoveDevice` */
import type { Handler } from './handler.ts';

/**
 * Takes the device out of what is known, and announces it. Where the devices were not told, QEMU is believed.
 */
export const deviceDeleted: Handler<'deviceDeleted'> = ({ alias }, lease) => {
  const { devices } = lease.facts();
  if (devices !== null && !devices.some((device) => device.alias === alias))
    return { status: 'ignored', why: `no device ${alias}` };
  return {
    status: 'done',
    facts: { removedDevice: alias },
    emits: [{ type: 'device-removed', args: { alias } }],
  };
};

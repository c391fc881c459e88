/** libvirt 9.0.0 `qemu_driver.c:processMemoryDeviceSizeChange` */

import { findDevice, isMemory } from '../../events/devices.ts';
import { ownOf } from '../../events/facts.ts';
import { believesQemu } from '../../machines/domain-devices.ts';
import type { Handler } from './handler.ts';

const KIB = 1024;

/**
 * Only virtio-mem changes its size while it is plugged; where the devices are not known, QEMU is believed.
 *
 * Differs from libvirt 9.0.0, which takes any model of memory; newer ones do not.
 */
export const memoryDeviceSizeChange: Handler<'memoryDeviceSizeChange'> = ({ alias, sizeBytes }, lease) => {
  const domain = lease.facts();
  const { devices, facts } = domain;
  const device = findDevice(devices, alias);
  if (device === undefined && !believesQemu(domain)) return { status: 'ignored', why: `no device ${alias}` };
  if (device !== undefined && !(isMemory(device) && device.model === 'virtio-mem'))
    return { status: 'ignored', why: `${alias} is no virtio-mem` };
  const sizeKiB = Math.ceil(sizeBytes / KIB);
  const before = ownOf(facts.memoryKiB, alias) ?? 0;
  return {
    status: 'done',
    facts: {
      known: {
        memoryKiB: { ...facts.memoryKiB, [alias]: sizeKiB },
        ...(facts.balloonKiB === null ? {} : { balloonKiB: facts.balloonKiB - before + sizeKiB }),
      },
    },
    emits: [{ type: 'memory-device-size-change', args: { alias, sizeKiB } }],
  };
};

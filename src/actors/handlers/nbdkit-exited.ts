/** libvirt 9.8 `qemu_driver.c:processNbdkitExitedEvent` */
import { findDevice, isDisk } from '../../events/devices.ts';
import { restartService } from '../restart-service.ts';
import type { Handler } from './handler.ts';

/** Told by whoever started it; where the devices are not known, that is believed. */
export const nbdkitExited: Handler<'nbdkitExited'> = ({ alias }, lease) => {
  const { devices } = lease.facts();
  const device = findDevice(devices, alias);
  if (devices !== null && device === undefined) return { status: 'ignored', why: `no device ${alias}` };
  if (device !== undefined && !isDisk(device)) return { status: 'ignored', why: `${alias} is no disk` };
  return restartService(lease, 'restartNbdkit', alias);
};

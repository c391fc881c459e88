/** libvirt 9.0.0 `qemu_driver.c:processPRDisconnectEvent` */
import { isDisk } from '../../events/devices.ts';
import { restartService } from '../restart-service.ts';
import type { Handler } from './handler.ts';

/** Where no disk uses it any more, nobody misses it. */
export const prDisconnect: Handler<'prDisconnect'> = (_, lease) => {
  const { devices } = lease.facts();
  if (devices?.some((device) => isDisk(device) && device.reservations === 'managed') !== true)
    return { status: 'ignored', why: 'no disk has managed reservations' };
  return restartService(lease, 'restartPrHelper', null);
};

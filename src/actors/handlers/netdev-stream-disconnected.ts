/** libvirt 9.1 `qemu_driver.c:processNetdevStreamDisconnectedEvent` */
import { findNic } from '../lease.ts';
import { restartService } from '../restart-service.ts';
import type { Handler } from './handler.ts';

/** A netdev that libvirt's ways named is `host` and its NIC's alias. */
const NETDEV = /^host(.+)$/s;

/** Of a netdev that is somebody else's, or has another program behind it, nothing is known. */
export const netdevStreamDisconnected: Handler<'netdevStreamDisconnected'> = ({ netdev }, lease) => {
  const alias = NETDEV.exec(netdev)?.[1];
  if (alias === undefined) return { status: 'ignored', why: `${netdev} names no NIC` };
  const nic = findNic(lease.facts(), alias);
  if (nic === undefined) return { status: 'ignored', why: `no NIC ${alias}` };
  if (nic.backend !== 'passt') return { status: 'ignored', why: `${alias} has no passt` };
  return restartService(lease, 'restartPasst', alias);
};

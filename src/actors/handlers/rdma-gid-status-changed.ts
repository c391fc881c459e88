/** libvirt 9.0.0 `qemu_driver.c:processRdmaGidStatusChangedEvent` */
import { type DomainDevices, isNet, isRdma, type NetDevice, type RdmaDevice } from '../../events/devices.ts';
import { ownOf } from '../../events/facts.ts';
import { addressOfGid } from '../../host/address.ts';
import { isInterfaceName } from '../../host/interface-name.ts';
import { changeHostInterface, findHostInterface } from '../host-interface.ts';
import type { Handler } from './handler.ts';

/** A guest may have more, but then not from us. */
const MAX_ADDRESSES = 64;

/** The device that an interface of the host was configured for. */
const deviceOf = (devices: DomainDevices, name: string): NetDevice | RdmaDevice | undefined =>
  devices?.filter((one) => isRdma(one) || isNet(one)).find(({ host }) => host?.interface === name);

/**
 * The address of a guest's RDMA device is the host's too, or nobody answers for it. Which interface that is QEMU
 * says; it is changed only where the domain's configuration says the same.
 *
 * Differs from libvirt, which changes whatever interface QEMU names, and takes away any address that it names.
 */
export const rdmaGidStatusChanged: Handler<'rdmaGidStatusChanged'> = async (
  { netdev, present, subnetPrefix, interfaceId },
  lease,
) => {
  if (lease.host === null) return { status: 'ignored', why: 'the host is not to be touched' };
  const device = isInterfaceName(netdev) ? deviceOf(lease.facts().devices, netdev) : undefined;
  if (device === undefined) return { status: 'ignored', why: 'not configured' };
  const address = addressOfGid({ subnetPrefix, interfaceId });
  if (address === null) return { status: 'ignored', why: 'no address that an interface can have' };
  const ours = ownOf(lease.facts().facts.addresses, netdev) ?? [];
  if (present === ours.includes(address))
    return { status: 'ignored', why: present ? 'it is there' : 'it was not added for this domain' };
  if (present && ours.length >= MAX_ADDRESSES) return { status: 'ignored', why: 'too many addresses' };
  const target = await findHostInterface(lease, device.alias, netdev);
  if (typeof target === 'string') return { status: 'failed', why: target };
  const { problem } = await changeHostInterface(lease, device.alias ?? netdev, target, [
    { type: present ? 'add-address' : 'remove-address', address },
  ]);
  if (problem !== undefined) return problem;
  const now = present ? [...ours, address] : ours.filter((each) => each !== address);
  const { addresses } = lease.facts().facts;
  return { status: 'done', facts: { known: { addresses: { ...addresses, [netdev]: now } } } };
};

/** IP addresses as text, with the length of their network's prefix: `10.0.0.5/24`, `fe80::1/64`. */
import { isIP, isIPv4 } from 'node:net';
import { endianness } from 'node:os';

/** Whether `ip address` may be given it: no name, no zone, no word of its own. */
export function isAddress(text: string): boolean {
  const [address = '', length = '', ...more] = text.split('/');
  const family = /^[\d.a-f:]+$/i.test(address) ? isIP(address) : 0;
  if (more.length > 0 || family === 0 || !/^\d{1,3}$/.test(length)) return false;
  return Number(length) <= (family === 4 ? 32 : 128);
}

/** IPv4, of an `isAddress`. */
export const isIPv4Address = (text: string): boolean => isIPv4(text.split('/')[0] ?? '');

/** The two halves of an RDMA device's address, as QEMU tells them: 64 bits each, in decimal digits. */
export interface Gid {
  readonly subnetPrefix: string;
  readonly interfaceId: string;
}

/**
 * The IP address that a GID stands for; null if a host's interface cannot have it.
 *
 * The halves are in network order in QEMU's memory (`union ibv_gid`), and told as the integers that its machine
 * reads there. So on a little-endian one `fe80::` is 33022, and the address is the little-endian bytes of both. A
 * prefix of 0 is that of an IPv4 address (RoCE's `::ffff:10.0.0.5`), which is the last four bytes.
 *
 * QEMU 7.2 `hw/rdma/rdma_backend.c:rdma_backend_add_gid`; libvirt 9.0.0
 * `qemu_driver.c:processRdmaGidStatusChangedEvent`. Differs: libvirt takes the upper half of the integer, which on
 * a big-endian host is not the address; and it takes any address.
 *
 * @param order - of the machine that QEMU runs on, which is ours
 * @example `addressOfGid({ subnetPrefix: '33022', interfaceId: '72057594037927936' })` → `fe80::1/64`
 */
export function addressOfGid({ subnetPrefix, interfaceId }: Gid, order = endianness()): string | null {
  const bytes = Buffer.alloc(16);
  for (const [offset, half] of [
    [0, BigInt(subnetPrefix)],
    [8, BigInt(interfaceId)],
  ] as const)
    if (order === 'LE') bytes.writeBigUInt64LE(half, offset);
    else bytes.writeBigUInt64BE(half, offset);
  if (BigInt(subnetPrefix) === 0n) {
    const [first = 0] = bytes.subarray(12);
    // This network, loopback, groups, and what is reserved.
    if (first === 0 || first === 127 || first >= 224) return null;
    return `${bytes.subarray(12).join('.')}/24`;
  }
  // A group.
  if (bytes[0] === 0xff) return null;
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => bytes.readUInt16BE(offset).toString(16));
  // In its shortest form.
  return `${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}/64`;
}

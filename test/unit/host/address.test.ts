import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOfGid, isAddress, isIPv4Address } from '../../../src/host/address.ts';
import { isInterfaceName } from '../../../src/host/interface-name.ts';

/** What a QEMU tells of a GID: each half of its memory, read as an integer of its machine. */
function told(gid: Uint8Array, order: 'LE' | 'BE') {
  const halves = new DataView(gid.buffer, gid.byteOffset);
  const half = (offset: number) => String(halves.getBigUint64(offset, order === 'LE'));
  return { subnetPrefix: half(0), interfaceId: half(8) };
}

/** The bytes of a text such as `fe80::1`, without the code under test. */
function bytesOf(address: string): Uint8Array {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const zeros = Array(8 - groups(left).length - groups(right).length).fill('0');
  const all = [...groups(left), ...zeros, ...groups(right)].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

describe('the address that a GID stands for (qemu_driver.c:processRdmaGidStatusChangedEvent)', () => {
  test('on a little-endian host fe80::1 is told as 33022 and 72057594037927936 (hw/rdma/rdma_backend.c:rdma_backend_add_gid)', () => {
    expect(addressOfGid({ subnetPrefix: '33022', interfaceId: '72057594037927936' }, 'LE')).toBe(
      'fe80::1/64',
    );
  });

  test('::ffff:10.0.0.5 is told as 0 and 360288017434214400, and is an IPv4 address of a /24', () => {
    expect(addressOfGid({ subnetPrefix: '0', interfaceId: '360288017434214400' }, 'LE')).toBe('10.0.0.5/24');
  });

  test.each(['LE', 'BE'] as const)('%s: it is made of the bytes in the memory of QEMU', (order) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (gid) => {
        const address = addressOfGid(told(gid, order), order);
        const isIPv4 = gid.subarray(0, 8).every((byte) => byte === 0);
        if (isIPv4) return;
        if (gid[0] === 0xff) expect(address).toBeNull();
        else {
          expect(address).toMatch(/^[\da-f:]+\/64$/);
          expect(isAddress(address ?? '')).toBe(true);
          expect(bytesOf((address ?? '').replace('/64', ''))).toEqual(gid);
        }
      }),
    );
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const last = text.split('.').map(Number);
        const gid = Uint8Array.from([...Array(10).fill(0), 0xff, 0xff, ...last]);
        const address = addressOfGid(told(gid, order), order);
        const [first = 0] = last;
        expect(address).toBe(first === 0 || first === 127 || first > 223 ? null : `${text}/24`);
      }),
    );
  });

  test.each(['0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255'])(
    '%s is no address of an interface',
    (text) => {
      const gid = Uint8Array.from([...Array(10).fill(0), 0xff, 0xff, ...text.split('.').map(Number)]);
      expect(addressOfGid(told(gid, 'LE'), 'LE')).toBeNull();
    },
  );
});

describe('what may be given to ip as an address', () => {
  test.each([
    '10.0.0.5/24',
    '0.0.0.0/0',
    '10.0.0.5/32',
    'fe80::1/64',
    '::/0',
    '::ffff:10.0.0.5/128',
    'FE80::1/64',
  ])('%s', (text) => {
    expect(isAddress(text)).toBe(true);
    expect(isIPv4Address(text)).toBe(!text.includes(':'));
  });

  test.each([
    ...['', '10.0.0.5', '/24', '10.0.0.5/', '10.0.0.5/33', '10.0.0.5/-1', '10.0.0.5/24/24', '10.0.0/24'],
    ...['10.0.0.5/024x', '10.0.0.5/255.255.255.0', 'fe80::1/129', 'fe80::1%eth0/64', 'any/0', 'fe80:::1/64'],
    ...['10.0.0.5/24\n', '10.0.0.5/24 dev eth0', ' 10.0.0.5/24', '010.0.0.5/24', '١٠.0.0.5/24'],
  ])('not %j', (text) => {
    expect(isAddress(text)).toBe(false);
  });
});

describe('what may be the name of an interface (net/core/dev.c:dev_valid_name)', () => {
  test.each(['eth0', 'é0', '$(id)', 'fifteen-bytes-x'])('%s', (name) => {
    expect(isInterfaceName(name)).toBe(true);
  });
  test.each(['', '.', '..', '-x', 'a b', 'a\n', 'a/b', 'a:b', '#a', 'sixteen-bytes-xx', 'éééééééé', 7, null])(
    'not %j',
    (name) => {
      expect(isInterfaceName(name)).toBe(false);
    },
  );
});

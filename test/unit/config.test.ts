/** What a caller or a file may say of devices. */
import { describe, expect, test } from 'vitest';
import { deviceSchema } from '../../src/config.ts';

const read = (device: object): unknown => {
  const result = deviceSchema.safeParse(device);
  return result.success ? result.data : result.error.issues.map(({ path }) => path.join('.'));
};

describe('devices (libvirt-events.md §5.2)', () => {
  test('a NIC has the program behind it, or null where none is told', () => {
    expect(read({ type: 'net', alias: 'net0', backend: 'passt' })).toMatchObject({ backend: 'passt' });
    expect(read({ type: 'net', alias: 'net0' })).toMatchObject({ backend: null });
    expect(read({ type: 'net', alias: 'net0', backend: null })).toMatchObject({ backend: null });
    expect(read({ type: 'net', alias: 'net0', backend: 7 })).toEqual(['backend']);
  });

  test('a disk uses the managed helper for persistent reservations, or none', () => {
    const disk = { type: 'disk', alias: 'virtio-disk0' };
    expect(read({ ...disk, reservations: 'managed' })).toMatchObject({ reservations: 'managed' });
    expect(read(disk)).toMatchObject({ reservations: null });
    expect(read({ ...disk, reservations: 'unmanaged' })).toEqual(['reservations']);
    expect(read({ ...disk, reservations: true })).toEqual(['reservations']);
  });

  test('an RDMA device has an interface of the host, and need not have an alias', () => {
    const host = { interface: 'eth0' };
    expect(read({ type: 'rdma', host })).toEqual({ type: 'rdma', alias: null, host });
    expect(read({ type: 'rdma', alias: 'rdma0', host })).toMatchObject({ alias: 'rdma0' });
    expect(read({ type: 'rdma' })).toEqual(['host']);
    expect(read({ type: 'rdma', host: { interface: '' } })).toEqual(['host.interface']);
    expect(read({ type: 'rdma', host: { interface: 'x'.repeat(16) } })).toEqual(['host.interface']);
  });
});

import { expect, test } from 'vitest';
import { parseMemorySizes } from '../../../../src/actors/discovery/memory.ts';

const device = (size: unknown, id: unknown = 'dimm0') => ({ type: 'dimm', data: { id, size } });

test('a size is in KiB, and of the first device with an alias (QAPI MemoryDeviceInfo)', () => {
  expect(parseMemorySizes([device(2048), device(4096)])).toEqual(new Map([['dimm0', 2]]));
});

test.each([-1024, 1.5, 1e300, Number.NaN, '1024', null, undefined])('%j is no size', (size) => {
  expect(parseMemorySizes([device(size)])).toEqual(new Map());
});

test.each([undefined, null, '', 7])('a device without an id (%j) is left out', (id) => {
  expect(parseMemorySizes([{ type: 'dimm', data: { id, size: 1024 } }])).toEqual(new Map());
});

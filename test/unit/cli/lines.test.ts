import { expect, test } from 'vitest';
import { describeChange } from '../../../src/cli/lines.ts';
import type { HostChange } from '../../../src/events/nic.ts';

test.each<[HostChange, string]>([
  [{ type: 'set-mac', mac: '52:54:00:00:00:07' }, 'set-mac 52:54:00:00:00:07'],
  [{ type: 'set-promiscuous', on: true }, 'set-promiscuous on'],
  [{ type: 'set-allmulticast', on: false }, 'set-allmulticast off'],
  [{ type: 'add-address', address: 'fe80::1/64' }, 'add-address fe80::1/64'],
  [{ type: 'remove-address', address: '192.0.2.5/24' }, 'remove-address 192.0.2.5/24'],
])('a change of the host is one line with what it changes to: %j', (change, line) => {
  expect(describeChange(change)).toBe(line);
});

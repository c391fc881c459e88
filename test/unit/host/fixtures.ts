import { readFileSync } from 'node:fs';
import type { RxFilter } from '../../../src/events/nic.ts';
import type { HostRxFilter } from '../../../src/host/host-network.ts';

/** Captured from iproute2 6.1 and Linux, in a network namespace of their own. */
export const captured = (name: string): string =>
  readFileSync(new URL(`../../data/host/${name}`, import.meta.url), 'utf8');

export const guestFilter = (changes: Partial<RxFilter> = {}): RxFilter => ({
  name: 'net0',
  mainMac: '52:54:00:12:34:56',
  promiscuous: false,
  multicast: 'normal',
  multicastOverflow: false,
  multicastTable: [],
  unicast: 'normal',
  unicastOverflow: false,
  unicastTable: [],
  vlan: 'normal',
  vlanTable: [],
  broadcastAllowed: true,
  ...changes,
});

export const hostFilter = (changes: Partial<HostRxFilter> = {}): HostRxFilter => ({
  mac: '52:54:00:12:34:56',
  promiscuous: false,
  multicast: 'normal',
  multicastTable: [],
  ...changes,
});

/** What `query-rx-filter` returns of a Linux guest whose interface is up. */
export const filterReply = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'net0',
  'main-mac': '52:54:00:12:34:56',
  promiscuous: false,
  'broadcast-allowed': false,
  unicast: 'normal',
  'unicast-overflow': false,
  'unicast-table': [],
  multicast: 'normal',
  'multicast-overflow': false,
  'multicast-table': ['01:00:5e:00:00:01', '33:33:00:00:00:01', '33:33:ff:12:34:56'],
  vlan: 'normal',
  'vlan-table': [0],
  ...changes,
});

/**
 * What a guest wants its NIC to receive, and what the host's interface must change to let it.
 *
 *   query-rx-filter ─parseRxFilter→ RxFilter ┐
 *   HostNetwork.read ─────────────→ HostRxFilter  ┴diffRxFilter→ HostChange[] ─→ HostNetwork.apply
 *
 * Pure. Everything in a reply is the guest's word: it is checked here, in full, before anything is done.
 * libvirt 9.0.0 qemu_monitor_json.c:qemuMonitorJSONQueryRxFilter, qemu_driver.c:syncNicRxFilter….
 */
import { describeValue } from '../errors.ts';
import type { HostChange, RxFilter, RxState } from '../events/nic.ts';
import type { HostRxFilter, MulticastMode } from './host-network.ts';
import { isInterfaceMac, isMulticastMac, normalizeMac } from './mac.ts';

/**
 * Each address may cost the host two short processes. QEMU keeps 64 addresses of both kinds together
 * (hw/net/virtio-net.c:MAC_TABLE_ENTRIES) and says `overflow` beyond; this leaves room for sixteen times that.
 */
const MAX_MAC_TABLE_ENTRIES = 1024;
/** A VLAN id has 12 bits; a guest without VLAN control has all of them. */
const MAX_VLAN_TABLE_ENTRIES = 4096;
const MAX_UINT32 = 2 ** 32 - 1;

/**
 * Reads what `query-rx-filter` returned for one NIC.
 *
 * Every field is required; of several elements only the first counts
 * (libvirt 9.0.0 qemu_monitor_json.c:qemuMonitorJSONQueryRxFilterParse).
 * Differs: a main MAC that no interface can have, a group that is no group, and tables beyond what QEMU
 * can fill are malformed too, because they are to be written to the host.
 *
 * @param reply - the member `return` of the reply
 * @returns the filter, or why the reply is malformed
 */
export function parseRxFilter(reply: unknown): RxFilter | string {
  const element: unknown = Array.isArray(reply) ? reply[0] : undefined;
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    return `expected an array that begins with an object, received ${describeValue(Array.isArray(reply) ? element : reply)}`;
  }
  try {
    const fields = new Map<string, unknown>(Object.entries(element));
    return {
      name: stringField(fields, 'name'),
      mainMac: mac('main-mac', stringField(fields, 'main-mac'), 'of an interface', isInterfaceMac),
      promiscuous: booleanField(fields, 'promiscuous'),
      multicast: stateField(fields, 'multicast'),
      multicastOverflow: booleanField(fields, 'multicast-overflow'),
      multicastTable: macTableField(fields, 'multicast-table', 'of a group', isMulticastMac),
      unicast: stateField(fields, 'unicast'),
      unicastOverflow: booleanField(fields, 'unicast-overflow'),
      unicastTable: macTableField(fields, 'unicast-table', '', () => true),
      vlan: stateField(fields, 'vlan'),
      vlanTable: vlanTableField(fields),
      broadcastAllowed: booleanField(fields, 'broadcast-allowed'),
    };
  } catch (error) {
    if (error instanceof MalformedField) return error.message;
    throw error;
  }
}

type Fields = ReadonlyMap<string, unknown>;

/** Leaves the parser; never leaves this file. */
class MalformedField extends Error {}

const malformed = (field: string, expected: string, received: unknown): MalformedField =>
  new MalformedField(`${field}: expected ${expected}, received ${describeValue(received)}`);

function stringField(fields: Fields, field: string): string {
  const value = fields.get(field);
  if (typeof value !== 'string') throw malformed(field, 'a string', value);
  return value;
}

function booleanField(fields: Fields, field: string): boolean {
  const value = fields.get(field);
  if (typeof value !== 'boolean') throw malformed(field, 'true or false', value);
  return value;
}

function stateField(fields: Fields, field: string): RxState {
  const value = fields.get(field);
  if (value !== 'none' && value !== 'normal' && value !== 'all')
    throw malformed(field, 'none, normal or all', value);
  return value;
}

function tableField(fields: Fields, field: string, maxEntries: number): readonly unknown[] {
  const value = fields.get(field);
  if (!Array.isArray(value) || value.length > maxEntries)
    throw malformed(field, `an array of at most ${maxEntries}`, value);
  return value;
}

function macTableField(
  fields: Fields,
  field: string,
  whose: string,
  isRight: (mac: string) => boolean,
): readonly string[] {
  return tableField(fields, field, MAX_MAC_TABLE_ENTRIES).map((value, index) =>
    mac(`${field}[${index}]`, value, whose, isRight),
  );
}

function mac(field: string, value: unknown, whose: string, isRight: (mac: string) => boolean): string {
  const normalized = typeof value === 'string' ? normalizeMac(value) : null;
  if (normalized === null || !isRight(normalized))
    throw malformed(field, `a MAC address ${whose}`.trimEnd(), value);
  return normalized;
}

function vlanTableField(fields: Fields): readonly number[] {
  const field = 'vlan-table';
  return tableField(fields, field, MAX_VLAN_TABLE_ENTRIES).map((value, index) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_UINT32)
      throw malformed(`${field}[${index}]`, 'an unsigned integer', value);
    return value;
  });
}

/**
 * What a host interface (macvtap) must change so that it receives what the guest asked for, in the order in
 * which it is to be done. Empty when the changes of an earlier answer were all made.
 *
 * libvirt 9.0.0 qemu_driver.c:syncNicRxFilterMacAddr, syncNicRxFilterMulticast, syncNicRxFilterPromiscMode,
 * syncNicRxFilterMultiMode. As there, both group lists are taken as they are given, adding goes before removing,
 * and extra unicast addresses are not followed. Differs: a group that the guest names twice is added once.
 *
 * @example
 * diffRxFilter({ ...guest, multicast: 'all' }, { ...host, multicast: 'normal' })
 * // [{ type: 'set-allmulticast', on: true }]
 */
export function diffRxFilter(guest: RxFilter, host: HostRxFilter): HostChange[] {
  return [
    ...macChanges(guest, host),
    ...groupChanges(guest, host),
    ...promiscuousChanges(guest, host),
    ...multicastModeChanges(guest, host),
  ];
}

/** libvirt 9.0.0 qemu_driver.c:syncNicRxFilterMacAddr. */
function macChanges(guest: RxFilter, host: HostRxFilter): HostChange[] {
  return guest.mainMac === host.mac.toLowerCase() ? [] : [{ type: 'set-mac', mac: guest.mainMac }];
}

/** libvirt 9.0.0 qemu_driver.c:syncNicRxFilterGuestMulticast, then syncNicRxFilterHostMulticast. */
function groupChanges(guest: RxFilter, host: HostRxFilter): HostChange[] {
  const wanted = new Set(guest.multicastTable);
  const present = new Set(host.multicastTable.map((group) => group.toLowerCase()));
  return [
    ...[...wanted]
      .filter((group) => !present.has(group))
      .map((group): HostChange => ({ type: 'add-multicast', mac: group })),
    ...[...present]
      .filter((group) => !wanted.has(group))
      .map((group): HostChange => ({ type: 'remove-multicast', mac: group })),
  ];
}

/**
 * libvirt 9.0.0 qemu_driver.c:syncNicRxFilterPromiscMode. An interface of the host filters VLANs only by being
 * promiscuous or not, so a guest with any VLAN gets everything; the flag is then never taken away.
 */
function promiscuousChanges(guest: RxFilter, host: HostRxFilter): HostChange[] {
  const on = guest.vlanTable.length > 0 || guest.promiscuous;
  return on === host.promiscuous ? [] : [{ type: 'set-promiscuous', on }];
}

/** libvirt 9.0.0 qemu_driver.c:syncNicRxFilterMultiMode. A flag is named even where the host has it already. */
function multicastModeChanges(guest: RxFilter, host: HostRxFilter): HostChange[] {
  const overflows = guest.multicast === 'normal' && guest.multicastOverflow;
  const reached: MulticastMode = overflows ? 'all' : guest.multicast;
  if (host.multicast === reached) return [];
  switch (guest.multicast) {
    case 'all':
      return [{ type: 'set-allmulticast', on: true }];
    case 'normal':
      return [
        { type: 'set-multicast', on: true },
        { type: 'set-allmulticast', on: overflows },
      ];
    case 'none':
      return [
        { type: 'set-allmulticast', on: false },
        { type: 'set-multicast', on: false },
      ];
  }
}

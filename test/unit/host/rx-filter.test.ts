import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostChange, RxFilter } from '../../../src/events/nic.ts';
import type { HostRxFilter, MulticastMode } from '../../../src/host/host-network.ts';
import { diffRxFilter, parseRxFilter } from '../../../src/host/rx-filter.ts';
import { filterReply, guestFilter, hostFilter } from './fixtures.ts';

const A = '01:00:5e:00:00:0a';
const B = '33:33:00:00:00:0b';
const C = '01:00:5e:00:00:0c';

const on = true;
const off = false;
const promiscuous = (value: boolean): HostChange => ({ type: 'set-promiscuous', on: value });
const M = (value: boolean): HostChange => ({ type: 'set-multicast', on: value });
const ALL = (value: boolean): HostChange => ({ type: 'set-allmulticast', on: value });
const add = (mac: string): HostChange => ({ type: 'add-multicast', mac });
const remove = (mac: string): HostChange => ({ type: 'remove-multicast', mac });

describe('parseRxFilter (qemu_monitor_json.c:qemuMonitorJSONQueryRxFilterParse)', () => {
  test('each field of the reply has its place', () => {
    expect(
      parseRxFilter([filterReply({ 'unicast-table': ['52:54:00:00:00:01'], 'vlan-table': [5, 0] })]),
    ).toEqual({
      name: 'net0',
      mainMac: '52:54:00:12:34:56',
      promiscuous: false,
      multicast: 'normal',
      multicastOverflow: false,
      multicastTable: ['01:00:5e:00:00:01', '33:33:00:00:00:01', '33:33:ff:12:34:56'],
      unicast: 'normal',
      unicastOverflow: false,
      unicastTable: ['52:54:00:00:00:01'],
      vlan: 'normal',
      vlanTable: [5, 0],
      broadcastAllowed: false,
    });
  });

  test('only the first element is used', () => {
    expect(parseRxFilter([filterReply({ name: 'first' }), 'rubbish'])).toMatchObject({ name: 'first' });
    expect(parseRxFilter(['rubbish', filterReply()])).toMatch(/begins with an object/);
  });

  test.each([undefined, null, {}, filterReply(), 'net0', 7, [], [null], [[]], [[filterReply()]]])(
    'a reply that is no array of objects is malformed: %j',
    (reply) => {
      expect(parseRxFilter(reply)).toMatch(/^expected an array that begins with an object/);
    },
  );

  const fields = Object.keys(filterReply());
  test.each(fields)('%s is required', (field) => {
    const { [field]: _, ...rest } = filterReply();
    expect(parseRxFilter([rest])).toMatch(new RegExp(`^${field}: expected .*, received undefined$`));
  });

  test.each(fields)('%s of a wrong type is malformed', (field) => {
    for (const wrong of [null, 1.5, {}, [{}], 'x'].filter((value) => field !== 'name' || value !== 'x')) {
      const parsed = parseRxFilter([filterReply({ [field]: wrong })]);
      expect(parsed).toBeTypeOf('string');
      expect(String(parsed).startsWith(field)).toBe(true);
    }
  });

  test('a string for true or false, and a number for a string, are malformed', () => {
    expect(parseRxFilter([filterReply({ promiscuous: 'true' })])).toBe(
      "promiscuous: expected true or false, received 'true'",
    );
    expect(parseRxFilter([filterReply({ name: 0 })])).toBe('name: expected a string, received 0');
  });

  test('MACs are normalised to lower case', () => {
    expect(
      parseRxFilter([
        filterReply({
          'main-mac': '52:54:00:AB:CD:EF',
          'multicast-table': ['33:33:FF:AB:CD:EF'],
          'unicast-table': ['02:AA:00:00:00:01'],
        }),
      ]),
    ).toMatchObject({
      mainMac: '52:54:00:ab:cd:ef',
      multicastTable: ['33:33:ff:ab:cd:ef'],
      unicastTable: ['02:aa:00:00:00:01'],
    });
  });

  const hostileMacs = [
    '',
    '52:54:00:12:34',
    '52:54:00:12:34:56:78',
    '52-54-00-12-34-56',
    '525400123456',
    '52:54:00:12:34:5g',
    '2:54:0:12:34:56',
    ' 52:54:00:12:34:56',
    '52:54:00:12:34:56\n',
    '52:54:00:12:34:56\nlink set dev eth0 down',
    '52:54:00:12:34:56; reboot',
    '٥2:54:00:12:34:56',
    '\u0000'.repeat(17),
    'x'.repeat(100_000),
  ];
  test.each(hostileMacs)('what is no MAC is malformed wherever it stands: %j', (mac) => {
    for (const [field, value] of [
      ['main-mac', mac],
      ['unicast-table', [mac]],
      ['multicast-table', [A, mac]],
    ] as const) {
      const parsed = parseRxFilter([filterReply({ [field]: value })]);
      expect(parsed).toBeTypeOf('string');
      expect(parsed).toMatch(/expected a MAC address/);
      expect(String(parsed).length).toBeLessThan(200);
    }
  });

  test.each(['00:00:00:00:00:00', '01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff'])(
    'a main MAC that no interface can have is refused: %s',
    (mac) => {
      expect(parseRxFilter([filterReply({ 'main-mac': mac })])).toBe(
        `main-mac: expected a MAC address of an interface, received '${mac}'`,
      );
    },
  );

  test('a group that is no group is refused, so that nobody is given a unicast address', () => {
    expect(parseRxFilter([filterReply({ 'multicast-table': [A, '52:54:00:00:00:99'] })])).toBe(
      "multicast-table[1]: expected a MAC address of a group, received '52:54:00:00:00:99'",
    );
  });

  test('tables are bounded: sixteen times what QEMU keeps (virtio-net.c:MAC_TABLE_ENTRIES), all VLAN ids', () => {
    const full = { 'multicast-table': Array(1024).fill(A), 'vlan-table': [...Array(4096).keys()] };
    expect(parseRxFilter([filterReply(full)])).toBeTypeOf('object');
    expect(parseRxFilter([filterReply({ 'multicast-table': Array(1025).fill(A) })])).toBe(
      'multicast-table: expected an array of at most 1024, received an array of 1025',
    );
    expect(parseRxFilter([filterReply({ 'unicast-table': Array(1025).fill(A) })])).toMatch(
      /^unicast-table: /,
    );
    expect(parseRxFilter([filterReply({ 'vlan-table': Array(4097).fill(0) })])).toMatch(/^vlan-table: /);
  });

  test.each([-1, 0.5, 2 ** 32, Number.NaN, '5', null])('a VLAN id is an unsigned integer, not %j', (id) => {
    expect(parseRxFilter([filterReply({ 'vlan-table': [0, id] })])).toMatch(/^vlan-table\[1\]: /);
  });

  test('nothing that QEMU may send makes it throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...fields), (value, field) => {
        parseRxFilter(value);
        parseRxFilter([value]);
        parseRxFilter([filterReply({ [field]: value })]);
      }),
    );
  });
});

describe('diffRxFilter', () => {
  test('nothing is changed where host and guest agree', () => {
    expect(
      diffRxFilter(guestFilter({ multicastTable: [A, B] }), hostFilter({ multicastTable: [B, A] })),
    ).toEqual([]);
  });

  test('another main MAC is set, case aside (qemu_driver.c:syncNicRxFilterMacAddr)', () => {
    const guest = guestFilter({ mainMac: '52:54:00:ab:cd:ef' });
    expect(diffRxFilter(guest, hostFilter())).toEqual([{ type: 'set-mac', mac: '52:54:00:ab:cd:ef' }]);
    expect(diffRxFilter(guest, hostFilter({ mac: '52:54:00:AB:CD:EF' }))).toEqual([]);
  });

  test('groups are added in the order of the guest (qemu_driver.c:syncNicRxFilterGuestMulticast)', () => {
    expect(
      diffRxFilter(guestFilter({ multicastTable: [C, A, B] }), hostFilter({ multicastTable: [A] })),
    ).toEqual([add(C), add(B)]);
  });

  test('groups are added before others are removed (qemu_driver.c:syncNicRxFilterHostMulticast)', () => {
    expect(
      diffRxFilter(guestFilter({ multicastTable: [B] }), hostFilter({ multicastTable: [A, C] })),
    ).toEqual([add(B), remove(A), remove(C)]);
  });

  test('a group that the guest names twice is added once', () => {
    expect(diffRxFilter(guestFilter({ multicastTable: [A, B, A] }), hostFilter())).toEqual([add(A), add(B)]);
  });

  test('a guest that overflows names no group: those of the host go, and all multicast comes', () => {
    expect(
      diffRxFilter(guestFilter({ multicastOverflow: true }), hostFilter({ multicastTable: [A] })),
    ).toEqual([remove(A), M(on), ALL(on)]);
  });

  describe('promiscuous (qemu_driver.c:syncNicRxFilterPromiscMode)', () => {
    test.each([
      { vlanTable: [], guest: off, host: off, changes: [] },
      { vlanTable: [], guest: off, host: on, changes: [promiscuous(off)] },
      { vlanTable: [], guest: on, host: off, changes: [promiscuous(on)] },
      { vlanTable: [], guest: on, host: on, changes: [] },
      { vlanTable: [0], guest: off, host: off, changes: [promiscuous(on)] },
      { vlanTable: [0], guest: off, host: on, changes: [] },
      { vlanTable: [5, 0], guest: on, host: off, changes: [promiscuous(on)] },
      { vlanTable: [5, 0], guest: on, host: on, changes: [] },
    ])('VLANs $vlanTable, guest $guest, host $host: $changes', ({ vlanTable, guest, host, changes }) => {
      expect(
        diffRxFilter(guestFilter({ vlanTable, promiscuous: guest }), hostFilter({ promiscuous: host })),
      ).toEqual(changes);
    });
  });

  describe('multicast mode (qemu_driver.c:syncNicRxFilterMultiMode)', () => {
    test.each<{
      guest: MulticastMode;
      overflows: boolean[];
      hosts: MulticastMode[];
      changes: HostChange[];
    }>([
      { guest: 'all', overflows: [on, off], hosts: ['all'], changes: [] },
      { guest: 'all', overflows: [on, off], hosts: ['normal', 'none'], changes: [ALL(on)] },
      { guest: 'normal', overflows: [off], hosts: ['normal'], changes: [] },
      { guest: 'normal', overflows: [off], hosts: ['all', 'none'], changes: [M(on), ALL(off)] },
      { guest: 'normal', overflows: [on], hosts: ['all'], changes: [] },
      { guest: 'normal', overflows: [on], hosts: ['normal', 'none'], changes: [M(on), ALL(on)] },
      { guest: 'none', overflows: [on, off], hosts: ['none'], changes: [] },
      { guest: 'none', overflows: [on, off], hosts: ['normal', 'all'], changes: [ALL(off), M(off)] },
    ])('guest $guest, overflow $overflows, host $hosts: $changes', ({ guest, overflows, hosts, changes }) => {
      for (const multicastOverflow of overflows) {
        for (const multicast of hosts) {
          expect(
            diffRxFilter(guestFilter({ multicast: guest, multicastOverflow }), hostFilter({ multicast })),
          ).toEqual(changes);
        }
      }
    });
  });

  test('order: MAC, added groups, removed groups, promiscuous, multicast mode (qemu_driver.c:syncNicRxFilter…)', () => {
    expect(
      diffRxFilter(
        guestFilter({
          mainMac: '52:54:00:00:00:07',
          multicastTable: [B],
          promiscuous: true,
          multicast: 'all',
        }),
        hostFilter({ multicastTable: [A] }),
      ),
    ).toEqual([{ type: 'set-mac', mac: '52:54:00:00:00:07' }, add(B), remove(A), promiscuous(on), ALL(on)]);
  });

  test('what is not used by libvirt 9.0.0 changes nothing: unicast, VLAN mode, broadcast', () => {
    const guest = guestFilter({
      unicast: 'all',
      unicastOverflow: true,
      unicastTable: ['52:54:00:00:00:01'],
      vlan: 'all',
      broadcastAllowed: false,
    });
    expect(diffRxFilter(guest, hostFilter())).toEqual([]);
  });
});

/** An interface as the kernel has it: the mode is made of two flags; groups of its own beside those of users. */
interface ModelHost {
  mac: string;
  promiscuous: boolean;
  multicastFlag: boolean;
  allmultiFlag: boolean;
  userGroups: string[];
}

const filterOf = (host: ModelHost): HostRxFilter => ({
  mac: host.mac,
  promiscuous: host.promiscuous,
  multicast: host.allmultiFlag ? 'all' : host.multicastFlag ? 'normal' : 'none',
  multicastTable: [...host.userGroups],
});

function make(host: ModelHost, change: HostChange): void {
  switch (change.type) {
    case 'set-mac':
      host.mac = change.mac;
      return;
    case 'add-multicast':
      expect(host.userGroups).not.toContain(change.mac);
      host.userGroups.push(change.mac);
      return;
    case 'remove-multicast':
      expect(host.userGroups).toContain(change.mac);
      host.userGroups.splice(host.userGroups.indexOf(change.mac), 1);
      return;
    case 'set-promiscuous':
      host.promiscuous = change.on;
      return;
    case 'set-multicast':
      host.multicastFlag = change.on;
      return;
    case 'set-allmulticast':
      host.allmultiFlag = change.on;
  }
}

const octet = fc.integer({ min: 0, max: 3 }).map((value) => value.toString(16).padStart(2, '0'));
const group = octet.map((last) => `33:33:00:00:00:${last}`);
const stationMac = octet.map((last) => `52:54:00:00:00:${last}`);
const state = fc.constantFrom('none' as const, 'normal' as const, 'all' as const);
const anyGuest: fc.Arbitrary<RxFilter> = fc
  .record({
    mainMac: stationMac,
    promiscuous: fc.boolean(),
    multicast: state,
    multicastOverflow: fc.boolean(),
    multicastTable: fc.array(group, { maxLength: 6 }),
    vlan: state,
    vlanTable: fc.array(fc.integer({ min: 0, max: 4095 }), { maxLength: 2 }),
  })
  .map((changes) => guestFilter(changes));
const anyHost: fc.Arbitrary<ModelHost> = fc.record({
  mac: stationMac,
  promiscuous: fc.boolean(),
  multicastFlag: fc.boolean(),
  allmultiFlag: fc.boolean(),
  userGroups: fc.uniqueArray(group, { maxLength: 4 }),
});

describe('properties', () => {
  test('once made, the changes let the host receive what the guest asked for, and no other change is due', () => {
    fc.assert(
      fc.property(anyGuest, anyHost, (guest, host) => {
        for (const change of diffRxFilter(guest, filterOf(host))) make(host, change);
        const reached = filterOf(host);
        expect(reached.mac).toBe(guest.mainMac);
        expect(new Set(reached.multicastTable)).toEqual(new Set(guest.multicastTable));
        expect(reached.promiscuous).toBe(guest.promiscuous || guest.vlanTable.length > 0);
        expect(reached.multicast).toBe(
          guest.multicast === 'normal' && guest.multicastOverflow ? 'all' : guest.multicast,
        );
        expect(diffRxFilter(guest, reached)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('a change that fails is due again, and no other is (self-healing, qemu_driver.c:qemuDomainSyncRxFilter)', () => {
    fc.assert(
      fc.property(anyGuest, anyHost, fc.nat(), (guest, host, seed) => {
        const changes = diffRxFilter(guest, filterOf(host)).filter(
          // A mode takes two flags; one failing may make the other be named again.
          (change) => change.type !== 'set-multicast' && change.type !== 'set-allmulticast',
        );
        if (changes.length === 0) return;
        const failing = changes[seed % changes.length];
        for (const change of changes) if (change !== failing) make(host, change);
        const again = diffRxFilter(
          { ...guest, multicast: filterOf(host).multicast, multicastOverflow: false },
          filterOf(host),
        );
        expect(again).toEqual([failing]);
      }),
    );
  });
});

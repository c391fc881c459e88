/**
 * NIC_RX_FILTER_CHANGED from end to end: a guest changes its NIC, and the host's interface follows.
 *
 * The product runs in a process of its own inside the network namespace; what it did is read back by `ip` and
 * /proc/net/dev_mcast, and what it should have done from QEMU, by the harness's own monitor.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { HostChange } from '../../src/index.ts';
import { type GuestQemu, startGuest } from '../support/guest.ts';
import { describeWith } from '../support/needs.ts';
import { createNamespace, type Namespace, runInNamespace } from '../support/netns.ts';
import type { Qemu } from '../support/qemu.ts';
import { Watcher } from '../support/watcher.ts';

const OTHER_MAC = '52:54:00:00:00:77';
const GROUP = '33:33:ff:aa:00:bb';
/** What a Linux interface joins when it comes up. */
const OF_ALL_NODES = ['01:00:5e:00:00:01', '33:33:00:00:00:01'];

/** The guest joins no group but those that it is told to, and filters VLANs only when it is told to. */
const SIMPLE_GUEST = 'rmmod 8021q && echo 1 >/proc/sys/net/ipv6/conf/default/addr_gen_mode';
/** The device as it is before the guest's driver sets anything. */
const RELOAD_DRIVER = 'rmmod virtio_net && modprobe virtio_net';

interface HostState {
  readonly ifindex: number;
  readonly mac: string;
  readonly promiscuous: boolean;
  readonly allMulticast: boolean;
  readonly multicast: boolean;
  /** Added by user space. */
  readonly userGroups: readonly string[];
  readonly allGroups: readonly string[];
}

async function readHost(namespace: Namespace, name: string): Promise<HostState> {
  const [link] = await namespace.ipJson<{ ifindex: number; address: string; flags: string[] }[]>(
    ...['link', 'show', 'dev', name],
  );
  if (link === undefined) throw new Error(`no ${name}`);
  await using cat = await runInNamespace(namespace, 'cat', ['/proc/net/dev_mcast']);
  await cat.exited;
  const rows = cat
    .lines()
    .map((line) => line.trim().split(/\s+/))
    .filter(([index]) => Number(index) === link.ifindex);
  const groups = (some: string[][]) =>
    some.map(([, , , , mac = '']) => mac.replace(/..(?=.)/g, '$&:')).sort();
  return {
    ifindex: link.ifindex,
    mac: link.address,
    promiscuous: link.flags.includes('PROMISC'),
    allMulticast: link.flags.includes('ALLMULTI'),
    multicast: link.flags.includes('MULTICAST'),
    userGroups: groups(rows.filter(([, , , global]) => global !== '0')),
    allGroups: groups(rows),
  };
}

interface QemuFilter {
  readonly 'main-mac': string;
  readonly promiscuous: boolean;
  readonly multicast: string;
  readonly 'multicast-overflow': boolean;
  readonly 'multicast-table': readonly string[];
  readonly 'vlan-table': readonly number[];
}

async function readFilter(qemu: Qemu): Promise<QemuFilter> {
  const [filter] = await qemu.qmp<QemuFilter[]>('query-rx-filter', { name: 'net0' });
  if (filter === undefined) throw new Error('no net0');
  return filter;
}

/** What a macvtap must be for a guest with this filter, said once more and independently. */
const wantedOf = (filter: QemuFilter) => ({
  mac: filter['main-mac'],
  promiscuous: filter.promiscuous || filter['vlan-table'].length > 0,
  allMulticast: filter.multicast === 'all' || filter['multicast-overflow'],
  multicast: true,
  userGroups: [...filter['multicast-table']].sort(),
});

const nic = (name: string, kind: 'macvtap' | 'tap', mac: string) => ({
  type: 'net' as const,
  alias: 'net0',
  mac,
  trustGuestRxFilters: true,
  host: { interface: name, kind },
});

const queries = (watcher: Watcher): number =>
  watcher.of('send').filter(({ command }) => command === 'query-rx-filter').length;
const changesOf = (watcher: Watcher): HostChange[] => watcher.of('host').map(({ args }) => args.change);
const outcomes = (watcher: Watcher) =>
  watcher
    .of('outcome')
    .map(({ args }) => args)
    .filter(({ type }) => type === 'nicRxFilterChanged');

describeWith(['qemu', 'guest', 'namespace'], 'a guest on a macvtap', () => {
  let namespace: Namespace;
  let qemu: GuestQemu;
  let kernelGroups: readonly string[];

  beforeAll(async () => {
    namespace = await createNamespace();
    qemu = await startGuest(namespace.qemuOptions('net0'));
    await qemu.guest.ready();
    await sh(SIMPLE_GUEST);
    kernelGroups = (await host()).allGroups;
    expect(kernelGroups).toContain('33:33:00:00:00:01');
  });
  afterAll(async () => {
    await qemu?.[Symbol.asyncDispose]();
    await namespace?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await sh(RELOAD_DRIVER);
    await makeHostFollow();
  });

  const host = (): Promise<HostState> => readHost(namespace, 'macvtap0');

  async function sh(command: string): Promise<void> {
    expect(await qemu.guest.sh(command)).toEqual({ status: 0, output: '' });
  }

  /** The host as the product would leave it, by hand. */
  async function makeHostFollow(): Promise<void> {
    const wanted = wantedOf(await readFilter(qemu));
    const present = await host();
    const onOff = (on: boolean): string => (on ? 'on' : 'off');
    await namespace.ip(
      ...['link', 'set', 'macvtap0', 'address', wanted.mac, 'promisc', onOff(wanted.promiscuous)],
      ...['multicast', 'on', 'allmulticast', onOff(wanted.allMulticast)],
    );
    for (const group of present.userGroups) await namespace.ip('maddress', 'del', group, 'dev', 'macvtap0');
    for (const group of wanted.userGroups) await namespace.ip('maddress', 'add', group, 'dev', 'macvtap0');
    expect(await host()).toMatchObject(wanted);
  }

  /** The kernel's own groups are there whatever the guest does. */
  async function expectHostFollows(): Promise<void> {
    const present = await host();
    expect(present).toMatchObject(wantedOf(await readFilter(qemu)));
    expect(present.allGroups).toEqual(expect.arrayContaining([...kernelGroups]));
  }

  /** Attaches, and waits for the one look at the NIC. */
  async function attach(mode: 'dry-run' | 'apply'): Promise<Watcher> {
    const vm = { monitor: qemu.path, pid: qemu.pid, devices: [nic('macvtap0', 'macvtap', namespace.mac)] };
    const watcher = await Watcher.start({ host: mode, attach: [vm] }, namespace.name);
    await watcher.until(() => outcomes(watcher).length === 1);
    await readFilter(qemu);
    seenBefore = nicEvents() - 1;
    return watcher;
  }

  /** Events of QEMU that the last watcher did not see, less the look at attach. */
  let seenBefore = 0;

  const nicEvents = (): number =>
    qemu.events().filter(({ event }) => event === 'NIC_RX_FILTER_CHANGED').length;

  /** Waits until every event that QEMU has sent by now is accounted for. */
  async function followed(watcher: Watcher): Promise<void> {
    // The reply comes after all events before it.
    await readFilter(qemu);
    const count = nicEvents() - seenBefore;
    await watcher.until(() => outcomes(watcher).length + watcher.of('drop').length >= count);
  }

  test('a NIC that follows its guest is queried once at attach, since its event may be muted (qemu_driver.c:processNicRxFilterChangedEvent)', async () => {
    await sh('ip link set eth0 up');
    // Two changes: the event of the second is muted, and nobody asked.
    await sh('ip link set eth0 promisc on');
    await using watcher = await attach('apply');
    expect(await host()).toMatchObject({ promiscuous: true, userGroups: OF_ALL_NODES });
    expect(await watcher.end()).toEqual({ code: 0, signal: null });
    expect(queries(watcher)).toBe(1);
    expect(outcomes(watcher)).toEqual([{ type: 'nicRxFilterChanged', status: 'done' }]);
    expect(watcher.of('lifecycle')).toEqual([]);
  });

  interface Rule {
    readonly what: string;
    readonly given?: string;
    readonly command: string;
    readonly undo: string;
    readonly changes: readonly HostChange[];
    /** Of each of the two: what the guest's NIC became, and back. */
    readonly macs?: readonly [string, string];
  }
  const up = 'ip link set eth0 up';
  /** Each address joins a group of its own. */
  const groups = (count: number, verb: 'add' | 'del'): string =>
    `i=1; while [ $i -le ${count} ]; do ip -6 addr ${verb} fd00::$i:$i/64 dev eth0; i=$((i+1)); done`;
  const rules: readonly Rule[] = [
    {
      what: 'brings its interface up',
      command: up,
      // QEMU tells nothing of the reload itself.
      undo: `${RELOAD_DRIVER} && ${up}`,
      changes: [
        ...OF_ALL_NODES.map((mac): HostChange => ({ type: 'add-multicast', mac })),
        { type: 'set-promiscuous', on: false },
      ],
    },
    {
      what: 'joins a multicast group',
      given: up,
      command: 'ip -6 addr add fd00::aa:bb/64 dev eth0',
      undo: 'ip -6 addr del fd00::aa:bb/64 dev eth0',
      changes: [{ type: 'add-multicast', mac: GROUP }],
    },
    {
      what: 'changes its MAC',
      given: up,
      command: `ip link set eth0 address ${OTHER_MAC}`,
      undo: 'ip link set eth0 address 52:54:00:12:34:56',
      changes: [{ type: 'set-mac', mac: OTHER_MAC }],
      macs: ['52:54:00:12:34:56', OTHER_MAC],
    },
    {
      what: 'wants all multicast',
      given: up,
      command: 'ifconfig eth0 allmulti',
      undo: 'ifconfig eth0 -allmulti',
      changes: [{ type: 'set-allmulticast', on: true }],
    },
    {
      what: 'becomes promiscuous',
      given: up,
      command: 'ip link set eth0 promisc on',
      undo: 'ip link set eth0 promisc off',
      changes: [{ type: 'set-promiscuous', on: true }],
    },
    {
      what: 'adds a VLAN, which a host interface only lets through when it is promiscuous',
      given: up,
      command: 'modprobe 8021q && ip link add link eth0 name eth0.5 type vlan id 5',
      undo: `ip link del eth0.5; ip link set eth0 down; rmmod 8021q; ${up}`,
      changes: [
        { type: 'add-multicast', mac: '01:80:c2:00:00:21' },
        { type: 'set-promiscuous', on: true },
      ],
    },
    {
      what: 'joins more groups than its NIC can hold',
      given: up,
      command: groups(70, 'add'),
      undo: groups(70, 'del'),
      changes: [
        ...OF_ALL_NODES.map((mac): HostChange => ({ type: 'remove-multicast', mac })),
        { type: 'set-multicast', on: true },
        { type: 'set-allmulticast', on: true },
      ],
    },
  ];

  for (const { what, given = 'true', command, undo, changes, macs } of rules)
    test(`a guest that ${what} is followed: the dry run reports the differences that are then made, and changes nothing (qemu_driver.c:qemuDomainSyncRxFilter)`, async () => {
      await sh(given);
      await makeHostFollow();
      const before = await host();

      await using dry = await attach('dry-run');
      expect(changesOf(dry)).toEqual([]);
      await sh(command);
      await followed(dry);
      await dry.end();
      const { alias, changes: due, dryRun } = dry.of('nic-rx-filter-change').at(-1)?.args ?? {};
      expect({ alias, due: sorted(due), dryRun }).toEqual({
        alias: 'net0',
        due: sorted(changes),
        dryRun: true,
      });
      expect(dry.of('host').every(({ args }) => args.dryRun)).toBe(true);
      expect(await host()).toEqual(before);

      await using apply = await attach('apply');
      await expectHostFollows();
      // The same differences, in the same order.
      expect(changesOf(apply)).toEqual(due);
      expect(apply.of('nic-rx-filter-change').at(-1)?.args).toMatchObject({ changes: due, dryRun: false });
      for (const next of [undo, command, undo]) {
        await sh(next);
        await followed(apply);
        await expectHostFollows();
      }
      await apply.end();
      const told = [...dry.messages, ...apply.messages];
      const failures = told.filter(({ type }) => type === 'outcome').filter((one) => !isDone(one));
      expect(failures).toEqual([]);
      expect(apply.of('host').filter(({ args }) => args.dryRun || args.error !== undefined)).toEqual([]);
      const macEvents = (watcher: Watcher) => watcher.of('nic-mac-change').map(({ args }) => args);
      const [first, second] = macs ?? [];
      const there = { alias: 'net0', oldMac: first, newMac: second };
      const back = { alias: 'net0', oldMac: second, newMac: first };
      // Each MAC that was not the one known before: at attach the one of the configuration was.
      expect(macEvents(dry)).toEqual(macs === undefined ? [] : [there]);
      expect(macEvents(apply)).toEqual(macs === undefined ? [] : [there, back, there, back]);
    });

  test('a storm of changes is followed to its end: one handler runs, one waits, the rest is counted as coalesced (design §1.1)', async () => {
    await sh(up);
    await using watcher = await attach('apply');
    for (let toggles = 1; toggles <= 51; toggles += 1) {
      // Half of it comes to a process that does not run, so all at once.
      if (toggles === 26) watcher.kill('SIGSTOP');
      await sh(`ip link set eth0 promisc ${toggles % 2 === 1 ? 'on' : 'off'}`);
      // The query of another client lets QEMU send the next event.
      await readFilter(qemu);
    }
    expect(nicEvents() - seenBefore).toBeGreaterThan(51);
    watcher.kill('SIGCONT');
    await followed(watcher);
    await expectHostFollows();
    expect((await host()).promiscuous).toBe(true);
    await watcher.end();

    const counts = watcher.of('handlers');
    expect(Math.max(...counts.map(({ running }) => running))).toBe(1);
    expect(Math.max(...counts.map(({ waiting }) => waiting))).toBe(1);
    // Every event is accounted for: it had its handler, or another that waited already stood for it.
    const dropped = watcher.of('drop').map(({ args }) => args);
    expect(dropped).not.toEqual([]);
    expect(new Set(dropped.map(({ reason }) => reason))).toEqual(new Set(['coalesced']));
    expect(outcomes(watcher).length + dropped.length).toBe(nicEvents() - seenBefore);
    expect(outcomes(watcher).every(({ status }) => status === 'done')).toBe(true);
    expect(watcher.of('closed').at(-1)?.drops).toEqual({ coalesced: { nicRxFilterChanged: dropped.length } });
  });

  test('after a reset the NIC is queried again: QEMU sends no event for what it forgets (qemu-event-recipes §2.7)', async () => {
    await sh(`${up} && ip link set eth0 address ${OTHER_MAC}`);
    await using watcher = await attach('apply');
    expect((await host()).mac).toBe(OTHER_MAC);
    // The CPU does not run, so that nothing comes from the guest's next boot.
    await qemu.qmp('stop');
    const eventsBefore = nicEvents();
    watcher.forget();
    await qemu.qmp('system_reset');
    await watcher.until(() => watcher.of('reboot').length > 0);
    await watcher.until(
      () => watcher.of('nic-rx-filter-change').at(-1)?.args.filter.mainMac === namespace.mac,
    );
    await expectHostFollows();
    expect(await host()).toMatchObject({ mac: namespace.mac, promiscuous: true, userGroups: [] });
    expect(nicEvents()).toBe(eventsBefore);
    expect(queries(watcher)).toBeGreaterThan(0);
    expect(watcher.of('nic-mac-change')[0]?.args).toEqual({
      alias: 'net0',
      oldMac: OTHER_MAC,
      newMac: namespace.mac,
    });
    await watcher.end();
    await qemu.qmp('cont');
    await qemu.guest.ready();
    await sh(SIMPLE_GUEST);
  });

  // The last one: it ends QEMU.
  test('SIGKILL in a storm: one `stopped failed`, and no change of the host after it (design §1.3)', async () => {
    await sh(up);
    await using watcher = await attach('apply');
    // Work for a while: sixty groups at once, two processes for each, and a storm behind them.
    watcher.kill('SIGSTOP');
    await sh(groups(60, 'add'));
    qemu.guest.send('while true; do ip link set eth0 promisc on; ip link set eth0 promisc off; done');
    watcher.kill('SIGCONT');
    watcher.forget();
    await watcher.until(() => changesOf(watcher).length >= 10);
    qemu.kill('SIGKILL');
    await watcher.until(() => watcher.of('lifecycle').length > 0);
    await watcher.end();
    expect(watcher.of('lifecycle').map(({ args }) => args)).toEqual([{ event: 'stopped', detail: 'failed' }]);
    // What the product reports of a gone domain is withheld, so the processes are counted that it starts.
    const { messages } = watcher;
    const lost = messages.findIndex((one) => one.type === 'handlers' && one.monitor === 'lost');
    const ran = watcher.of('run').length;
    expect(ran).toBeGreaterThan(10);
    // It was in the middle of them.
    const added = (await host()).userGroups.length - OF_ALL_NODES.length;
    expect(added).toBeGreaterThanOrEqual(10);
    expect(added).toBeLessThan(60);
    expect(messages.slice(0, lost).filter(({ type }) => type === 'run')).toHaveLength(ran);
    const after = messages.slice(messages.findIndex(({ type }) => type === 'lifecycle') + 1);
    const told = after.filter(({ type }) => type !== 'handlers' && type !== 'closed');
    expect(told.map(({ type }) => type)).toEqual(['state']);
    expect(told[0]).toMatchObject({ args: { state: 'shutoff', reason: 'crashed', active: false } });
    // Those that its death overtook: the one that ran, the one that waited.
    const endings = outcomes(watcher).filter(({ status }) => status !== 'done');
    expect(endings.length).toBeLessThanOrEqual(2);
    for (const { why } of endings)
      expect(why).toMatch(/^monitor lost|^domain gone|^QEMU's network namespace cannot be read/);
  });
});

const isDone = (message: { type: string }): boolean =>
  'args' in message && (message.args as { status?: string }).status === 'done';
const sorted = (changes: readonly HostChange[] | undefined): string[] =>
  (changes ?? []).map((change) => JSON.stringify(change)).sort();

describeWith(['qemu', 'guest', 'namespace'], 'a guest on a tap in a bridge', () => {
  let namespace: Namespace;
  let qemu: GuestQemu;

  beforeAll(async () => {
    namespace = await createNamespace({ kind: 'tap' });
    qemu = await startGuest(namespace.qemuOptions('net0'));
    await qemu.guest.ready();
    await sh(`${SIMPLE_GUEST} && ip link set eth0 up`);
  });
  afterAll(async () => {
    await qemu?.[Symbol.asyncDispose]();
    await namespace?.[Symbol.asyncDispose]();
  });

  async function sh(command: string): Promise<void> {
    expect(await qemu.guest.sh(command)).toEqual({ status: 0, output: '' });
  }

  const setMac = (mac: string): Promise<void> => sh(`ip link set eth0 address ${mac}`);

  const attach = (name: string, kind: 'macvtap' | 'tap', where = namespace): Promise<Watcher> =>
    Watcher.start(
      {
        host: 'apply',
        attach: [{ monitor: qemu.path, pid: qemu.pid, devices: [nic(name, kind, namespace.mac)] }],
      },
      where.name,
    );

  test('changes nothing on the host, but its new MAC is told (libvirt 11.2 nic-mac-change)', async () => {
    const before = await readHost(namespace, 'tap0');
    await using watcher = await attach('tap0', 'tap');
    await watcher.until(() => outcomes(watcher).length === 1);
    await setMac(OTHER_MAC);
    await watcher.until(() => watcher.of('nic-mac-change').length === 1);
    await watcher.until(() => outcomes(watcher).length === 2);
    await watcher.end();
    expect(watcher.of('nic-mac-change')[0]?.args).toEqual({
      alias: 'net0',
      oldMac: namespace.mac,
      newMac: OTHER_MAC,
    });
    expect(watcher.of('nic-rx-filter-change').map(({ args }) => [args.filter.mainMac, args.changes])).toEqual(
      [
        [namespace.mac, []],
        [OTHER_MAC, []],
      ],
    );
    expect(outcomes(watcher).map(({ status }) => status)).toEqual(['done', 'done']);
    expect(watcher.of('host')).toEqual([]);
    expect(await readHost(namespace, 'tap0')).toEqual(before);
  });

  test("an interface of QEMU's name in our namespace is not touched when QEMU is in another (namespaces(7))", async () => {
    await using ours = await createNamespace({ mac: '52:54:00:00:00:01' });
    const before = await readHost(ours, 'macvtap0');
    await using watcher = await attach('macvtap0', 'macvtap', ours);
    await watcher.until(() => outcomes(watcher).length === 1);
    await watcher.end();
    expect(outcomes(watcher)).toEqual([
      {
        type: 'nicRxFilterChanged',
        status: 'failed',
        why: 'QEMU is in another network namespace',
      },
    ]);
    expect(watcher.of('host')).toEqual([]);
    expect(watcher.of('nic-rx-filter-change').map(({ args }) => args.changes)).toEqual([[]]);
    expect(await readHost(ours, 'macvtap0')).toEqual(before);
  });

  test('an interface that is deleted, and made again under its name, is left alone (design §3a)', async () => {
    const make = ['link', 'add', 'link', 'veth1', 'name', 'macvtap1', 'type', 'macvtap', 'mode', 'bridge'];
    await setMac(OTHER_MAC);
    await namespace.ip(...make);
    await using watcher = await attach('macvtap1', 'macvtap');
    await watcher.until(() => outcomes(watcher).length === 1);
    const first = await readHost(namespace, 'macvtap1');
    expect(first.mac).toBe(OTHER_MAC);

    watcher.forget();
    await namespace.ip('link', 'del', 'macvtap1');
    await setMac('52:54:00:00:00:78');
    await watcher.until(() => outcomes(watcher).length === 1);
    expect(outcomes(watcher)[0]).toMatchObject({ status: 'failed', why: 'interface changed: no macvtap1' });

    watcher.forget();
    await namespace.ip(...make);
    const second = await readHost(namespace, 'macvtap1');
    expect(second.ifindex).not.toBe(first.ifindex);
    await setMac('52:54:00:00:00:79');
    await watcher.until(() => outcomes(watcher).length === 1);
    await watcher.end();
    expect(outcomes(watcher)[0]).toMatchObject({
      status: 'failed',
      why: 'interface changed: macvtap1 is not the one that was there at first',
    });
    expect(watcher.of('host')).toEqual([]);
    expect(await readHost(namespace, 'macvtap1')).toEqual(second);
  });
});

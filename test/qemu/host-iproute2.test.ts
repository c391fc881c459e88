/** What iproute2.ts takes for granted of `ip` and the kernel, and what it makes of an interface for real. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { InterfaceChangedError } from '../../src/errors.ts';
import type { HostChange } from '../../src/events/nic.ts';
import { createDryRunNetwork } from '../../src/host/dry-run.ts';
import type {
  HostChangeResult,
  HostNetwork,
  InterfaceIdentity,
  MulticastMode,
} from '../../src/host/host-network.ts';
import { createIproute2 } from '../../src/host/iproute2.ts';
import { isOwnNetworkNamespace } from '../../src/host/namespace.ts';
import { diffRxFilter } from '../../src/host/rx-filter.ts';
import { createNodeRuntime } from '../../src/loop/node-runtime.ts';
import type { RunOptions } from '../../src/loop/runtime.ts';
import { describeWith } from '../support/needs.ts';
import { createNamespace, type Namespace, runInNamespace } from '../support/netns.ts';
import { guestFilter } from '../unit/host/fixtures.ts';

const runtime = createNodeRuntime();
const never = new AbortController().signal;
const A = '01:00:5e:00:00:fb';
const B = '33:33:00:00:00:0b';
const MAC = '52:54:00:00:00:07';
const OF_A_GROUP = '01:00:00:00:00:01';

/**
 * The network of a namespace in which this process is not: its `ip`, its /proc.
 *
 * @param beforeRun - is waited for before each process, and told how many were started before it
 */
function networkOf(namespace: string, beforeRun?: (count: number) => Promise<void>): HostNetwork {
  let count = 0;
  const run = async (file: string, args: readonly string[], options: RunOptions) => {
    await beforeRun?.(count++);
    return await runtime.processes.run('ip', ['netns', 'exec', namespace, file, ...args], options);
  };
  return createIproute2({
    processes: { run },
    files: {
      read: async (path) => {
        const { code, stdout, stderr } = await run('cat', [path], { timeoutMs: 5000 });
        if (code !== 0) throw new Error(stderr);
        return stdout;
      },
    },
  });
}

describeWith(['namespace'], 'iproute2 and the kernel', () => {
  let namespace: Namespace;
  let network: HostNetwork;

  beforeEach(async () => {
    namespace = await createNamespace({ kind: 'macvtap' });
    network = networkOf(namespace.name);
  });
  afterEach(async () => {
    await namespace[Symbol.asyncDispose]();
  });

  async function readFound(name = 'macvtap0') {
    const found = await network.read(name, never);
    if (found === null) throw new Error(`no ${name}`);
    return found;
  }

  async function apply(target: InterfaceIdentity, changes: readonly HostChange[], signal = never) {
    const results: HostChangeResult[] = [];
    await network.apply(target, changes, signal, (result) => results.push(result));
    return results;
  }

  /** Kernel's and users' groups alike. */
  async function allGroups(): Promise<string[]> {
    const [shown] = await namespace.ipJson<{ maddr: { link?: string }[] }[]>(
      'maddress',
      'show',
      'dev',
      'macvtap0',
    );
    return (shown?.maddr ?? []).flatMap(({ link }) => (link === undefined ? [] : [link]));
  }

  test('a macvtap is read with its identity, MAC and flags; groups of the kernel do not show', async () => {
    expect(await allGroups()).toContain('33:33:00:00:00:01');
    expect(await network.read('macvtap0', never)).toEqual({
      name: 'macvtap0',
      ifindex: namespace.ifindex,
      kind: 'macvtap',
      filter: { mac: namespace.mac, promiscuous: false, multicast: 'normal', multicastTable: [] },
    });
  });

  test('veth, bridge and tap have their kinds, a loopback has none, an absent interface is null', async () => {
    await namespace.ip('link', 'add', 'br0', 'type', 'bridge');
    await namespace.ip('tuntap', 'add', 'dev', 'tap0', 'mode', 'tap');
    const kinds = await Promise.all(
      ['veth0', 'br0', 'tap0', 'lo', 'nope'].map(async (name) => (await network.read(name, never))?.kind),
    );
    expect(kinds).toEqual(['veth', 'bridge', 'tun', null, undefined]);
    expect(await network.read('nope', never)).toBeNull();
  });

  test('each change of a filter is made, and read back', async () => {
    const target = await readFound();
    const changes: HostChange[] = [
      { type: 'set-mac', mac: MAC },
      { type: 'add-multicast', mac: A },
      { type: 'add-multicast', mac: B },
      { type: 'set-promiscuous', on: true },
      { type: 'set-multicast', on: false },
      { type: 'set-allmulticast', on: true },
    ];
    expect(await apply(target, changes)).toEqual(changes.map((change) => ({ change, error: null })));
    expect((await readFound()).filter).toEqual({
      mac: MAC,
      promiscuous: true,
      multicast: 'all',
      multicastTable: [A, B],
    });
    await apply(target, [
      { type: 'remove-multicast', mac: A },
      { type: 'set-promiscuous', on: false },
      { type: 'set-allmulticast', on: false },
    ]);
    expect((await readFound()).filter).toEqual({
      mac: MAC,
      promiscuous: false,
      multicast: 'none',
      multicastTable: [B],
    });
  });

  test('an interface follows a guest through all modes, and a second look finds nothing to change', async () => {
    const target = await readFound();
    const kernelGroups = (await allGroups()).filter((group) => !group.startsWith('33:33:ff'));
    const modes: MulticastMode[] = ['normal', 'all', 'none', 'all', 'normal', 'none', 'normal'];
    for (const [index, multicast] of modes.entries()) {
      for (const multicastOverflow of [false, true]) {
        const guest = guestFilter({
          mainMac: `52:54:00:00:01:0${index}`,
          promiscuous: index % 2 === 0,
          multicast,
          multicastOverflow,
          multicastTable: multicastOverflow ? [] : [A, B, `33:33:00:00:02:0${index}`],
          vlanTable: index === 3 ? [0] : [],
        });
        const results = await apply(target, diffRxFilter(guest, (await readFound()).filter));
        expect(results.filter(({ error }) => error !== null)).toEqual([]);
        const { filter } = await readFound();
        expect(diffRxFilter(guest, filter)).toEqual([]);
        expect(filter).toMatchObject({ mac: guest.mainMac, promiscuous: index % 2 === 0 || index === 3 });
      }
    }
    expect(await allGroups()).toEqual(expect.arrayContaining(kernelGroups));
  });

  test('a group that user space added beside the kernel stays with the kernel when it is removed', async () => {
    const group = '33:33:00:00:00:01';
    const target = await readFound();
    await apply(target, [{ type: 'add-multicast', mac: group }]);
    expect((await readFound()).filter.multicastTable).toEqual([group]);
    expect(await apply(target, [{ type: 'remove-multicast', mac: group }])).toMatchObject([{ error: null }]);
    expect((await readFound()).filter.multicastTable).toEqual([]);
    expect(await allGroups()).toContain(group);
  });

  test('a line that fails is told with its reason, and the others of its batch are made', async () => {
    const changes: HostChange[] = [
      { type: 'set-promiscuous', on: true },
      { type: 'set-mac', mac: OF_A_GROUP },
      { type: 'set-allmulticast', on: true },
    ];
    expect(await apply(await readFound(), changes)).toEqual([
      { change: changes[0], error: null },
      { change: changes[1], error: expect.stringContaining('Cannot assign requested address') },
      { change: changes[2], error: null },
    ]);
    expect((await readFound()).filter).toMatchObject({
      mac: namespace.mac,
      promiscuous: true,
      multicast: 'all',
    });
  });

  test('a MAC that another macvtap of the same link has is refused by the kernel', async () => {
    const link = ['link', 'add', 'link', 'veth0', 'name', 'macvtap1', 'address', MAC];
    await namespace.ip(...link, 'type', 'macvtap', 'mode', 'bridge');
    await namespace.ip('link', 'set', 'macvtap1', 'up');
    expect(await apply(await readFound(), [{ type: 'set-mac', mac: MAC }])).toMatchObject([
      { error: expect.stringMatching(/in use|busy/) },
    ]);
  });

  /** As `ip address show` has them, without what the kernel adds itself. */
  async function addresses(): Promise<string[]> {
    const [shown] = await namespace.ipJson<
      { addr_info: { local: string; prefixlen: number; broadcast?: string; protocol?: string }[] }[]
    >('address', 'show', 'dev', 'macvtap0');
    return (shown?.addr_info ?? [])
      .filter(({ protocol }) => protocol !== 'kernel_ll')
      .map(({ local, prefixlen, broadcast = '' }) => `${local}/${prefixlen} ${broadcast}`.trim());
  }

  test('addresses are added and removed; an IPv4 one has its broadcast (virnetdevip.c:virNetDevIPAddrAdd)', async () => {
    const target = await readFound();
    const before = await addresses();
    const added = ['192.0.2.5/24', 'fe80::7/64', '2001:db8::7/64'];
    const add = added.map((address): HostChange => ({ type: 'add-address', address }));
    expect(await apply(target, add)).toEqual(add.map((change) => ({ change, error: null })));
    expect((await addresses()).filter((one) => !before.includes(one)).sort()).toEqual([
      '192.0.2.5/24 192.0.2.255',
      '2001:db8::7/64',
      'fe80::7/64',
    ]);
    const remove = added.map((address): HostChange => ({ type: 'remove-address', address }));
    expect(await apply(target, remove)).toEqual(remove.map((change) => ({ change, error: null })));
    expect(await addresses()).toEqual(before);
  });

  test('an address that is there already, or is not there, is told with its reason, and the others are made', async () => {
    const target = await readFound();
    const change = (type: 'add-address' | 'remove-address', address: string): HostChange => ({
      type,
      address,
    });
    const results = await apply(target, [
      change('add-address', '192.0.2.5/24'),
      change('add-address', '192.0.2.5/24'),
      change('remove-address', '192.0.2.6/24'),
      change('remove-address', '2001:db8::7/64'),
      change('add-address', '2001:db8::8/64'),
    ]);
    expect(results.map(({ error }) => error)).toEqual([
      null,
      // Newer kernels say it in words of their own.
      expect.stringMatching(/File exists|already assigned/),
      expect.stringMatching(/Cannot assign requested address|not found/),
      expect.stringMatching(/Cannot assign requested address|not found/),
      null,
    ]);
    expect(await addresses()).toEqual(expect.arrayContaining(['192.0.2.5/24 192.0.2.255', '2001:db8::8/64']));
  });

  test('a group that cannot be removed does not keep the next ones from being tried', async () => {
    const changes: HostChange[] = [
      { type: 'remove-multicast', mac: B },
      { type: 'add-multicast', mac: A },
    ];
    expect(await apply(await readFound(), changes)).toMatchObject([
      { error: expect.stringContaining('No such file') },
      { error: null },
    ]);
    expect((await readFound()).filter.multicastTable).toEqual([A]);
  });

  test('a later interface of the same name is left alone', async () => {
    const target = await readFound();
    await namespace.ip('link', 'del', 'macvtap0');
    const change: HostChange = { type: 'set-promiscuous', on: true };
    await expect(apply(target, [change])).rejects.toThrow(InterfaceChangedError);
    await namespace.ip('link', 'add', 'link', 'veth0', 'name', 'macvtap0', 'type', 'macvtap');
    await expect(apply(target, [change])).rejects.toThrow(/interface changed/);
    await namespace.ip('link', 'del', 'macvtap0');
    // The same index, but another kind.
    const index = `${target.ifindex}`;
    await namespace.ip('link', 'add', 'name', 'macvtap0', 'index', index, 'type', 'bridge');
    await expect(apply(target, [change])).rejects.toThrow(/is bridge macvtap0/);
    expect((await readFound()).filter.promiscuous).toBe(false);
  });

  test('an interface that is replaced between two changes ends the work there', async () => {
    const results: HostChangeResult[] = [];
    const target = await readFound();
    const replacing = networkOf(namespace.name, async (count) => {
      // Look up, add, and now before the second look-up.
      if (count !== 2) return;
      await namespace.ip('link', 'set', 'macvtap0', 'down', 'name', 'macvtap9');
      await namespace.ip('link', 'add', 'link', 'veth0', 'name', 'macvtap0', 'type', 'macvtap');
    });
    const changes = [A, B].map((mac): HostChange => ({ type: 'add-multicast', mac }));
    const applied = replacing.apply(target, changes, never, (result) => results.push(result));
    await expect(applied).rejects.toThrow(InterfaceChangedError);
    expect(results).toEqual([{ change: changes[0], error: null }]);
    expect((await readFound('macvtap0')).filter.multicastTable).toEqual([]);
    expect((await readFound('macvtap9')).filter.multicastTable).toEqual([A]);
  });

  test('an alternative name, or ifINDEX, is not the name of an interface', async () => {
    await namespace.ip('link', 'property', 'add', 'dev', 'macvtap0', 'altname', 'other0');
    await expect(network.read('other0', never)).rejects.toThrow("the interface's own name is 'macvtap0'");
    const byIndex = `if${namespace.ifindex}`;
    const answer = await network.read(byIndex, never).catch((error: unknown) => error);
    expect(answer === null || answer instanceof Error).toBe(true);
  });

  test.each(['é0', '$(id)', 'a;b&c', 'tap*', 'fifteen-bytes-x', 'dev', 'address'])(
    'an interface named %j is read and changed as any other',
    async (name) => {
      await namespace.ip('link', 'add', 'name', name, 'type', 'bridge');
      const target = await readFound(name);
      const changes: HostChange[] = [
        { type: 'set-mac', mac: MAC },
        { type: 'add-multicast', mac: A },
        { type: 'set-promiscuous', on: true },
      ];
      expect(await apply(target, changes)).toEqual(changes.map((change) => ({ change, error: null })));
      expect((await readFound(name)).filter).toMatchObject({
        mac: MAC,
        promiscuous: true,
        multicastTable: [A],
      });
    },
  );

  test('a dry run changes nothing', async () => {
    const before = await readFound();
    const results: HostChangeResult[] = [];
    const changes = diffRxFilter(
      guestFilter({ mainMac: MAC, multicastTable: [A], multicast: 'all' }),
      before.filter,
    );
    await createDryRunNetwork(network).apply(before, changes, never, (result) => results.push(result));
    expect(results.map(({ change }) => change)).toEqual(changes);
    expect(changes).toHaveLength(3);
    expect(await readFound()).toEqual(before);
  });

  test('a signal that is aborted lets the process that runs end, and starts no other', async () => {
    const reason = new Error('the domain is off');
    const controller = new AbortController();
    const results: HostChangeResult[] = [];
    const changes = [A, B].map((mac): HostChange => ({ type: 'add-multicast', mac }));
    const applied = network.apply(await readFound(), changes, controller.signal, (result) => {
      results.push(result);
      controller.abort(reason);
    });
    await expect(applied).rejects.toBe(reason);
    expect(results).toHaveLength(1);
    expect((await readFound()).filter.multicastTable).toEqual([A]);
  });

  test('the network namespace of another process is told from ours (namespaces(7))', async () => {
    expect(await isOwnNetworkNamespace(runtime, process.pid)).toBe(true);
    await using other = await runInNamespace(namespace, process.execPath, [
      '-e',
      'console.log("ready"); setInterval(() => {}, 1e6)',
    ]);
    await other.line(/ready/);
    expect(await isOwnNetworkNamespace(runtime, other.pid)).toBe(false);
    other.kill();
    await other.exited;
    expect(await isOwnNetworkNamespace(runtime, other.pid)).toBeNull();
  });

  test('ip maddress ends a batch with status 0 and drops its rest: hence a process for each group', async () => {
    const lines = `maddress add ${A} dev macvtap0\nlink set dev macvtap0 promisc on\n`;
    const args = ['netns', 'exec', namespace.name, 'ip', '-force', '-batch', '-'];
    expect(await runtime.processes.run('ip', args, { input: lines, timeoutMs: 5000 })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect((await readFound()).filter).toMatchObject({ promiscuous: false, multicastTable: [A] });
  });
});

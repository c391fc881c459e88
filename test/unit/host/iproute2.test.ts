import { describe, expect, test } from 'vitest';
import { InterfaceChangedError } from '../../../src/errors.ts';
import type { HostChange } from '../../../src/events/nic.ts';
import type { HostChangeResult } from '../../../src/host/host-network.ts';
import { createIproute2 } from '../../../src/host/iproute2.ts';
import type { CommandResult, RunOptions } from '../../../src/loop/runtime.ts';
import { captured } from './fixtures.ts';

const never = new AbortController().signal;
const A = '01:00:5e:00:00:fb';
const B = '33:33:00:00:00:0b';
const MAC = '52:54:00:00:00:07';
const mvt0 = { name: 'mvt0', ifindex: 4, kind: 'macvtap' };
const setMac: HostChange = { type: 'set-mac', mac: MAC };
const promiscuousOn: HostChange = { type: 'set-promiscuous', on: true };
const multicastOn: HostChange = { type: 'set-multicast', on: true };
const allmulticastOff: HostChange = { type: 'set-allmulticast', on: false };
const addA: HostChange = { type: 'add-multicast', mac: A };
const removeB: HostChange = { type: 'remove-multicast', mac: B };

const done: CommandResult = { code: 0, stdout: '', stderr: '' };
const failed = (stderr: string, code: number | null = 1): CommandResult => ({ code, stdout: '', stderr });
const shown = (name: string): CommandResult => ({ ...done, stdout: captured(`link-${name}.json`) });
const missing = failed(captured('link-missing.stderr'));

/** A host whose `ip` answers as scripted: look-ups by `look`, what writes by `write`. */
function fakeHost(
  answers: {
    look?: (count: number) => CommandResult | Error;
    write?: (count: number) => CommandResult | Error;
    devMcast?: string;
  } = {},
) {
  const calls: { file: string; args: string; options: RunOptions }[] = [];
  const counts = { look: 0, write: 0 };
  const network = createIproute2(
    {
      processes: {
        run: async (file, args, options) => {
          calls.push({ file, args: args.join(' '), options });
          await null;
          const answer = args.includes('show')
            ? (answers.look?.(counts.look++) ?? shown('macvtap'))
            : (answers.write?.(counts.write++) ?? done);
          if (answer instanceof Error) throw answer;
          return answer;
        },
      },
      files: {
        read: async (path) => {
          expect(path).toBe('/proc/net/dev_mcast');
          return answers.devMcast ?? captured('dev_mcast');
        },
      },
    },
    { timeoutMs: 1234 },
  );
  /** Each process: its arguments, or the lines of its batch. */
  const commands = () => calls.map(({ args, options }) => options.input?.trimEnd().split('\n') ?? args);
  const writes = () => commands().filter((command) => !String(command).includes(' show '));
  const apply = async (changes: readonly HostChange[], signal = never, target = mvt0) => {
    const results: HostChangeResult[] = [];
    const error = await network
      .apply(target, changes, signal, (result) => results.push(result))
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    return { results, error };
  };
  return { network, calls, commands, writes, apply };
}

describe('read', () => {
  test('a macvtap: identity, MAC, flags, and the groups that user space added (virnetdev.c:virNetDevGetRxFilter)', async () => {
    const { network, calls } = fakeHost();
    expect(await network.read('mvt0', never)).toEqual({
      name: 'mvt0',
      ifindex: 4,
      kind: 'macvtap',
      filter: { mac: '52:54:00:12:34:56', promiscuous: false, multicast: 'normal', multicastTable: [A] },
    });
    expect(calls).toEqual([
      {
        file: 'ip',
        args: '-json -details link show dev mvt0',
        options: { timeoutMs: 1234, signal: never },
      },
    ]);
  });

  test.each([
    { name: 'veth0', data: 'veth', expected: { ifindex: 3, kind: 'veth' } },
    { name: 'br0', data: 'bridge', expected: { ifindex: 5, kind: 'bridge' } },
    { name: 'tap0', data: 'tap', expected: { ifindex: 6, kind: 'tun' } },
    { name: 'lo', data: 'loopback', expected: { ifindex: 1, kind: null } },
  ])('kind of a $data is $expected.kind (IFLA_INFO_KIND)', async ({ name, data, expected }) => {
    const { network } = fakeHost({ look: () => shown(data) });
    expect(await network.read(name, never)).toMatchObject(expected);
  });

  test.each([
    { flags: [], promiscuous: false, multicast: 'none' },
    { flags: ['MULTICAST'], promiscuous: false, multicast: 'normal' },
    { flags: ['MULTICAST', 'ALLMULTI', 'PROMISC'], promiscuous: true, multicast: 'all' },
    { flags: ['ALLMULTI'], promiscuous: false, multicast: 'all' },
  ])(
    'flags $flags: multicast $multicast (virnetdev.c:virNetDevGetRxFilter)',
    async ({ flags, ...filter }) => {
      const [link] = JSON.parse(captured('link-macvtap.json'));
      const { network } = fakeHost({
        look: () => ({ ...done, stdout: JSON.stringify([{ ...link, flags }]) }),
      });
      expect((await network.read('mvt0', never))?.filter).toMatchObject(filter);
    },
  );

  test('no interface of that name is null', async () => {
    expect(await fakeHost({ look: () => missing }).network.read('nope', never)).toBeNull();
  });

  test('flags count, not counters: a bridged tap has promiscuity 1 without PROMISC', async () => {
    // veth0 is below a macvtap in bridge mode.
    expect(captured('link-veth.json')).toContain('"promiscuity":1');
    const { network } = fakeHost({ look: () => shown('veth') });
    expect((await network.read('veth0', never))?.filter.promiscuous).toBe(false);
  });

  test.each([
    { stdout: '', why: /JSON/ },
    { stdout: '[]', why: /array of one object, received an array of 0/ },
    { stdout: '[{},{}]', why: /array of 2/ },
    { stdout: '[7]', why: /array of one object/ },
    { stdout: '[{}]', why: /ifindex is undefined/ },
    { stdout: '[{"ifindex":0}]', why: /ifindex is 0/ },
    { stdout: '[{"ifindex":4,"ifname":"mvt1"}]', why: /own name is 'mvt1'/ },
    { stdout: '[{"ifindex":4,"ifname":"mvt0"}]', why: /flags are undefined/ },
    {
      stdout: '[{"ifindex":4,"ifname":"mvt0","flags":[],"linkinfo":{"info_kind":7}}]',
      why: /info_kind is 7/,
    },
    { stdout: '[{"ifindex":4,"ifname":"mvt0","flags":[]}]', why: /no Ethernet address/ },
    {
      stdout: '[{"ifindex":4,"ifname":"mvt0","flags":[],"address":"80:00:02:08:fe"}]',
      why: /no Ethernet address/,
    },
  ])('what ip prints is not trusted: $stdout', async ({ stdout, why }) => {
    const { network } = fakeHost({ look: () => ({ ...done, stdout }) });
    await expect(network.read('mvt0', never)).rejects.toThrow(why);
  });

  test('an ip that fails or is missing is an error with its reason, not "no such interface"', async () => {
    await expect(
      fakeHost({ look: () => failed('Cannot open netlink socket: Permission denied\n') }).network.read(
        'mvt0',
        never,
      ),
    ).rejects.toThrow('cannot read interface mvt0: Cannot open netlink socket: Permission denied');
    await expect(
      fakeHost({ look: () => new Error('spawn ip ENOENT') }).network.read('mvt0', never),
    ).rejects.toThrow('cannot run ip (iproute2): spawn ip ENOENT');
  });

  describe('/proc/net/dev_mcast (virnetdev.c:virNetDevGetMulticastTable)', () => {
    const groupsIn = async (devMcast: string) =>
      (await fakeHost({ devMcast }).network.read('mvt0', never))?.filter.multicastTable;

    test('groups of the kernel (global 0) and of other interfaces do not show', async () => {
      expect(
        await groupsIn(
          '4    mvt0            1     0     333300000001\n' +
            '4    mvt0            1     2     33330000000B\n' +
            '5    mvt0            1     1     33330000000c\n' +
            '44   mvt0            1     1     33330000000d\n' +
            '4    mvt0            1     1     01005e0000fb\n',
        ),
      ).toEqual([B, A]);
    });

    test.each([
      '\n',
      'rubbish\n',
      '4 mvt0 1 333300000001\n',
      '4 mvt0 1 x 333300000001\n',
      '4 mvt0 1 1 3333000001\n',
      '4 mvt0 1 1 33330000000g\n',
      '4 mvt0 1 1 333300000001\n\n4 mvt0 1 1 333300000002\n',
      '4 mvt0 1 1 333300000001 more\n',
    ])('a malformed row fails the whole: %j', async (devMcast) => {
      await expect(groupsIn(devMcast)).rejects.toThrow(/dev_mcast:\d+: malformed row/);
    });

    test('an address of another length in a row of another interface (InfiniBand) does not matter', async () => {
      expect(await groupsIn(`7 ib0 1 1 ${'00'.repeat(20)}\n4 mvt0 1 1 01005e0000fb\n`)).toEqual([A]);
    });

    test('an empty file, or one of more than 716800 bytes, fails', async () => {
      const row = '5    mvt1            1     0     333300000001\n';
      const fitting = row.repeat(Math.floor(716_800 / row.length));
      expect(await groupsIn(fitting)).toEqual([]);
      await expect(groupsIn('')).rejects.toThrow('expected 1 to 716800 bytes, received 0');
      await expect(groupsIn(fitting + row)).rejects.toThrow(/expected 1 to 716800 bytes/);
    });
  });
});

describe('names', () => {
  const hostileNames = [
    '',
    '.',
    '..',
    '-json',
    '-',
    'a/b',
    '../../etc',
    'a b',
    'a\tb',
    'a\nlink set dev eth0 down',
    'a\u00a0b',
    'a\u0000b',
    'a\u0007b',
    'a:b',
    'a#b',
    "a'b",
    'a"b',
    'a\\b',
    'sixteen-bytes-xx',
    'ééééeeeeéééé',
    'x'.repeat(100_000),
    null,
    undefined,
    7,
    ['mvt0'],
  ];
  test.each(hostileNames)(
    '%j is a TypeError and starts nothing (net/core/dev.c:dev_valid_name)',
    async (value) => {
      const name = value as string;
      const { network, calls } = fakeHost();
      await expect(network.read(name, never)).rejects.toThrow(TypeError);
      await expect(network.apply({ ...mvt0, name }, [promiscuousOn], never, () => {})).rejects.toThrow(
        TypeError,
      );
      expect(calls).toEqual([]);
    },
  );

  test.each(['a', 'fifteen-bytes-x', 'eth0.5', 'tap@1', 'é0', '$(reboot)', '`id`', 'a;b', '*'])(
    '%j is a name, and one argument',
    async (name) => {
      const { network, calls } = fakeHost({ look: () => missing });
      expect(await network.read(name, never)).toBeNull();
      expect(calls[0]?.args).toBe(`-json -details link show dev ${name}`);
    },
  );
});

describe('apply', () => {
  test('link lines that are neighbours share a batch, each group has its own process, in the order given', async () => {
    const host = fakeHost();
    const changes = [setMac, addA, removeB, promiscuousOn, multicastOn, allmulticastOff];
    expect(await host.apply(changes)).toEqual({
      results: changes.map((change) => ({ change, error: null })),
      error: null,
    });
    expect(host.writes()).toEqual([
      [`link set dev mvt0 address ${MAC}`],
      `maddress add ${A} dev mvt0`,
      `maddress del ${B} dev mvt0`,
      [
        'link set dev mvt0 promisc on',
        'link set dev mvt0 multicast on',
        'link set dev mvt0 allmulticast off',
      ],
    ]);
    expect(host.calls.filter(({ options }) => options.input !== undefined).map(({ args }) => args)).toEqual([
      '-force -batch -',
      '-force -batch -',
    ]);
  });

  test('addresses share a batch too; an IPv4 one has the broadcast of its network (virnetdevip.c:virNetDevIPAddrAdd)', async () => {
    const host = fakeHost();
    const changes: HostChange[] = [
      { type: 'add-address', address: 'fe80::1/64' },
      { type: 'add-address', address: '192.0.2.5/24' },
      { type: 'remove-address', address: '192.0.2.6/24' },
    ];
    expect(await host.apply(changes)).toEqual({
      results: changes.map((change) => ({ change, error: null })),
      error: null,
    });
    expect(host.writes()).toEqual([
      [
        'address add fe80::1/64 dev mvt0',
        'address add 192.0.2.5/24 broadcast + dev mvt0',
        'address del 192.0.2.6/24 dev mvt0',
      ],
    ]);
  });

  test.each(['192.0.2.5', '192.0.2.5/24 dev eth0', '192.0.2.5/24\nlink set dev eth0 down', 'any/0', '-6/64'])(
    'a change whose address is none is a TypeError, and nothing is started: %j',
    async (address) => {
      for (const type of ['add-address', 'remove-address'] as const) {
        const host = fakeHost();
        expect((await host.apply([promiscuousOn, { type, address }])).error).toBeInstanceOf(TypeError);
        expect(host.calls).toEqual([]);
      }
    },
  );

  test('before each process the interface is looked up again', async () => {
    const host = fakeHost();
    await host.apply([setMac, addA, removeB, promiscuousOn]);
    expect(host.commands().map((command) => String(command).includes(' show '))).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  test('no changes start nothing', async () => {
    const host = fakeHost();
    expect(await host.apply([])).toEqual({ results: [], error: null });
    expect(host.calls).toEqual([]);
  });

  test.each([
    { name: 'gone', now: missing, why: /interface mvt0 is gone/ },
    {
      name: 'of another index',
      now: { ...done, stdout: captured('link-macvtap.json').replace('"ifindex":4', '"ifindex":5') },
      why: /is macvtap mvt0 \(index 5\)/,
    },
    {
      name: 'of another kind',
      now: { ...done, stdout: captured('link-macvtap.json').replace('"macvtap"', '"dummy"') },
      why: /is dummy mvt0 \(index 4\)/,
    },
  ])('an interface that is $name is left alone from then on', async ({ now, why }) => {
    for (const after of [0, 1, 2]) {
      const host = fakeHost({ look: (count) => (count < after ? shown('macvtap') : now) });
      const { results, error } = await host.apply([setMac, addA, promiscuousOn]);
      expect(error).toBeInstanceOf(InterfaceChangedError);
      expect(String(error)).toMatch(why);
      expect(host.writes()).toHaveLength(after);
      expect(results.map(({ change }) => change)).toEqual([setMac, addA].slice(0, after));
    }
  });

  test('an interface that cannot be looked up is left alone', async () => {
    const host = fakeHost({ look: (count) => (count === 0 ? shown('macvtap') : new Error('timed out')) });
    const { results, error } = await host.apply([setMac, addA]);
    expect(String(error)).toMatch(/cannot run ip \(iproute2\): timed out/);
    expect(results).toEqual([{ change: setMac, error: null }]);
    expect(host.writes()).toHaveLength(1);
  });

  test.each([
    { type: 'set-mac', mac: '52:54:00:00:00:07\nlink set dev eth0 down' },
    { type: 'add-multicast', mac: '-batch' },
    { type: 'remove-multicast', mac: '33:33:00:00:00:0B' },
  ] as const)('a change whose MAC is none is a TypeError, and nothing is started: $mac', async (change) => {
    const host = fakeHost();
    expect((await host.apply([promiscuousOn, change])).error).toBeInstanceOf(TypeError);
    expect(host.calls).toEqual([]);
  });

  describe('a change that fails', () => {
    const lines: HostChange[] = [promiscuousOn, setMac, multicastOn, allmulticastOff];

    test('in a batch is told by its line; the other lines are made (ip -force -batch)', async () => {
      const host = fakeHost({ write: () => failed(captured('batch-two-fail.stderr')) });
      expect(await host.apply([...lines, addA])).toMatchObject({
        error: null,
        results: [
          { error: null },
          { change: setMac, error: 'RTNETLINK answers: Cannot assign requested address' },
          { error: null },
          { change: allmulticastOff, error: 'Cannot find device "nope0"' },
          { change: addA },
        ],
      });
    });

    test('and ends the batch early leaves the lines after it in doubt, which counts as failure', async () => {
      const host = fakeHost({ write: () => failed(captured('batch-ended-early.stderr'), 255) });
      const { results } = await host.apply(lines);
      const why = 'Error: either "dev" is duplicate, or "bogus" is a garbage.';
      expect(results.map(({ error }) => error)).toEqual([
        'RTNETLINK answers: Cannot assign requested address',
        why,
        why,
        why,
      ]);
    });

    test.each([
      { answer: failed('', 1), why: 'ip ended with status 1' },
      { answer: failed('', null), why: 'ip was ended by a signal' },
      { answer: new Error('ip did not end in time'), why: 'ip did not end in time' },
      { answer: failed('Command failed -:9\n', 255), why: 'Command failed -:9' },
    ])('without naming a line fails them all: $why', async ({ answer, why }) => {
      const host = fakeHost({ write: (count) => (count === 0 ? answer : done) });
      const { results, error } = await host.apply([promiscuousOn, multicastOn, addA]);
      expect(error).toBeNull();
      expect(results).toEqual([
        { change: promiscuousOn, error: why },
        { change: multicastOn, error: why },
        { change: addA, error: null },
      ]);
    });

    test('as a group does not keep the later ones from being tried (qemu_driver.c:syncNicRxFilterGuestMulticast)', async () => {
      const host = fakeHost({
        write: (count) => (count === 0 ? failed('ioctl: No such file or directory\n') : done),
      });
      expect(await host.apply([removeB, addA, promiscuousOn])).toEqual({
        error: null,
        results: [
          { change: removeB, error: 'ioctl: No such file or directory' },
          { change: addA, error: null },
          { change: promiscuousOn, error: null },
        ],
      });
    });

    test('has a reason of bounded length', async () => {
      const host = fakeHost({ write: () => failed('x'.repeat(1_000_000)) });
      const { results } = await host.apply([addA, promiscuousOn]);
      for (const { error } of results) expect(error?.length).toBeLessThan(400);
    });
  });

  describe('once the signal is aborted', () => {
    const reason = new Error('the domain is off');

    test('before the start nothing is started', async () => {
      const host = fakeHost();
      const signal = AbortSignal.abort(reason);
      expect(await host.apply([promiscuousOn], signal)).toEqual({ results: [], error: reason });
      expect(await host.apply([], signal)).toEqual({ results: [], error: reason });
      await expect(host.network.read('mvt0', signal)).rejects.toBe(reason);
      expect(host.calls).toEqual([]);
    });

    test('a process that writes is waited for and reported, and nothing more is started', async () => {
      const controller = new AbortController();
      const host = fakeHost({
        write: () => {
          controller.abort(reason);
          return done;
        },
      });
      const { results, error } = await host.apply([setMac, addA, promiscuousOn], controller.signal);
      expect(error).toBe(reason);
      expect(results).toEqual([{ change: setMac, error: null }]);
      expect(host.commands()).toHaveLength(2);
    });

    test('what writes never gets the signal, what only looks does', async () => {
      const host = fakeHost();
      await host.apply([setMac, addA]);
      expect(host.calls.map(({ options }) => options.signal === undefined)).toEqual([
        false,
        true,
        false,
        true,
      ]);
    });

    test.each([
      { answer: new Error('The operation was aborted') },
      { answer: missing },
      { answer: shown('macvtap') },
    ])('during a look-up it is the reason that is thrown, and nothing is written', async ({ answer }) => {
      const controller = new AbortController();
      const host = fakeHost({
        look: () => {
          controller.abort(reason);
          return answer;
        },
      });
      expect(await host.apply([setMac], controller.signal)).toEqual({ results: [], error: reason });
      expect(host.writes()).toEqual([]);
    });
  });
});

test.each([
  { ipCommand: '' },
  { timeoutMs: 0 },
  { timeoutMs: Number.NaN },
  { timeoutMs: Number.POSITIVE_INFINITY },
])('options %j are a TypeError', (options) => {
  const runtime = { processes: { run: async () => done }, files: { read: async () => '' } };
  expect(() => createIproute2(runtime, options)).toThrow(TypeError);
});

/** The whole way on the command line: a guest's filter, `watch`, a macvtap. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { describeWith } from '../support/needs.ts';
import { createNamespace } from '../support/netns.ts';
import { startProcess } from '../support/process.ts';

interface Line {
  readonly kind: string;
  readonly type?: string;
  readonly event?: string;
  readonly change?: { readonly mac?: string };
}

describeWith(['qemu', 'guest', 'namespace'], 'watch --host on a macvtap', () => {
  test.each([
    ['dry-run', 'none of them is made'],
    ['apply', 'they are made'],
  ])("--host %s prints what the guest's filter changes on the host, and %s (design §7)", async (host) => {
    await using namespace = await createNamespace();
    await using qemu = await startGuest(namespace.qemuOptions('net0'));
    await qemu.guest.ready();
    const config = join(qemu.directory, 'config.json');
    writeFileSync(
      config,
      JSON.stringify({
        devices: [
          {
            type: 'net',
            alias: 'net0',
            mac: namespace.mac,
            trustGuestRxFilters: true,
            host: { interface: namespace.interface, kind: 'macvtap' },
          },
        ],
      }),
    );
    await using watch = await startProcess(
      process.execPath,
      [
        '--import',
        'tsx',
        'src/cli/main.ts',
        'watch',
        '--qmp',
        qemu.path,
        '--config',
        config,
        '--host',
        host,
        '--outcomes',
        '--format',
        'jsonl',
      ],
      { namespace: namespace.name },
    );
    const seen = async (matches: (line: Line) => boolean) =>
      JSON.parse(await watch.line((text) => matches(JSON.parse(text))));
    await seen(({ kind, type }) => kind === 'outcome' && type === 'nicRxFilterChanged');
    await qemu.guest.sh('ip link set eth0 up; ip -6 addr add fe80::5:6:7/64 dev eth0');
    const line = await seen(({ kind, change }) => kind === 'host' && change?.mac === '33:33:ff:06:00:07');
    expect(line).toMatchObject({
      device: 'net0',
      interface: namespace.interface,
      change: { type: 'add-multicast' },
      dryRun: host === 'dry-run',
    });
    await seen(({ kind, event }) => kind === 'event' && event === 'nic-rx-filter-change');
    const groups = JSON.stringify(await namespace.ipJson('maddress', 'show', 'dev', namespace.interface));
    expect(groups.includes('33:33:ff:06:00:07')).toBe(host === 'apply');
  });
});

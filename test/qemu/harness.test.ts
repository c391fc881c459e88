/** The harness itself: what every other test with a real QEMU takes for granted. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { describeWith } from '../support/needs.ts';
import { createNamespace, runInNamespace } from '../support/netns.ts';
import { startQemu } from '../support/qemu.ts';

async function greeting(path: string): Promise<unknown> {
  const socket = connect(path);
  try {
    for await (const line of createInterface({ input: socket })) return JSON.parse(line);
    return undefined;
  } finally {
    socket.destroy();
  }
}

describeWith(['qemu'], 'a QEMU of the harness', () => {
  test('started with paused is in prelaunch, and runs after cont', async () => {
    await using qemu = await startQemu({ paused: true });
    expect(await qemu.qmp('query-status')).toMatchObject({ status: 'prelaunch', running: false });
    await qemu.qmp('cont');
    await qemu.event('RESUME');
    expect(await qemu.qmp('query-status')).toMatchObject({ status: 'running', running: true });
  });

  test('every monitor for the code under test is free, and greets', async () => {
    await using qemu = await startQemu({ paused: true, extraMonitors: 2 });
    expect(qemu.paths).toHaveLength(3);
    expect(qemu.path).toBe(qemu.paths[0]);
    for (const path of qemu.paths) expect(await greeting(path)).toHaveProperty('QMP.version.qemu');
  });

  test('three without -name and -uuid run side by side', async () => {
    await using first = await startQemu({ paused: true });
    await using second = await startQemu({ paused: true });
    await using third = await startQemu({ paused: true });
    const all = [first, second, third];
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(3);
    expect(new Set(all.map(({ path }) => path)).size).toBe(3);
    for (const qemu of all) {
      expect(await qemu.qmp('query-name')).toEqual({});
      expect(await qemu.qmp('query-uuid')).toEqual({ UUID: '00000000-0000-0000-0000-000000000000' });
    }
  });

  test('has the name and uuid that it was given', async () => {
    const uuid = '11111111-2222-4333-8444-555555555555';
    await using qemu = await startQemu({ paused: true, name: 'web', uuid });
    expect(await qemu.qmp('query-name')).toEqual({ name: 'web' });
    expect(await qemu.qmp('query-uuid')).toEqual({ UUID: uuid });
  });

  test('answers the human monitor, and tells a refused command from an answered one', async () => {
    await using qemu = await startQemu({ paused: true });
    expect(await qemu.hmp('info status')).toContain('VM status: paused (prelaunch)');
    await expect(qemu.qmp('no-such-command')).rejects.toThrow('CommandNotFound');
  });

  test('an event is waited for once: past ones count, and none is returned twice', async () => {
    await using qemu = await startQemu({ paused: true });
    for (const command of ['cont', 'stop', 'cont']) await qemu.qmp(command);
    await qemu.event('RESUME');
    await qemu.event('RESUME');
    await expect(qemu.event('RESUME', 200)).rejects.toThrow('no event RESUME');
    expect(qemu.events().map(({ event }) => event)).toEqual(['RESUME', 'STOP', 'RESUME']);
  });

  test('that ends is reported with its exit, and commands to it fail', async () => {
    await using killed = await startQemu({ paused: true });
    killed.kill('SIGKILL');
    expect(await killed.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(killed.qmp('query-status')).rejects.toThrow('closed the monitor');

    await using terminated = await startQemu({ paused: true });
    terminated.kill('SIGTERM');
    expect(await terminated.exited).toEqual({ code: 0, signal: null });
    expect(terminated.stderr()).toContain('terminating on signal 15');
  });

  test('that cannot start fails with what it said', async () => {
    await expect(startQemu({ args: ['-device', 'no-such-device'] })).rejects.toThrow('no-such-device');
  });

  test('leaves no process and no file, even when it was stopped by SIGSTOP', async () => {
    const qemu = await startQemu({ paused: true });
    qemu.kill('SIGSTOP');
    await qemu[Symbol.asyncDispose]();
    expect(await qemu.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(qemu.directory)).toBe(false);
  });
});

describeWith(['qemu', 'guest'], 'a guest of the harness', () => {
  test('boots and answers commands with their status and output', async () => {
    await using qemu = await startGuest();
    await qemu.guest.ready();
    expect(await qemu.guest.sh('echo one; echo two')).toEqual({ status: 0, output: 'one\ntwo\n' });
    expect(await qemu.guest.sh('(exit 7)')).toEqual({ status: 7, output: '' });
    const [first, second] = await Promise.all([qemu.guest.sh('echo first'), qemu.guest.sh('echo second')]);
    expect([first.output, second.output]).toEqual(['first\n', 'second\n']);
  });

  test('powers off when its power button is pressed', async () => {
    await using qemu = await startGuest();
    await qemu.guest.ready();
    await qemu.qmp('system_powerdown');
    expect(await qemu.event('SHUTDOWN')).toMatchObject({ data: { guest: true, reason: 'guest-shutdown' } });
    expect(await qemu.exited).toEqual({ code: 0, signal: null });
  });
});

describeWith(['namespace'], 'a network namespace of the harness', () => {
  test('two can be had at a time, each with its own macvtap', async () => {
    await using one = await createNamespace();
    await using two = await createNamespace();
    expect(one.name).not.toBe(two.name);
    expect(one.ifindex).not.toBe(two.ifindex);
    for (const { ipJson, ifindex, mac } of [one, two]) {
      const links = await ipJson('link', 'show', 'macvtap0');
      expect(links).toMatchObject([{ ifindex, address: mac, linkinfo: { info_kind: 'macvtap' } }]);
    }
  });

  test('a tap stands on a bridge', async () => {
    await using namespace = await createNamespace({ kind: 'tap' });
    const links = await namespace.ipJson('link', 'show', 'tap0');
    expect(links).toMatchObject([
      { ifindex: namespace.ifindex, master: 'br0', linkinfo: { info_kind: 'tun' } },
    ]);
  });

  test('a command runs inside, and sees the /sys and /proc/net of the namespace', async () => {
    await using namespace = await createNamespace();
    const script = `
      const fs = require('fs');
      console.log(fs.readFileSync('/sys/class/net/macvtap0/ifindex', 'utf8').trim());
      console.log(fs.readFileSync('/proc/net/dev_mcast', 'utf8').includes('macvtap0'));`;
    await using running = await runInNamespace(namespace, process.execPath, ['-e', script]);
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(running.lines()).toEqual([`${namespace.ifindex}`, 'true']);
  });

  test('is gone, with all that is in it, after its disposal', async () => {
    const namespace = await createNamespace();
    await namespace[Symbol.asyncDispose]();
    expect(existsSync(`/run/netns/${namespace.name}`)).toBe(false);
  });
});

describeWith(['qemu', 'guest', 'namespace'], 'a guest on a host interface', () => {
  for (const kind of ['macvtap', 'tap'] as const) {
    test(`NIC_RX_FILTER_CHANGED comes when the guest brings its interface up (${kind})`, async () => {
      await using namespace = await createNamespace({ kind });
      await using qemu = await startGuest(namespace.qemuOptions('net0'));
      await qemu.guest.ready();
      const sent = qemu.events().length;
      expect(await qemu.guest.sh('ip link set eth0 up')).toMatchObject({ status: 0 });
      const event = await qemu.event('NIC_RX_FILTER_CHANGED');
      expect(event.data).toMatchObject({ name: 'net0' });
      expect(sent).toBe(0);
      const [filter] = await qemu.qmp<object[]>('query-rx-filter', { name: 'net0' });
      expect(filter).toMatchObject({ 'main-mac': namespace.mac, promiscuous: false });
    });
  }
});

import { describe, expect, test } from 'vitest';
import type { NetDevice } from '../../../src/events/devices.ts';
import { createIproute2 } from '../../../src/host/iproute2.ts';
import { createRecorder, type RecorderOptions } from '../../../src/recording/writer.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { FakeHost, trustedNic } from '../../support/fake-host.ts';
import { recordLive } from './live.ts';

const NET0: NetDevice = {
  type: 'net',
  alias: 'net0',
  mac: '52:54:00:12:34:56',
  trustGuestRxFilters: true,
  host: null,
  backend: null,
};

const kinds = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ kind, message }) => `${kind} ${message?.execute ?? message?.event ?? ''}`.trim());

describe('a recording of a live domain, replayed, yields what its subscribers saw', () => {
  test('stop, cont, reset, SIGTERM', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1', uuid: '38c7aae0-2cd3-4ea9-88a6-51fc89ebf731' });
    const { text, live, replayed } = await recordLive(
      { monitor: qemu.path },
      'off',
      async ({ vm, until }) => {
        await vm.execute('stop');
        await vm.execute('cont');
        await vm.execute('system_reset');
        qemu.emit('NOBODY_KNOWS', { a: 1 });
        await until('drop', 1);
        await qemu.terminate();
        await until('state', 6);
      },
    );
    expect(replayed).toEqual(live);
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
      kind: 'domain',
      mode: 'observer',
      name: 'web1',
      uuid: '38c7aae0-2cd3-4ea9-88a6-51fc89ebf731',
    });
    expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ kind: 'eof', gone: true });
  });

  test('a NIC that follows its guest, in a dry run', async () => {
    await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
    const { live, replayed } = await recordLive(
      { monitor: qemu.path, devices: [NET0] },
      'dry-run',
      async ({ until }) => {
        await until('outcome', 2);
        qemu.setRxFilter('net0', { 'multicast-table': ['01:00:5e:00:00:01'] });
        await until('outcome', 3);
      },
    );
    expect(replayed).toEqual(live);
    expect(live.filter((line) => line.includes('nic-rx-filter-change'))).toHaveLength(2);
  });

  test('a NIC on a macvtap: what is read of the host is recorded, and what would change is told again', async () => {
    const host = new FakeHost();
    await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
    const { text, live, replayed } = await recordLive(
      { monitor: qemu.path, devices: [{ ...trustedNic }] },
      createIproute2(host.runtime),
      async ({ until }) => {
        await until('outcome', 2);
        qemu.setRxFilter('net0', { 'multicast-table': ['01:00:5e:00:00:01'], promiscuous: false });
        await until('outcome', 3);
        host.present = false;
        qemu.setRxFilter('net0', { promiscuous: true });
        await until('outcome', 4);
      },
    );
    expect(replayed).toEqual(live);
    expect(live.filter((line) => line.includes('"type":"host"')).length).toBeGreaterThan(1);
    expect(live.filter((line) => line.includes('interface changed: no macvtap0'))).toHaveLength(1);
    expect(kinds(text)).toContain('host');
    expect(host.writes).toEqual([]);
  });

  test('a connection that is closed because of what QEMU sent, while QEMU lives', async () => {
    await using qemu = await FakeQemu.start();
    const { text, live, replayed } = await recordLive(
      { monitor: qemu.path },
      'off',
      async ({ vm, until }) => {
        qemu.faults.rubbish('this is not QMP\n');
        await until('state', 3);
        await vm.execute('stop');
        await until('state', 4);
      },
    );
    expect(replayed).toEqual(live);
    expect(kinds(text)).toContain('eof');
    expect(text).toContain('"gone":false,"protocolError":true');
  });

  test('a QEMU that goes and comes: several runs in one recording', async () => {
    await using qemu = await FakeQemu.start();
    const { text, live, replayed } = await recordLive({ monitor: qemu.path }, 'off', async ({ until }) => {
      qemu.kill();
      await until('state', 3);
      await qemu.restart();
      await until('state', 4);
      await qemu.terminate();
      await until('state', 7);
    });
    expect(replayed).toEqual(live);
    expect(kinds(text).filter((kind) => kind === 'eof')).toHaveLength(2);
  });

  test('a QEMU that another one replaced before anybody looked', async () => {
    await using qemu = await FakeQemu.start();
    const { text, live, replayed } = await recordLive({ monitor: qemu.path }, 'off', async ({ until }) => {
      await qemu.restart();
      await until('lifecycle', 2);
    });
    expect(replayed).toEqual(live);
    expect(text).toContain('"gone":true');
  });
});

describe('a recorder', () => {
  const recorded = (options: Partial<RecorderOptions> = {}) => {
    const written: string[] = [];
    let now = 1000.9;
    const recorder = createRecorder({
      write: (line) => written.push(line),
      runtime: { monotonic: () => now },
      ...options,
    });
    return {
      ...recorder,
      written,
      lines: () => written.map((line) => JSON.parse(line)),
      at: (ms: number) => {
        now = ms;
      },
    };
  };

  test('counts whole milliseconds from its start, never backwards', () => {
    const recorder = recorded();
    recorder.trace('event', { event: 'A' });
    recorder.at(1003.5);
    recorder.trace('event', { event: 'B' });
    recorder.at(1001);
    recorder.trace('event', { event: 'C' });
    recorder.close();
    expect(recorder.lines().map(({ t }) => t)).toEqual([undefined, 0, 2, 2]);
  });

  test('that met nobody writes what was configured', () => {
    const recorder = recorded({ config: { name: 'web1', devices: [NET0, { type: 'serial', alias: null }] } });
    recorder.close();
    expect(recorder.lines()).toEqual([
      {
        ...{ kind: 'domain', mode: 'observer', name: 'web1', uuid: null },
        devices: [
          { type: 'net', alias: 'net0', mac: '52:54:00:12:34:56', trustGuestRxFilters: true },
          { type: 'serial' },
        ],
      },
    ]);
  });

  test('closed before it is known what an end of the connection means writes gone false', () => {
    const recorder = recorded();
    recorder.trace('eof', {});
    recorder.close();
    expect(recorder.lines().at(-1)).toEqual({ t: 0, kind: 'eof', monitor: 'observer', gone: false });
  });

  test('holds back a bounded number of lines', () => {
    const recorder = recorded();
    for (let n = 0; n < 10_001; n += 1) recorder.trace('event', { event: 'A' });
    expect(recorder.written).toHaveLength(10_002);
  });

  test('writes nothing after close', () => {
    const recorder = recorded();
    recorder.close();
    recorder.trace('event', { event: 'A' });
    recorder.close();
    expect(recorder.written).toHaveLength(1);
  });
});

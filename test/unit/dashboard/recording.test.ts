/** The last messages of a domain, downloaded from a dashboard, replay to what was seen. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { type AttachOptions, type Domain, openDriver } from '../../../src/index.ts';
import { parseRecording } from '../../../src/recording/reader.ts';
import { type ReplayItem, replay } from '../../../src/recording/replay.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { ask } from '../../support/ask.ts';

interface World {
  readonly qemu: FakeQemu;
  readonly vm: Domain;
  download(): Promise<{ text: string; told: string[] }>;
}

interface Options {
  readonly recordingChars?: number;
  /** The dashboard is there before the domain. */
  readonly first?: boolean;
  readonly attach?: Partial<AttachOptions>;
}

async function open({ recordingChars = 100_000, first = false, attach = {} }: Options = {}): Promise<World> {
  const qemu = await FakeQemu.start({ name: 'web1', uuid: '38c7aae0-2cd3-4ea9-88a6-51fc89ebf731' });
  onTestFinished(() => qemu.close());
  const driver = await openDriver();
  onTestFinished(() => driver.close());
  const limits = { recordingChars };
  const before = first ? await driver.dashboard({ limits }) : null;
  const vm = await driver.attach({ monitor: qemu.path, ...attach });
  await vm.info();
  const { url } = before ?? (await driver.dashboard({ limits }));
  const download = async () => {
    const { status, headers, body } = await ask(url, '/recording?key=domain-1');
    expect(status).toBe(200);
    expect(headers['content-disposition']).toBe('attachment; filename="web1.qmp.jsonl"');
    const items: ReplayItem[] = [];
    for await (const item of replay(parseRecording('web1.qmp.jsonl', body))) items.push(item);
    return { text: body, told: items.flatMap(short) };
  };
  return { qemu, vm, download };
}

const short = ({ type, args }: ReplayItem): string[] => {
  if (type === 'state') return [`${args.state} (${args.reason})`];
  return type === 'lifecycle' ? [`${args.event} ${args.detail}`] : [];
};

const state = async (vm: Domain, wanted: string): Promise<void> => {
  for await (const { state: now } of vm.watchState()) if (now === wanted) return;
};

describe('a recording', () => {
  test('of a domain that was attached before the dashboard opened begins with how it was then', async () => {
    const { qemu, vm, download } = await open();
    qemu.emit('STOP');
    await state(vm, 'paused');
    const { text, told } = await download();
    expect(told).toEqual(['running (unknown)', 'suspended paused', 'paused (unknown)']);
    expect(JSON.parse(text.split('\n')[0] ?? '')).toEqual({
      kind: 'domain',
      mode: 'observer',
      name: 'web1',
      uuid: '38c7aae0-2cd3-4ea9-88a6-51fc89ebf731',
    });
  });

  test('from the first contact on has QEMU’s own answers', async () => {
    const { qemu, vm, download } = await open({ first: true });
    qemu.emit('STOP');
    await state(vm, 'paused');
    const { text, told } = await download();
    expect(told).toEqual(['running (unknown)', 'suspended paused', 'paused (unknown)']);
    expect(text).not.toContain('dashboard-0');
    expect(text).toContain('"execute":"qmp_capabilities"');
  });

  test('holds several runs, and the end of the last one', async () => {
    const { qemu, vm, download } = await open();
    const again = vm.waitFor('state', ({ id }) => id === 2);
    await qemu.restart();
    await again;
    await qemu.terminate();
    await state(vm, 'shutoff');
    const { told } = await download();
    expect(told.filter((line) => line.startsWith('stopped'))).toHaveLength(2);
    expect(told.at(-1)).toBe('shutoff (shutdown)');
  });

  test('that is full forgets its older half, and begins with how the domain was there', async () => {
    const { qemu, vm, download } = await open({ recordingChars: 4000 });
    qemu.emit('STOP');
    await state(vm, 'paused');
    for (let n = 0; n < 60; n += 1) qemu.emit('NOBODY_KNOWS', { n });
    qemu.emit('RESUME');
    await state(vm, 'running');
    const { text, told } = await download();
    expect(text.length).toBeLessThan(5500);
    expect(text).toContain('"n":59');
    expect(text).not.toContain('"n":0}');
    expect(told).toEqual(['paused (unknown)', 'resumed unpaused', 'running (unpaused)']);
  });

  test('leaves out what is too long, and counts it', async () => {
    const { qemu, vm, download } = await open({ recordingChars: 4000 });
    qemu.emit('NOBODY_KNOWS', { long: 'x'.repeat(5000) });
    qemu.emit('STOP');
    await state(vm, 'paused');
    const { text, told } = await download();
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({ leftOut: 1 });
    expect(told.at(-1)).toBe('paused (unknown)');
  });

  test.each([
    ['io-error', 'paused (ioerror)'],
    ['watchdog', 'paused (watchdog)'],
    ['guest-panicked', 'crashed (panicked)'],
    ['suspended', 'pmsuspended (unknown)'],
    ['shutdown', 'shutdown (unknown)'],
    ['inmigrate', 'paused (migration)'],
  ])('of a QEMU that was %s begins as %s', async (status, first) => {
    const qemu = await FakeQemu.start({ name: 'web1' });
    onTestFinished(() => qemu.close());
    qemu.handle('query-status', () => ({ status, running: false, singlestep: false }));
    await using driver = await openDriver();
    await driver.attach({ monitor: qemu.path });
    const { url } = await driver.dashboard();
    const { body } = await ask(url, '/recording?key=domain-1');
    const items: ReplayItem[] = [];
    for await (const item of replay(parseRecording('web1.qmp.jsonl', body))) items.push(item);
    expect(items.flatMap(short)).toEqual([first]);
  });

  test('has the devices that were configured', async () => {
    const devices = [{ type: 'net' as const, alias: 'net0', mac: '52:54:00:12:34:56' }];
    const { download } = await open({ attach: { devices } });
    const { text } = await download();
    expect(JSON.parse(text.split('\n')[0] ?? '').devices).toMatchObject(devices);
  });
});

test('of an unknown domain there is none: 404', async () => {
  await using driver = await openDriver();
  const { url } = await driver.dashboard();
  for (const path of ['/recording', '/recording?key=', '/recording?key=domain-1', '/recording?key=__proto__'])
    expect((await ask(url, path)).status).toBe(404);
});

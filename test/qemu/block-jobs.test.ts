/** Block jobs that another client of a real QEMU starts, as an observer of it tells them. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Domain, type Driver, openDriver } from '../../src/index.ts';
import { describeWith } from '../support/needs.ts';
import { type Qemu, startQemu } from '../support/qemu.ts';
import { Relay } from '../support/relay.ts';
import { Seen } from '../support/seen.ts';

const MIB = 1024 * 1024;
const image = (path: string, ...more: string[]): string => {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...more, path, '8M']);
  return path;
};

/** A QEMU with `vd0` (a base below a top layer) and `vd1`, watched by a driver. */
class Bench implements AsyncDisposable {
  readonly #driver: Driver;
  readonly qemu: Qemu;
  readonly vm: Domain;
  readonly seen: Seen;

  static async start(through?: (qemu: Qemu) => Promise<string>, before?: (qemu: Qemu) => Promise<unknown>) {
    const qemu = await startQemu({ paused: true });
    const at = (name: string): string => `${qemu.directory}/${name}`;
    image(at('base'));
    image(at('top'), '-b', at('base'), '-F', 'qcow2');
    for (const name of ['second', 'copy']) image(at(name));
    // The directory is QEMU's own, so disks are plugged when it is there.
    const add = (node: string, file: string) =>
      qemu.qmp('blockdev-add', {
        ...{ driver: 'qcow2', 'node-name': node },
        file: { driver: 'file', filename: at(file) },
      });
    await add('top', 'top');
    await add('second', 'second');
    await qemu.hmp('qemu-io top "write -P 1 0 6M"');
    await qemu.qmp('device_add', { driver: 'virtio-blk-pci', id: 'vd0', drive: 'top' });
    await qemu.qmp('device_add', { driver: 'virtio-blk-pci', id: 'vd1', drive: 'second' });
    await add('copy', 'copy');
    await before?.(qemu);
    const driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({
      monitor: (await through?.(qemu)) ?? qemu.path,
      times: { greetingMs: 500 },
    });
    await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'attached'));
    return new Bench(qemu, driver, vm, seen);
  }

  private constructor(qemu: Qemu, driver: Driver, vm: Domain, seen: Seen) {
    this.qemu = qemu;
    this.#driver = driver;
    this.vm = vm;
    this.seen = seen;
  }

  path(name: string): string {
    return `${this.qemu.directory}/${name}`;
  }

  get facts() {
    return this.vm.actor.getSnapshot().context.facts.jobs;
  }

  get source() {
    return this.vm.devices?.flatMap((device) => ('source' in device ? [device.source] : []));
  }

  /** Of `vd0`. */
  get nodes(): readonly string[] {
    const device = this.vm.devices?.find(({ alias }) => alias === 'vd0');
    return device !== undefined && 'nodes' in device ? device.nodes : [];
  }

  /** `vd0 copy ready`, … */
  get told(): string[] {
    return this.seen
      .of('block-job-2')
      .map(
        ({ args, reconstructed }) =>
          `${args.disk} ${args.type} ${args.status}${reconstructed ? ' (reconstructed)' : ''}`,
      );
  }

  /** The same, by path. */
  get paths(): string[] {
    return this.seen.of('block-job').map(({ args }) => args.disk.replace(/^.*\//, ''));
  }

  async untilTold(count: number): Promise<void> {
    await this.seen.until(() => this.told.length >= count);
    await expect.poll(() => this.vm.actor.getSnapshot().context.work.running).toBeNull();
  }

  async untilFollowed(id: string): Promise<void> {
    await expect.poll(() => this.facts[id]?.disk ?? null).not.toBeNull();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver.close();
    await this.qemu[Symbol.asyncDispose]();
  }
}

/** Another client holds the monitor; QEMU lives. */
function lose(relay: Relay | undefined): void {
  if (relay !== undefined) relay.silent = true;
  relay?.drop();
}

function comeBack(relay: Relay | undefined): void {
  if (relay !== undefined) relay.silent = false;
  relay?.drop();
}

const mirror = { 'job-id': 'copy-vdz-1', device: 'top', target: 'copy', sync: 'full' } as const;

describeWith(['qemu'], 'block jobs of another client', () => {
  test.each([true, false])(
    'a copy that is completed: ready by the old path, completed by the new one; auto-dismiss %s (qemu_blockjob.c:qemuBlockJobEventProcess)',
    async (autoDismiss) => {
      await using bench = await Bench.start();
      const { qemu } = bench;
      await qemu.qmp('blockdev-mirror', { ...mirror, 'auto-dismiss': autoDismiss });
      await bench.untilTold(1);
      expect(bench.facts['copy-vdz-1']).toMatchObject({ status: 'ready', type: 'copy', disk: 'vd0' });
      await qemu.qmp('job-complete', { id: 'copy-vdz-1' });
      await bench.untilTold(2);
      expect(bench.told).toEqual(['vd0 copy ready', 'vd0 copy completed']);
      expect(bench.paths).toEqual(['top', 'copy']);
      expect(bench.source).toEqual([bench.path('copy'), bench.path('second')]);
      // What its maker did not dismiss is still there.
      expect(Object.keys(bench.facts)).toEqual(autoDismiss ? [] : ['copy-vdz-1']);
      if (!autoDismiss) {
        expect(await qemu.qmp('query-jobs')).toHaveLength(1);
        await qemu.qmp('job-dismiss', { id: 'copy-vdz-1' });
        await expect.poll(() => bench.facts).toEqual({});
      }
    },
  );

  test('a commit of the active layer is an active-commit: the base is the disk then', async () => {
    await using bench = await Bench.start();
    await bench.qemu.qmp('block-commit', { 'job-id': 'c', device: 'top', speed: 16 * MIB });
    await bench.untilTold(1);
    await bench.qemu.qmp('job-complete', { id: 'c' });
    await bench.untilTold(2);
    expect(bench.told).toEqual(['vd0 active-commit ready', 'vd0 active-commit completed']);
    expect(bench.paths).toEqual(['top', 'base']);
    expect(bench.facts).toEqual({});
  });

  test('a stream is a pull: the layers below are dropped, the path stays', async () => {
    await using bench = await Bench.start();
    const before = bench.nodes.length;
    await bench.qemu.hmp('qemu-io top "discard 0 0"');
    await bench.qemu.qmp('block-stream', { 'job-id': 's', device: 'top', 'auto-finalize': false });
    await bench.untilFollowed('s');
    await expect.poll(() => bench.facts.s?.status).toBe('pending');
    await bench.qemu.qmp('job-finalize', { id: 's' });
    await bench.untilTold(1);
    expect(bench.told).toEqual(['vd0 pull completed']);
    expect(bench.paths).toEqual(['top']);
    expect([before, bench.nodes.length]).toEqual([4, 2]);
  });

  test('a backup changes nothing of the disk', async () => {
    await using bench = await Bench.start();
    await bench.qemu.qmp('blockdev-backup', {
      ...{ 'job-id': 'b', device: 'second', target: 'copy', sync: 'full', 'auto-finalize': false },
    });
    await bench.untilFollowed('b');
    await expect.poll(() => bench.facts.b?.status).toBe('pending');
    await bench.qemu.qmp('job-finalize', { id: 'b' });
    await bench.untilTold(1);
    expect(bench.told).toEqual(['vd1 backup completed']);
    expect(bench.source).toEqual([bench.path('top'), bench.path('second')]);
  });

  test('one that is cancelled, by whomever, is canceled (differs from libvirt: failed)', async () => {
    await using bench = await Bench.start();
    await bench.qemu.qmp('blockdev-mirror', { ...mirror, speed: 65_536 });
    await bench.untilFollowed('copy-vdz-1');
    await bench.qemu.qmp('block-job-cancel', { device: 'copy-vdz-1' });
    await bench.untilTold(1);
    expect(bench.told).toEqual(['vd0 copy canceled']);
    expect(bench.paths).toEqual(['top']);
  });

  test('one that fails at once has failed, and an id that QEMU chose is the drive (blockjob.c:block_job_create)', async () => {
    await using bench = await Bench.start(undefined, async (qemu) => {
      const third = image(`${qemu.directory}/third`);
      await qemu.hmp(`drive_add 0 if=none,id=d2,format=qcow2,file=${third}`);
      await qemu.hmp('qemu-io d2 "write -P 1 0 6M"');
      await qemu.qmp('device_add', { driver: 'virtio-blk-pci', id: 'vd2', drive: 'd2' });
      await qemu.qmp('blockdev-add', {
        ...{ driver: 'blkdebug', 'node-name': 'bad', image: 'copy' },
        'inject-error': [{ event: 'none', iotype: 'write', errno: 28 }],
      });
    });
    await bench.qemu.qmp('blockdev-mirror', {
      ...{ device: 'd2', target: 'bad', sync: 'full', 'auto-dismiss': false },
    });
    await bench.untilTold(1);
    expect(bench.told).toEqual(['vd2 copy failed']);
    expect(bench.facts.d2).toMatchObject({ result: 'failed', error: 'No space left on device' });
  });

  test('one that runs at the attach is followed, and that it is so is no event', async () => {
    await using bench = await Bench.start(undefined, async (qemu) => {
      await qemu.qmp('blockdev-mirror', mirror);
      await qemu.event('BLOCK_JOB_READY');
    });
    await bench.untilFollowed('copy-vdz-1');
    expect(bench.told).toEqual([]);
    await bench.qemu.qmp('job-complete', { id: 'copy-vdz-1' });
    await bench.untilTold(1);
    expect(bench.told).toEqual(['vd0 copy completed']);
    expect(bench.paths).toEqual(['copy']);
  });

  test.each([true, false])(
    'what one came to while the monitor was lost is told when it is back; auto-dismiss %s (qemu_blockjob.c:qemuBlockJobRefreshJobs)',
    async (autoDismiss) => {
      let relay: Relay | undefined;
      await using bench = await Bench.start(async ({ directory, path }) => {
        relay = await Relay.start(`${directory}/relay`, path);
        return relay.path;
      });
      const { qemu } = bench;
      await qemu.qmp('blockdev-mirror', { ...mirror, speed: 65_536, 'auto-dismiss': autoDismiss });
      await bench.untilFollowed('copy-vdz-1');
      lose(relay);
      await expect.poll(() => bench.vm.state.monitor).toBe('lost');
      await qemu.qmp('block-job-set-speed', { device: 'copy-vdz-1', speed: 0 });
      await qemu.event('BLOCK_JOB_READY');
      await qemu.qmp('job-complete', { id: 'copy-vdz-1' });
      await qemu.event('BLOCK_JOB_COMPLETED');
      comeBack(relay);
      await bench.untilTold(1);
      expect(bench.told).toEqual(['vd0 copy completed (reconstructed)']);
      expect(bench.paths).toEqual(['copy']);
      await relay?.close();
    },
  );

  test('one that became ready, or is new, while the monitor was lost', async () => {
    let relay: Relay | undefined;
    await using bench = await Bench.start(async ({ directory, path }) => {
      relay = await Relay.start(`${directory}/relay`, path);
      return relay.path;
    });
    const { qemu } = bench;
    await qemu.qmp('blockdev-mirror', { ...mirror, speed: 65_536 });
    await bench.untilFollowed('copy-vdz-1');
    lose(relay);
    await expect.poll(() => bench.vm.state.monitor).toBe('lost');
    await qemu.qmp('block-job-set-speed', { device: 'copy-vdz-1', speed: 0 });
    await qemu.event('BLOCK_JOB_READY');
    await qemu.qmp('blockdev-add', { driver: 'null-co', 'node-name': 'null', size: 8 * MIB });
    await qemu.qmp('blockdev-backup', {
      ...{ 'job-id': 'b', device: 'second', target: 'null', sync: 'full', 'auto-finalize': false },
    });
    comeBack(relay);
    await bench.untilTold(1);
    await bench.untilFollowed('b');
    expect(bench.told).toEqual(['vd0 copy ready (reconstructed)']);
    await qemu.qmp('job-cancel', { id: 'b' });
    await bench.untilTold(2);
    expect(bench.told[1]).toBe('vd1 backup canceled');
    await relay?.close();
  });

  test('one that works on no disk of the guest, and one that creates a file, give no event', async () => {
    await using bench = await Bench.start();
    const { qemu } = bench;
    await qemu.qmp('blockdev-create', {
      ...{ 'job-id': 'cr', options: { driver: 'file', filename: bench.path('new'), size: MIB } },
    });
    await expect.poll(() => bench.facts.cr?.status).toBe('concluded');
    await qemu.qmp('blockdev-add', { driver: 'null-co', 'node-name': 'null', size: 8 * MIB });
    await qemu.qmp('blockdev-mirror', { 'job-id': 'm', device: 'copy', target: 'null', sync: 'full' });
    await expect.poll(() => bench.facts.m?.status).toBe('ready');
    await qemu.qmp('job-complete', { id: 'm' });
    await qemu.qmp('job-dismiss', { id: 'cr' });
    await expect.poll(() => bench.facts).toEqual({});
    expect(bench.told).toEqual([]);
  });
});

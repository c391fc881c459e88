/** What the fake QEMU claims, asked of a real one: same bytes in, same lines out, in the same order. */
import { execFileSync } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { QmpClient } from '../../src/qmp/index.ts';
import { FakeQemu, type FakeQemuOptions } from '../../src/testing/index.ts';
import { describeWith } from '../support/needs.ts';
import { type Qemu, type QemuOptions, startQemu } from '../support/qemu.ts';

/** Lines of one client, without what is different by nature: times, versions, the value of a filter. */
class Transcript {
  readonly lines: string[] = [];
  readonly #socket: Socket;
  #wake: () => void = () => {};
  #replies = 0;
  ended = false;

  constructor(path: string) {
    this.#socket = connect(path);
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
    const lines = createInterface({ input: this.#socket });
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const message = JSON.parse(line);
      if (message.timestamp !== undefined) message.timestamp = 'T';
      if (message.QMP !== undefined) message.QMP.version = 'V';
      if (message.event === undefined) this.#replies += 1;
      this.lines.push(JSON.stringify(sorted(message)));
      this.#wake();
    });
  }

  /** Waits for so many greetings and replies in all. */
  async until(replies: number): Promise<void> {
    while (this.#replies < replies && !this.ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  async end(): Promise<void> {
    while (!this.ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  /** Sends each command after the reply to the last. */
  async play(commands: readonly string[]): Promise<void> {
    await this.until(1);
    for (const command of commands) {
      const before = this.#replies;
      this.#socket.write(`${command}\r\n`);
      await this.until(before + 1);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, each]) => [key, sorted(each)]),
      )
    : value;

const command = (execute: string, args?: object): string =>
  JSON.stringify({ execute, ...(args === undefined ? {} : { arguments: args }), id: execute });
const NEGOTIATE = command('qmp_capabilities', { enable: ['oob'] });

interface Pair {
  readonly fake: FakeQemu;
  readonly real: Qemu;
}

async function bothTranscripts(
  real: QemuOptions,
  fake: FakeQemuOptions,
  act: (transcript: Transcript, pair: Pair, which: 'fake' | 'real') => Promise<void>,
): Promise<{ fake: string[]; real: string[] }> {
  await using realQemu = await startQemu(real);
  await using fakeQemu = await FakeQemu.start(fake);
  const results = { fake: [] as string[], real: [] as string[] };
  for (const [which, path] of [
    ['real', realQemu.path],
    ['fake', fakeQemu.path],
  ] as const) {
    const transcript = new Transcript(path);
    try {
      await act(transcript, { fake: fakeQemu, real: realQemu }, which);
      results[which] = transcript.lines;
    } finally {
      transcript.close();
    }
  }
  return results;
}

const PAUSED = [{ paused: true }, { status: 'prelaunch' }] as const;

describeWith(['qemu'], 'the fake QEMU says what a real one says', () => {
  test('before, during and after negotiation (qemu-event-recipes §4.14)', async () => {
    const { fake, real } = await bothTranscripts(...PAUSED, (transcript) =>
      transcript.play([
        command('query-status'),
        command('nope'),
        command('qmp_capabilities', { enable: ['foo'] }),
        NEGOTIATE,
        NEGOTIATE,
        command('query-status'),
      ]),
    );
    expect(fake).toEqual(real);
    expect(real).toHaveLength(7);
  });

  test('commands, their events and their order', async () => {
    const { fake, real } = await bothTranscripts(...PAUSED, async (transcript) => {
      await transcript.play([
        NEGOTIATE,
        ...['query-name', 'query-uuid', 'nope'].map((name) => command(name)),
        ...['stop', 'query-status', 'cont', 'cont', 'query-status', 'stop', 'stop'].map((name) =>
          command(name),
        ),
        ...['query-status', 'system_wakeup', 'system_powerdown'].map((name) => command(name)),
        ...['system_reset', 'query-status', 'query-rx-filter'].map((name) => command(name)),
        command('query-rx-filter', { name: 'zz' }),
        command('set-action', { watchdog: 'pause' }),
        command('quit'),
      ]);
      await transcript.end();
    });
    expect(fake).toEqual(real);
  });

  test('name and uuid that it was started with', async () => {
    const identity = { name: 'web1', uuid: '12345678-1234-4234-8234-123456789abc' };
    const { fake, real } = await bothTranscripts({ paused: true, ...identity }, identity, (transcript) =>
      transcript.play([NEGOTIATE, command('query-name'), command('query-uuid')]),
    );
    expect(fake).toEqual(real);
  });

  test('refusals of arguments and of messages (§4.20, §4.24, §4.25)', async () => {
    const { fake, real } = await bothTranscripts(...PAUSED, (transcript) =>
      transcript.play([
        NEGOTIATE,
        command('device_del', { id: 'nope' }),
        command('device_del'),
        command('device_del', { id: 'x', y: 1 }),
        command('device_del', { id: 5 }),
        command('query-status', { a: 1 }),
        '{"exec-oob":"query-status","id":1}',
        '{"exec-oob":"nope","id":1}',
        '{"execute":1,"id":3}',
        '[]',
        '{}',
        '{"foo":1,"execute":"stop"}',
        '{"execute":"stop","arguments":[]}',
        '{"execute":"stop","exec-oob":"stop","id":4}',
        'foo',
        command('query-status'),
      ]),
    );
    expect(fake).toEqual(real);
  });

  test('exec-oob without the capability is unexpected (§4.20)', async () => {
    const { fake, real } = await bothTranscripts(...PAUSED, (transcript) =>
      transcript.play([command('qmp_capabilities'), '{"exec-oob":"query-status","id":1}']),
    );
    expect(fake).toEqual(real);
  });

  test('a device under unplug is refused the second time; a guest that does not run keeps it', async () => {
    const { fake, real } = await bothTranscripts(
      { paused: true, args: ['-device', 'virtio-rng-pci,id=rng0'] },
      { status: 'prelaunch', devices: ['rng0'] },
      async (transcript) => {
        await transcript.play([
          NEGOTIATE,
          command('device_del', { id: 'rng0' }),
          command('device_del', { id: 'rng0' }),
        ]);
        await sleep(100);
      },
    );
    expect(fake).toEqual(real);
    expect(real).toHaveLength(4);
  });

  test('backends are removed once; a tray opens once, with its event before the reply', async () => {
    const { fake, real } = await bothTranscripts(
      {
        paused: true,
        args: [
          ...['-netdev', 'hubport,hubid=0,id=n0', '-chardev', 'null,id=c0'],
          ...['-object', 'rng-builtin,id=o0', '-blockdev', 'null-co,node-name=b0,read-zeroes=on'],
          ...['-device', 'ide-cd,id=cd0'],
        ],
      },
      {
        status: 'prelaunch',
        backends: { netdevs: ['n0'], chardevs: ['c0'], objects: ['o0'], nodes: ['b0'] },
        drives: [{ id: 'cd0' }],
      },
      (transcript) => {
        const removals = [
          command('netdev_del', { id: 'n0' }),
          command('chardev-remove', { id: 'c0' }),
          command('object-del', { id: 'o0' }),
          command('blockdev-del', { 'node-name': 'b0' }),
        ];
        return transcript.play([
          NEGOTIATE,
          ...removals,
          ...removals,
          ...['inject-nmi', 'query-balloon', 'query-block'].map((name) => command(name)),
          ...[{}, { id: 'zz' }, { device: 'zz' }, { id: 'cd0', force: 1 }, { id: 'cd0' }, { id: 'cd0' }].map(
            (args) => command('blockdev-open-tray', args),
          ),
          command('query-block'),
        ]);
      },
    );
    expect(fake).toEqual(real);
    expect(real.filter((line) => line.includes('DEVICE_TRAY_MOVED'))).toHaveLength(1);
  });

  test('a query of the rx filter has the members of a real one, and may name its NIC', async () => {
    const args = ['-netdev', 'hubport,hubid=0,id=n0', '-device', 'virtio-net-pci,netdev=n0,id=net0'];
    const { fake, real } = await bothTranscripts(
      { paused: true, args },
      { status: 'prelaunch', nics: [{ name: 'net0' }] },
      (transcript) =>
        transcript.play([
          NEGOTIATE,
          command('query-rx-filter'),
          command('query-rx-filter', { name: 'net0' }),
          command('query-rx-filter', { name: 'zz' }),
        ]),
    );
    const members = (line: string | undefined): Record<string, unknown> => {
      const [filter] = JSON.parse(String(line)).return;
      return Object.fromEntries(Object.entries(filter).map(([key, value]) => [key, typeof value]));
    };
    for (const index of [2, 3]) expect(members(fake[index])).toEqual(members(real[index]));
    expect(fake[4]).toEqual(real[4]);
  });

  test.each([
    ['shutdown with -no-shutdown', ['-no-shutdown'], { shutdown: 'pause' }],
    ['reset with -no-reboot', ['-no-reboot'], { reboot: 'shutdown' }],
  ] as const)('%s', async (what, args, actions) => {
    const reset = what.startsWith('reset');
    const { fake, real } = await bothTranscripts(
      { paused: !reset, args },
      { status: reset ? 'running' : 'prelaunch', actions },
      async (transcript) => {
        await transcript.play([NEGOTIATE, ...(reset ? [command('system_reset')] : [command('quit')])]);
        await transcript.end();
      },
    );
    expect(fake).toEqual(real);
  });

  test('a guest that powers off under -no-shutdown: SHUTDOWN, STOP, and cont wants a reset (§4.1)', async () => {
    const { fake, real } = await bothTranscripts(
      { args: ['-no-shutdown'] },
      { actions: { shutdown: 'pause' } },
      async (transcript, pair, which) => {
        await transcript.play([NEGOTIATE]);
        if (which === 'fake') pair.fake.guestShutdown();
        // The firmware opens the port after about a second and a half; a write before is lost.
        else
          for (let tries = 0; tries < 200 && transcript.lines.length < 4; tries++) {
            await pair.real.hmp('o /w 0x604 0x2000');
            await sleep(100);
          }
        await transcript.play(
          ['query-status', 'cont', 'stop', 'system_reset', 'query-status'].map((name) => command(name)),
        );
      },
    );
    expect(fake).toEqual(real);
  });

  test.each([
    ['pause', 'pause'],
    ['shutdown', 'shutdown'],
    ['none', 'none'],
    ['poweroff', 'poweroff'],
  ] as const)('watchdog=%s (§2.2)', async (action, watchdog) => {
    const { fake, real } = await bothTranscripts(
      { args: ['-device', 'ib700', '-action', `watchdog=${action}`] },
      { actions: { watchdog } },
      async (transcript, pair, which) => {
        await transcript.play([NEGOTIATE]);
        if (which === 'fake') pair.fake.watchdog();
        // It answers nothing when QEMU ends by it.
        else pair.real.hmp('o /b 0x443 0xf').catch(() => {});
        if (action === 'poweroff') await transcript.end();
        else {
          while (
            !transcript.lines
              .at(-1)
              ?.includes(action === 'pause' ? 'STOP' : action === 'shutdown' ? 'POWERDOWN' : 'WATCHDOG')
          )
            await sleep(10);
          await transcript.play([command('query-status')]);
        }
      },
    );
    expect(fake).toEqual(real);
  });

  test.each(['pause', 'none'] as const)('panic=%s (§2.2)', async (panic) => {
    const { fake, real } = await bothTranscripts(
      { args: ['-device', 'pvpanic', '-action', `panic=${panic}`] },
      { actions: { panic } },
      async (transcript, pair, which) => {
        await transcript.play([NEGOTIATE]);
        if (which === 'fake') pair.fake.guestPanic();
        else await pair.real.hmp('o /b 0x505 1');
        while (!transcript.lines.at(-1)?.includes(panic === 'pause' ? 'STOP' : 'GUEST_PANICKED'))
          await sleep(10);
        await transcript.play(['query-status', 'cont', 'query-status'].map((name) => command(name)));
      },
    );
    expect(fake).toEqual(real);
  });

  test('SIGTERM: SHUTDOWN, a clean end, no socket file; SIGKILL: nothing, and the file stays (§4.2)', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const files: boolean[] = [];
      const { fake, real } = await bothTranscripts(...PAUSED, async (transcript, pair, which) => {
        await transcript.play([NEGOTIATE]);
        const { path } = pair[which];
        if (which === 'real') pair.real.kill(signal);
        else if (signal === 'SIGTERM') await pair.fake.terminate();
        else pair.fake.kill();
        await transcript.end();
        if (which === 'real') await pair.real.exited;
        files.push(existsSync(path));
      });
      expect(fake).toEqual(real);
      expect(files).toEqual(signal === 'SIGTERM' ? [false, false] : [true, true]);
    }
  });

  test('a second client is greeted after the first one left (§4.16)', async () => {
    await using real = await startQemu({ paused: true });
    await using fake = await FakeQemu.start({ status: 'prelaunch' });
    for (const { path } of [real, fake]) {
      const [first, second] = [new Transcript(path), new Transcript(path)];
      await first.until(1);
      await sleep(100);
      expect(second.lines).toEqual([]);
      first.close();
      await second.until(1);
      expect(second.lines).toHaveLength(1);
      second.close();
    }
  });

  test('SIGSTOP and hang: connecting succeeds, nothing is said, then it goes on', async () => {
    const { fake, real } = await bothTranscripts(...PAUSED, async (transcript, pair, which) => {
      await transcript.play([NEGOTIATE]);
      if (which === 'real') pair.real.kill('SIGSTOP');
      else pair.fake.hang();
      const playing = transcript.play([command('query-name')]);
      await sleep(100);
      expect(transcript.lines).toHaveLength(2);
      if (which === 'real') pair.real.kill('SIGCONT');
      else pair.fake.resume();
      await playing;
    });
    expect(fake).toEqual(real);
  });
});

describeWith(['qemu'], 'QmpClient and a real QEMU', () => {
  test('negotiates OOB, gets a reply of hundreds of KiB, events before replies, and the end', async () => {
    await using qemu = await startQemu({ paused: true });
    const client = await QmpClient.connect(qemu.path);
    expect(client.oob).toBe(true);
    const names: string[] = [];
    client.on('*', ({ event }) => names.push(event));
    expect((await client.executeRaw('query-qmp-schema')).length).toBeGreaterThan(100_000);
    await client.execute('cont');
    expect(names).toEqual(['RESUME']);
    const { event } = await client.executeAndWaitFor('quit', undefined, 'SHUTDOWN');
    expect(event.data).toEqual({ guest: false, reason: 'host-qmp-quit' });
    expect(await client.closed).toBeNull();
  });

  test('an out-of-band command overtakes in-band ones that wait behind a blocked one (§4.21, §4.22)', async () => {
    await using qemu = await startQemu({ paused: true });
    const client = await QmpClient.connect(qemu.path);
    // A dump to a reader that does not read blocks the in-band commands of every monitor.
    const fifo = `${qemu.directory}/fifo`;
    execFileSync('mkfifo', [fifo]);
    const reader = await open(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const order: string[] = [];
    const dump = client.execute('dump-guest-memory', { paging: false, protocol: `file:${fifo}` }).then(
      () => order.push('dump'),
      () => order.push('dump'),
    );
    const inBand = Array.from({ length: 20 }, (_, i) =>
      client.execute('query-name').then(() => order.push(`${i}`)),
    );
    await sleep(200);
    await client.execute('query-yank', {}, { oob: true });
    expect(order).toEqual([]);
    await reader.close();
    await Promise.all([dump, ...inBand]);
    expect(order).toEqual(['dump', ...inBand.keys()].map(String));
    await client.close();
  });

  test('kill -9 in the middle of commands settles them all', async () => {
    await using qemu = await startQemu({ paused: true });
    const client = await QmpClient.connect(qemu.path);
    const results = Array.from({ length: 30 }, () =>
      client.execute('query-qmp-schema').catch((error) => error.code),
    );
    qemu.kill('SIGKILL');
    const ends = new Set(
      await Promise.all(results.map(async (each) => (typeof (await each) === 'string' ? await each : 'ok'))),
    );
    for (const end of ends) expect(['ok', 'ERR_COMMAND_INTERRUPTED', 'ERR_CLOSED']).toContain(end);
    expect(await client.closed).toBeNull();
  });

  test('a QEMU that another client holds is a GreetingError saying so', async () => {
    await using qemu = await startQemu({ paused: true });
    const first = await QmpClient.connect(qemu.path);
    await expect(QmpClient.connect(qemu.path, { greetingTimeoutMs: 100 })).rejects.toThrow('another client');
    await first.close();
    await (await QmpClient.connect(qemu.path)).close();
  });
});

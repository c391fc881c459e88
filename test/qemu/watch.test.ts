/** `watch` on real QEMUs that somebody else started: what an observer is told (docs/cli.md; design of attach). */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import type { RunningProcess } from '../support/process.ts';
import { type Qemu, type QemuOptions, startQemu, TABLET } from '../support/qemu.ts';
import { brief, parseLines, startCli, untilSaid } from '../unit/cli/cli-process.ts';

const ACPI_S5 = 'o /h 0x604 0x2000';
const ACPI_S3 = 'o /h 0x604 0x2400';

/** `watch`, attached. */
async function watch(sockets: readonly string[], ...options: string[]): Promise<RunningProcess> {
  const running = await startCli(['watch', '--qmp', ...sockets, '--format', 'jsonl', ...options]);
  for (const _ of sockets) await running.line(/"attached":true/);
  return running;
}

/** All it printed. One system_reset may be followed by resets of the firmware's own: those are one here. */
function briefs(running: RunningProcess): string[] {
  return parseLines(running.lines())
    .map(brief)
    .filter((line, index, all) => line !== 'reboot' || all[index - 1] !== 'reboot');
}

/** A look at it is through when what came after it is told. */
async function looked(qemu: Qemu, running: RunningProcess): Promise<void> {
  await qemu.qmp('device_del', { id: 'tablet0' });
  await running.line(/"device-removed"/);
}

async function exitCode(running: RunningProcess): Promise<number | null> {
  return (await running.exited).code;
}

/** Processes whose environment has this, the children of such ones too. */
async function processesWith(setting: string): Promise<string[]> {
  const pids: string[] = [];
  for (const pid of await readdir('/proc')) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(setting)) pids.push(pid);
  }
  return pids;
}

/** Writes a port until QEMU says so: the firmware must have switched ACPI on before. */
async function writeUntil(qemu: Qemu, commandLine: string, event: string): Promise<void> {
  while (!qemu.events().some((seen) => seen.event === event)) {
    // The last one may be answered by the end of QEMU.
    await qemu.hmp(commandLine).catch(() => {});
    await sleep(100);
  }
}

async function untilStatus(qemu: Qemu, status: string): Promise<void> {
  while ((await qemu.qmp<{ status: string }>('query-status')).status !== status) await sleep(20);
}

describeWith(['qemu'], 'watch of a QEMU that runs tells', () => {
  const ends: [string, QemuOptions, (qemu: Qemu, running: RunningProcess) => unknown, string[]][] = [
    [
      'a guest poweroff by ACPI as shutdown guest and stopped shutdown (qemu_process.c:qemuProcessHandleShutdown)',
      {},
      (qemu) => writeUntil(qemu, ACPI_S5, 'SHUTDOWN'),
      [
        'shutdown guest',
        '= shutdown unknown',
        '= shutdown unknown lost',
        'stopped shutdown',
        '= shutoff shutdown',
      ],
    ],
    [
      'SIGTERM as shutdown host and stopped shutdown',
      { args: TABLET },
      async (qemu, running) => {
        await looked(qemu, running);
        qemu.kill('SIGTERM');
      },
      [
        'device-removed',
        'shutdown host',
        '= shutdown unknown',
        '= shutdown unknown lost',
        'stopped shutdown',
        '= shutoff shutdown',
      ],
    ],
    [
      'SIGKILL as stopped failed, shutoff (crashed) (qemu_driver.c:processMonitorEOFEvent)',
      {},
      (qemu) => qemu.kill('SIGKILL'),
      ['= running unknown lost', 'stopped failed', '= shutoff crashed'],
    ],
    [
      'isa-debug-exit, which sends no SHUTDOWN, as stopped failed, shutoff (crashed)',
      { args: ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'] },
      (qemu) => qemu.hmp('o /b 0xf4 1').catch(() => {}),
      ['= running unknown lost', 'stopped failed', '= shutoff crashed'],
    ],
  ];

  test.each(ends)('%s', async (_title, options, act, expected) => {
    await using qemu = await startQemu(options);
    await using running = await watch([qemu.path], '--until-stopped');
    await act(qemu, running);
    expect(await exitCode(running)).toBe(0);
    expect(briefs(running)).toEqual(['= running unknown attached', ...expected]);
    expect(running.stderr()).toBe('');
  });

  test('stop, cont and system_reset as suspended, resumed and reboot, for reasons that it does not know', async () => {
    await using qemu = await startQemu();
    await using running = await watch([qemu.path], '--until-stopped');
    await qemu.qmp('stop');
    await qemu.qmp('cont');
    await qemu.qmp('system_reset');
    await running.line(/"reboot"/);
    // The firmware resets once more, and watch looks again: a clean end is not sure then (`qemu.ts:kill`).
    qemu.kill('SIGKILL');
    expect(await exitCode(running)).toBe(0);
    expect(briefs(running)).toEqual([
      '= running unknown attached',
      'suspended paused',
      '= paused unknown',
      'resumed unpaused',
      '= running unpaused',
      'reboot',
      '= running unpaused lost',
      'stopped failed',
      '= shutoff crashed',
    ]);
  });
});

/** A run state, how to get there, what the observer finds, and what a SIGKILL then ends in. */
interface Found {
  readonly status: string;
  readonly options?: QemuOptions;
  readonly reach?: (qemu: Qemu) => Promise<unknown>;
  readonly found: string;
  readonly stopped: string;
}

const failed = 'stopped failed';

/** Not here, as QEMU passes through them too fast: save-vm, restore-vm, finish-migrate, debug, internal-error. */
const runStates: readonly Found[] = [
  { status: 'running', found: 'running unknown', stopped: failed },
  { status: 'prelaunch', options: { paused: true }, found: 'paused unknown', stopped: failed },
  { status: 'paused', reach: (qemu) => qemu.qmp('stop'), found: 'paused unknown', stopped: failed },
  {
    status: 'io-error',
    options: { paused: true },
    reach: async (qemu) => {
      await qemu.qmp('blockdev-add', {
        driver: 'blkdebug',
        'node-name': 'bad',
        image: { driver: 'null-co', size: 1_048_576 },
        'inject-error': [{ event: 'none', iotype: 'read', errno: 5 }],
      });
      const device = { driver: 'virtio-blk-pci', id: 'vd0', drive: 'bad', bootindex: 1 };
      await qemu.qmp('device_add', { ...device, rerror: 'stop', werror: 'stop' });
      await qemu.qmp('cont');
      await qemu.event('STOP');
    },
    found: 'paused ioerror',
    stopped: failed,
  },
  {
    status: 'watchdog',
    options: { args: ['-device', 'ib700', '-action', 'watchdog=pause'] },
    reach: (qemu) => qemu.hmp('o /b 0x443 0xf'),
    found: 'paused watchdog',
    stopped: failed,
  },
  {
    status: 'guest-panicked',
    options: { args: ['-device', 'pvpanic', '-action', 'panic=pause'] },
    reach: (qemu) => qemu.hmp('o /b 0x505 1'),
    found: 'crashed panicked',
    stopped: failed,
  },
  {
    status: 'shutdown',
    options: { args: ['-no-shutdown'] },
    reach: (qemu) => writeUntil(qemu, ACPI_S5, 'SHUTDOWN'),
    found: 'shutdown unknown',
    stopped: 'stopped shutdown',
  },
  {
    status: 'suspended',
    reach: (qemu) => writeUntil(qemu, ACPI_S3, 'SUSPEND'),
    found: 'pmsuspended unknown',
    stopped: failed,
  },
  {
    status: 'inmigrate',
    options: { args: ['-incoming', 'defer'] },
    found: 'paused migration',
    stopped: failed,
  },
  {
    status: 'postmigrate',
    reach: async (qemu) => {
      await qemu.qmp('migrate', { uri: 'exec:cat >/dev/null' });
      await untilStatus(qemu, 'postmigrate');
    },
    found: 'paused migration',
    stopped: failed,
  },
];

describeWith(['qemu'], 'watch attached to a QEMU that is', () => {
  test.each(runStates)('$status says $found, without an event; after SIGKILL $stopped', async (row) => {
    await using qemu = await startQemu(row.options);
    await row.reach?.(qemu);
    expect(await qemu.qmp('query-status')).toMatchObject({ status: row.status });
    await using running = await watch([qemu.path], '--until-stopped');
    qemu.kill('SIGKILL');
    expect(await exitCode(running)).toBe(0);
    expect(briefs(running)).toEqual([
      `= ${row.found} attached`,
      `= ${row.found} lost`,
      row.stopped,
      row.stopped === failed ? '= shutoff crashed' : '= shutoff shutdown',
    ]);
  });

  test('prelaunch says resumed unpaused at the first cont, and no started', async () => {
    await using qemu = await startQemu({ paused: true });
    await using running = await watch([qemu.path], '--once');
    await qemu.qmp('cont');
    expect(await exitCode(running)).toBe(0);
    expect(briefs(running)).toEqual(['= paused unknown attached', 'resumed unpaused']);
  });

  test('shutdown by -no-shutdown says stopped shutdown after quit, and no second shutdown', async () => {
    await using qemu = await startQemu({ args: ['-no-shutdown'] });
    await using running = await watch([qemu.path], '--until-stopped');
    await writeUntil(qemu, ACPI_S5, 'SHUTDOWN');
    await qemu.qmp('quit').catch(() => {});
    expect(await exitCode(running)).toBe(0);
    const lines = parseLines(running.lines());
    expect(lines.filter(({ kind }) => kind === 'event').map(brief)).toEqual([
      'shutdown guest',
      'stopped shutdown',
    ]);
  });
});

describeWith(['qemu'], 'watch ends, or waits for the next incarnation, as it is told', () => {
  test('without --until-stopped the next QEMU on the socket is another incarnation, which begins with started booted', async () => {
    const directory = await mkdtemp('/tmp/qa-');
    try {
      const path = `${directory}/m`;
      const args = [
        '-chardev',
        `socket,id=m,path=${path},server=on,wait=off`,
        '-mon',
        'chardev=m,mode=control',
      ];
      await using running = await startCli(['watch', '--qmp', path, '--format', 'jsonl']);
      await untilSaid(running, 'no socket at');
      {
        await using first = await startQemu({ args });
        await running.line(/"attached":true/);
        first.kill('SIGKILL');
        await running.line(/"event":"stopped"/);
      }
      await using second = await startQemu({ args, paused: true });
      await running.line(/"attached":true/);
      await second.qmp('cont');
      await running.line(/"event":"started"/);
      await running.line(/"state":"running"/);
      running.kill('SIGINT');
      expect(await exitCode(running)).toBe(130);

      const lines = parseLines(running.lines());
      expect(lines.map(brief)).toEqual([
        '= running unknown attached',
        '= running unknown lost',
        'stopped failed',
        '= shutoff crashed',
        '= paused unknown attached',
        'started booted',
        '= running booted',
      ]);
      expect(new Set(lines.map(({ incarnation }) => incarnation)).size).toBe(3);
      expect(lines.map(({ id }) => id)).toEqual([1, 1, 1, null, 2, 2, 2]);
      expect(running.stderr().split('\n')).toEqual([
        expect.stringContaining(`no socket at ${path}`),
        `qemu-actors: waiting for the next QEMU at ${path}`,
        '',
      ]);
      expect(await second.qmp('query-status')).toMatchObject({ status: 'running' });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('--timeout ends with 124 if --until-stopped was not met, else with 0, and leaves QEMU as it is', async () => {
    await using qemu = await startQemu({ extraMonitors: 1 });
    const [one = '', other = ''] = qemu.paths;
    await using unmet = await watch([one], '--until-stopped', '--timeout', '1.5');
    await using plain = await watch([other], '--timeout', '1.5');
    expect(await exitCode(unmet)).toBe(124);
    expect(await exitCode(plain)).toBe(0);
    expect(await qemu.qmp('query-status')).toMatchObject({ status: 'running' });
  });

  test('three QEMUs without -name and -uuid are three domains, and end only together', async () => {
    await using first = await startQemu({ args: TABLET });
    await using second = await startQemu();
    await using third = await startQemu();
    const qemus = [first, second, third];
    await using running = await watch(
      qemus.map(({ path }) => path),
      '--until-stopped',
    );
    await second.qmp('stop');
    await running.line(/"event":"suspended"/);
    await looked(first, running);
    first.kill('SIGTERM');
    await running.line(/"event":"stopped"/);
    third.kill('SIGKILL');
    await running.line(/"event":"stopped"/);
    second.kill('SIGKILL');
    expect(await exitCode(running)).toBe(0);

    const lines = parseLines(running.lines());
    const domains = [...new Set(lines.map(({ domain }) => domain))];
    expect(domains.toSorted()).toEqual(['qmp0', 'qmp0-2', 'qmp0-3']);
    expect(lines.every(({ uuid }) => uuid === null)).toBe(true);
    const eventsOf = (name: unknown) =>
      lines.filter(({ kind, domain }) => kind === 'event' && domain === name).map(brief);
    expect(domains.map(eventsOf).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))).toEqual([
      ['stopped failed'],
      ['suspended paused', 'stopped failed'],
      ['device-removed', 'shutdown host', 'stopped shutdown'],
    ]);
  });
});

describeWith(['qemu'], 'record of a QEMU, then replay,', () => {
  test('prints what watch printed', async () => {
    await using qemu = await startQemu({ name: 'web1', extraMonitors: 1 });
    const [one = '', other = ''] = qemu.paths;
    const file = `${qemu.directory}/web1.qmp.jsonl`;
    await using watching = await watch([one], '--until-stopped', '--raw', '--outcomes');
    await using recording = await startCli(['record', '--qmp', other, '-o', file]);
    while (!(await readFile(file, 'utf8').catch(() => '')).includes('"UUID"')) await sleep(10);
    await qemu.qmp('stop');
    await qemu.qmp('cont');
    await qemu.qmp('system_reset');
    await qemu.qmp('stop');
    await watching.line(/"reboot"/);
    await watching.line(/"suspended"/);
    qemu.kill('SIGKILL');
    expect(await exitCode(watching)).toBe(0);
    expect(await exitCode(recording)).toBe(0);

    await using replayed = await startCli(['replay', file, '--format', 'jsonl', '--raw', '--outcomes']);
    expect(await exitCode(replayed)).toBe(0);
    const comparable = (running: RunningProcess) =>
      parseLines(running.lines()).map(({ incarnation: _, ...line }) => line);
    expect(comparable(replayed)).toEqual(comparable(watching));
  });
});

describeWith(['qemu'], 'demo --real', () => {
  test('tells its story within a minute, and leaves no QEMU behind, also when it is interrupted', async () => {
    for (const interrupted of [false, true]) {
      const mark = `demo-${process.pid}-${interrupted}`;
      await using running = await startCli(['demo', '--real', '--format', 'jsonl'], {
        env: { QA_DEMO: mark },
      });
      await running.line(/"state":"running"/);
      if (interrupted) running.kill('SIGINT');
      expect(await exitCode(running)).toBe(interrupted ? 130 : 0);
      expect(running.stdout().includes('That was all')).toBe(!interrupted);
      expect(await processesWith(`QA_DEMO=${mark}`)).toEqual([]);
    }
  });
});

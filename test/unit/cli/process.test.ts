/** Our program as a process: exit codes, signals, pipes (docs/cli.md). */
import { mkdtemp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeQemu } from '../../../src/testing/index.ts';
import { startCli, untilSaid } from './cli-process.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp('/tmp/qa-');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the process', () => {
  test('ends by itself, with the exit code of the command', async () => {
    await using ok = await startCli(['--version']);
    await using usage = await startCli(['nope']);
    await using failed = await startCli(['state', '--qmp', `${directory}/none`]);
    expect(await ok.exited).toEqual({ code: 0, signal: null });
    expect(await usage.exited).toEqual({ code: 2, signal: null });
    expect(await failed.exited).toEqual({ code: 1, signal: null });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'answers %s with %i, also while it waits for a monitor that is not there',
    async (signal, code) => {
      await using running = await startCli(['watch', '--qmp', `${directory}/none`]);
      await untilSaid(running, 'waiting: no socket');
      running.kill(signal);
      expect(await running.exited).toEqual({ code, signal: null });
      expect(running.stderr().split('\n')).toHaveLength(2);
    },
  );

  test('lives between two QEMUs', async () => {
    await using qemu = await FakeQemu.start();
    await using running = await startCli([
      'watch',
      '--qmp',
      qemu.path,
      '--format',
      'jsonl',
      '--once',
      '--events',
      'reboot',
    ]);
    await running.line(/"attached":true/);
    qemu.kill();
    await running.line(/"shutoff"/);
    await untilSaid(running, 'waiting for the next QEMU');
    await qemu.restart();
    await running.line(/"attached":true/);
    qemu.guestReset();
    expect(await running.exited).toEqual({ code: 0, signal: null });
  });

  test('ends quietly with 0 when its reader goes', async () => {
    await using qemu = await FakeQemu.start();
    await using running = await startCli(['watch', '--qmp', qemu.path, '--format', 'jsonl']);
    await running.line(/"attached":true/);
    running.child.stdout?.destroy();
    qemu.guestReset();
    qemu.guestReset();
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(running.stderr()).toBe('');
  });

  test('writes each line as it comes', async () => {
    await using qemu = await FakeQemu.start();
    await using running = await startCli(['watch', '--qmp', qemu.path, '--format', 'jsonl']);
    for (let n = 0; n < 3; n += 1) {
      qemu.guestReset();
      if (n === 0) await running.line(/"attached":true/);
      else await running.line(/"reboot"/);
    }
  });
});

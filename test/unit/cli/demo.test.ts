/** `demo` (docs/cli.md), on the fake QEMU. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import type { Runtime } from '../../../src/loop/runtime.ts';
import { brief } from './cli-process.ts';
import { runMain, startMain } from './in-process.ts';

/** A machine without QEMU. */
function withoutQemu(): Runtime {
  const runtime = createNodeRuntime();
  return {
    ...runtime,
    processes: { ...runtime.processes, run: () => Promise.reject(new Error('spawn ENOENT')) },
  };
}

describe('demo', () => {
  test('--dashboard serves the live view until Ctrl-C, and leaves nothing behind', async () => {
    const run = startMain(['demo', '--fake', '--dashboard', '--format', 'jsonl']);
    await run.stdout.until((text) => text.includes('until Ctrl-C'));
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(run.stdout.text)?.[0] ?? '';
    const page = await fetch(url);
    expect({ status: page.status, html: (await page.text()).slice(0, 15) }).toEqual({
      status: 200,
      html: '<!doctype html>',
    });
    run.send('SIGINT');
    expect(await run.exitCode).toBe(130);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  test('--fake tells boot, suspend, a change of the receive filter, and a domain destroyed during its handler', async () => {
    const { exitCode, stderr, json } = await runMain(['demo', '--fake', '--format', 'jsonl']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = json();
    expect(
      lines.filter(({ kind, title }) => kind === 'story' && title !== undefined).map(({ title }) => title),
    ).toEqual([
      'Boot',
      'Suspend and resume',
      'The guest changes its receive filter',
      'Destroyed in the middle of a handler',
      'That was all',
    ]);
    expect(lines.filter(({ kind }) => kind === 'state').map((line) => brief(line as never))).toEqual([
      '= paused unknown attached',
      '= running unpaused',
      '= paused user',
      '= running unpaused',
      '= shutdown unknown',
      '= shutdown unknown lost',
      '= shutoff destroyed',
    ]);
    expect(lines.filter(({ kind }) => kind === 'host')).toMatchObject([
      { change: { type: 'set-promiscuous', on: true }, dryRun: true },
      { change: { type: 'set-mac' }, dryRun: true },
      { change: { type: 'add-multicast' }, dryRun: true },
      { change: { type: 'add-multicast' }, dryRun: true },
    ]);
    const outcomes = lines.filter(({ kind, type }) => kind === 'outcome' && type === 'nicRxFilterChanged');
    expect(outcomes).toMatchObject([
      { status: 'done' },
      { status: 'done' },
      { status: 'ignored', why: 'domain gone' },
    ]);
    expect(
      lines.filter(({ args }) => (args as { event?: string } | undefined)?.event === 'stopped'),
    ).toHaveLength(1);
  });

  test('as text is a story of lines that fit a page', async () => {
    const { exitCode, stdout } = await runMain(['demo', '--fake']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^1\. Boot\n {3}QEMU was started with -S/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(160);
  });

  test('goes on with the fake where there is no QEMU, and says so', async () => {
    const { exitCode, stdout } = await runMain(['demo'], { runtime: withoutQemu() });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('on the embedded fake QEMU (no qemu-system-x86_64 can be used here)');
  });

  test('--real fails with exit code 1 where there is none', async () => {
    const { exitCode, stderr } = await runMain(['demo', '--real'], { runtime: withoutQemu() });
    expect(exitCode).toBe(1);
    expect(stderr).toBe('qemu-actors: no qemu-system-x86_64 that can be run; --fake shows it without one\n');
  });

  test('interrupted at any line, it ends with 130 and leaves nothing behind', async () => {
    // Of this test alone: others run at the same time.
    const directory = await mkdtemp(`${tmpdir()}/qa-`);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await rm(directory, { recursive: true });
    });
    vi.stubEnv('TMPDIR', directory);
    for (const part of ['1. Boot', 'RESUME', '3. The guest', 'waits for the host']) {
      const running = startMain(['demo', '--fake']);
      await running.stdout.until((text) => text.includes(part));
      expect((await readdir(directory)).length).toBeGreaterThan(0);
      running.send('SIGINT');
      expect(await running.exitCode).toBe(130);
      expect(running.stdout.text).not.toContain('That was all');
    }
    expect(await readdir(directory)).toEqual([]);
  });
});

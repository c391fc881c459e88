/** `dashboard` (docs/cli.md), with a fake QEMU. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { FakeQemu } from '../../../src/testing/index.ts';
import { ask } from '../../support/ask.ts';
import { StreamReader } from '../../support/stream-reader.ts';
import { attached, event, observer, text } from '../recording/helpers.ts';
import { type CliRun, runMain, startMain } from './in-process.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp('/tmp/qa-');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const start = (...args: readonly string[]): CliRun => startMain(['dashboard', '--format', 'jsonl', ...args]);

async function urlOf(running: CliRun): Promise<string> {
  await running.stdout.until((out) => out.includes('\n'));
  const [line] = running.json();
  expect(line).toMatchObject({ kind: 'listening', url: expect.stringMatching(/^http:/) });
  return String(line?.url);
}

async function read(url: string): Promise<StreamReader> {
  const reader = await StreamReader.open(url);
  onTestFinished(() => reader.close());
  return reader;
}

/** Before QEMU has said its name, it is that of its socket. */
const shows = (reader: StreamReader, state: string): boolean =>
  [...reader.domains.values()].some((domain) => domain.name === 'web1' && domain.state === state);

describe('dashboard', () => {
  test('prints where it is, shows the QEMUs, and ends by SIGTERM with its streams closed: 143', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    const running = start('--qmp', qemu.path);
    const reader = await read(await urlOf(running));
    await reader.until(() => shows(reader, 'running'));
    expect(reader.base?.readOnly).toBe(true);
    running.send('SIGTERM');
    expect(await running.exitCode).toBe(143);
    await reader.until(() => reader.ended);
    expect(running.stderr.text).toBe('');
  });

  test('as text prints the address alone', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    const running = startMain(['dashboard', '--qmp', qemu.path]);
    await running.stdout.until((out) => out.includes('\n'));
    expect(running.stdout.text).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
    running.send('SIGINT');
    expect(await running.exitCode).toBe(130);
  });

  test('waits for a QEMU that is not there, and shows it meanwhile as off', async () => {
    const running = start('--qmp', `${directory}/web1.sock`);
    const reader = await read(await urlOf(running));
    await reader.until(() => reader.domains.size === 1);
    expect(reader.domain('web1').state).toBe('shutoff');
    await running.stderr.until((said) => said.includes('waiting'));
    await using _ = await FakeQemu.start({ name: 'web1', path: `${directory}/web1.sock` });
    await reader.until(() => shows(reader, 'running'));
    running.send('SIGINT');
    expect(await running.exitCode).toBe(130);
  });

  test('with --allow-control attaches for control', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    const running = start('--qmp', qemu.path, '--allow-control');
    const url = await urlOf(running);
    const reader = await read(url);
    await reader.until(() => shows(reader, 'running'));
    const { status } = await ask(url, '/control', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: new URL(url).origin },
      body: JSON.stringify({ key: reader.domain('web1').key, operation: 'suspend' }),
    });
    expect(status).toBe(200);
    expect(qemu.status).toBe('paused');
    running.send('SIGINT');
    await running.exitCode;
  });

  test('takes its token from a file', async () => {
    await writeFile(`${directory}/token`, 'correct-horse-battery-staple\n');
    await using qemu = await FakeQemu.start();
    const running = start('--qmp', qemu.path, '--token-file', `${directory}/token`);
    const url = await urlOf(running);
    expect(url).toMatch(/\?token=correct-horse-battery-staple$/);
    expect((await ask(url, '/')).status).toBe(401);
    running.send('SIGINT');
    await running.exitCode;
  });

  test('shows recordings', async () => {
    const file = `${directory}/web1.qmp.jsonl`;
    await writeFile(file, text(observer({ name: 'web1' }), ...attached(1), event(5, 'STOP')));
    const running = start('--replay', file);
    const reader = await read(await urlOf(running));
    await reader.until(() => reader.bases === 1);
    expect(reader.base?.replay).toBe(file);
    expect(reader.domain('web1').state).toBe('paused');
    running.send('SIGINT');
    expect(await running.exitCode).toBe(130);
  });

  test('ends when a QEMU is not the one that was configured', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    await writeFile(`${directory}/vm.json`, JSON.stringify({ name: 'other' }));
    const running = start('--qmp', qemu.path, '--config', `${directory}/vm.json`);
    expect(await running.exitCode).toBe(2);
    expect(running.stderr.text).toContain('this QEMU is named web1, not other');
  });

  test.each<[readonly string[], number, string]>([
    [[], 2, 'expected --qmp, or --replay'],
    [['--qmp', 'a', '--replay', 'b'], 2, "cannot be used with option '--qmp"],
    [['--replay', 'b', '--allow-control'], 2, "cannot be used with option '--replay"],
    [['--qmp', 'a', '--listen', '0.0.0.0:0'], 2, "needs a token; 'auto' makes one"],
    [['--qmp', 'a', '--listen', 'here'], 2, 'listen: expected an address'],
    [['--qmp', 'a', '--token', 'short'], 2, 'token: expected'],
    [['--qmp', 'a', '--token-file', '/nowhere'], 2, '/nowhere: '],
    [['--replay', '/nowhere'], 2, '/nowhere: cannot be read'],
    [['--qmp', 'a', '--listen', '192.0.2.1:1', '--token', 'auto'], 1, 'cannot listen on 192.0.2.1:1'],
  ])('%j ends with %i and one line', async (args, code, message) => {
    const { exitCode, stderr } = await runMain(['dashboard', ...args]);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(exitCode).toBe(code);
  });
});

/** `record` and `replay` (docs/cli.md), with a fake QEMU. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QmpClient } from '../../../src/qmp/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { type CliRun, runMain, startMain } from './in-process.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp('/tmp/qa-');
  file = `${directory}/web1.qmp.jsonl`;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const startRecord = (path: string, ...args: string[]): CliRun =>
  startMain(['record', '--qmp', path, '-o', file, '--format', 'jsonl', ...args]);

async function untilRecorded(part: string): Promise<void> {
  while (!(await readFile(file, 'utf8').catch(() => '')).includes(part))
    await new Promise((resolve) => setTimeout(resolve, 5));
}

const recorded = async (): Promise<Record<string, unknown>[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** What does not differ between two looks at the same thing: which incarnation it is, and when a drop is told. */
const comparable = (lines: readonly Record<string, unknown>[]): unknown[] =>
  lines.filter(({ kind }) => kind !== 'drop').map(({ incarnation: _, ...line }) => line);

describe('record', () => {
  test('then replay prints what watch printed', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1', monitors: 3 });
    const [, second, third] = qemu.addresses.map((address) => ('path' in address ? address.path : ''));
    const watching = startMain([
      ...['watch', '--qmp', qemu.path, '--format', 'jsonl', '--raw', '--outcomes', '--until-stopped'],
    ]);
    const recording = startRecord(second ?? '');
    await watching.stdout.until((text) => text.includes('attached'));
    await untilRecorded('query-uuid');
    const other = await QmpClient.connect(third ?? '');
    await other.execute('stop');
    await other.execute('cont');
    await other.execute('system_reset');
    qemu.emit('NOBODY_KNOWS', { size: 1 });
    qemu.watchdog('pause');
    qemu.guestShutdown();
    expect(await watching.exitCode).toBe(0);
    expect(await recording.exitCode).toBe(0);
    await other.close();

    const [first, ...lines] = await recorded();
    expect(first).toMatchObject({ kind: 'domain', mode: 'observer', name: 'web1', uuid: null });
    expect(recording.json()).toEqual([{ kind: 'recorded', file, lines: lines.length + 1 }]);
    const replayed = await runMain(['replay', file, '--format', 'jsonl', '--raw', '--outcomes']);
    expect(replayed).toMatchObject({ exitCode: 0, stderr: '' });
    // A handler ends when it is through: between which lines of QEMU's events is not fixed.
    for (const ofOutcomes of [true, false]) {
      const part = (lines: Record<string, unknown>[]): unknown[] =>
        comparable(lines.filter(({ kind }) => (kind === 'outcome') === ofOutcomes));
      expect(part(replayed.json())).toEqual(part(watching.json()));
    }
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ended by %s has exit code %i, and its file is complete', async (signal, expected) => {
    await using qemu = await FakeQemu.start();
    const recording = startRecord(qemu.path);
    await untilRecorded('query-uuid');
    qemu.guestReset();
    await untilRecorded('RESET');
    recording.send(signal);
    expect(await recording.exitCode).toBe(expected);
    expect(qemu.alive).toBe(true);
    const { exitCode, json } = await runMain(['replay', file, '--format', 'jsonl']);
    expect(exitCode).toBe(0);
    expect(json().map(({ kind, event }) => event ?? kind)).toEqual(['state', 'reboot']);
  });

  test('before anything answered is a recording too', async () => {
    const recording = startRecord(`${directory}/none`);
    await recording.stderr.until((text) => text.includes('waiting: no socket'));
    recording.send('SIGINT');
    expect(await recording.exitCode).toBe(130);
    expect(await runMain(['replay', file])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('overwrites nothing without --force', async () => {
    await writeFile(file, 'mine');
    await using qemu = await FakeQemu.start();
    const refused = startRecord(qemu.path);
    expect(await refused.exitCode).toBe(2);
    expect(refused.stderr.text).toContain(`${file} is there already; --force overwrites it`);
    expect(await readFile(file, 'utf8')).toBe('mine');

    const forced = startRecord(qemu.path, '--force');
    await untilRecorded('query-uuid');
    qemu.kill();
    expect(await forced.exitCode).toBe(0);
  });

  test('a disk that is full ends it with exit code 1', async () => {
    await using qemu = await FakeQemu.start();
    const args = ['record', '--qmp', qemu.path, '-o', '/dev/full', '--force', '--format', 'jsonl'];
    const { exitCode, stderr } = await runMain(args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('/dev/full: ENOSPC');
    expect(qemu.alive).toBe(true);
  });
});

describe('replay', () => {
  const domain = JSON.stringify({ kind: 'domain', mode: 'manager', name: 'gold' });
  const step = (t: number, number: number, operation: string): string =>
    JSON.stringify({ t, kind: 'step', step: number, by: 'manager', call: { operation } });
  const done = (t: number, number: number): string =>
    JSON.stringify({ t, kind: 'stepDone', step: number, ok: true });
  const good = [domain, step(0, 1, 'define'), done(1, 1)].join('\n');

  test('a line has its step, and its file if there are several; the state stands last in its step', async () => {
    await writeFile(file, good);
    const once = await runMain(['replay', file, '--format', 'jsonl']);
    expect(once.exitCode).toBe(0);
    expect(once.json()).toMatchObject([
      { kind: 'event', step: 1, domain: 'gold', uuid: null, id: null, incarnation: null },
      { kind: 'state', step: 1, state: 'shutoff', active: false },
    ]);
    for (const line of once.json()) expect(line).not.toHaveProperty('file');
    const twice = await runMain(['replay', file, file, '--format', 'jsonl']);
    expect(twice.json()).toEqual([...once.json(), ...once.json()].map((line) => ({ ...line, file })));
  });

  test('as text says the step', async () => {
    await writeFile(file, good);
    const { stdout } = await runMain(['replay', file]);
    expect(stdout).toBe('step 1  gold  defined (added)\nstep 1  gold  is shutoff (unknown)\n');
  });

  test.each([
    ['a line that is not JSON', [domain, '{'], '2: not JSON'],
    ['a kind that is not known', [domain, '{"t":0,"kind":"nope"}'], '2: expected a kind'],
    ['no domain line', [done(0, 1)], '1: expected the domain line first'],
    ['an unknown step done', [good, done(2, 7)], '4: step 7 was not begun'],
  ])('a broken file (%s) prints nothing of itself; exit code 2', async (_title, lines, message) => {
    await writeFile(file, lines.join('\n'));
    const { exitCode, stdout, stderr } = await runMain(['replay', file]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*\n$/);
    expect(stderr.startsWith(`qemu-actors: ${file}:${message}`)).toBe(true);
  });

  test('a broken file does not keep the others from being played', async () => {
    await writeFile(file, good);
    const { exitCode, json } = await runMain(['replay', `${directory}/none`, file, '--format', 'jsonl']);
    expect(exitCode).toBe(2);
    expect(json().map(({ kind }) => kind)).toEqual(['error', 'event', 'state']);
  });
});

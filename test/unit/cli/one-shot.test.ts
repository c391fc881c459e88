/** `state` and `execute` (docs/cli.md), with a fake QEMU. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeQemu } from '../../../src/testing/index.ts';
import { runMain } from './in-process.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp('/tmp/qa-');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A monitor that returns this text to every command that the fake could not answer with it. */
async function serveText(of: string, text: string) {
  const known: Readonly<Record<string, string>> = {
    qmp_capabilities: '{}',
    'query-status': '{"status": "running"}',
    'query-name': '{}',
    'query-uuid': '{"UUID": "00000000-0000-0000-0000-000000000000"}',
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    createInterface({ input: socket }).on('line', (line) => {
      const { execute, id } = JSON.parse(line);
      socket.write(`{"return": ${known[execute] ?? text}, "id": ${JSON.stringify(id)}}\r\n`);
    });
  });
  const path = `${of}/raw`;
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

describe('state', () => {
  test('prints one state line, and leaves QEMU as it is', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1', status: 'io-error' });
    const { exitCode, json, stderr } = await runMain(['state', '--qmp', qemu.path, '--format', 'jsonl']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(json()).toEqual([
      {
        ...{ kind: 'state', domain: 'web1', uuid: null, id: 1, incarnation: expect.any(String) },
        ...{ state: 'paused', reason: 'ioerror', active: true, monitor: 'ready' },
      },
    ]);
    expect(qemu.alive).toBe(true);
  });

  test('as text is one line', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    const { stdout } = await runMain(['state', '--qmp', qemu.path]);
    expect(stdout).toMatch(/^[\d:.]+ {2}web1 {2}is running \(unknown\)\n$/);
  });

  test('of something that is not QMP ends with exit code 1', async () => {
    await using qemu = await FakeQemu.start();
    qemu.faults.greeting('220 smtp\r\n');
    const { exitCode, json } = await runMain(['state', '--qmp', qemu.path, '--format', 'jsonl']);
    expect(exitCode).toBe(1);
    expect(json()).toMatchObject([{ kind: 'error', code: 'ERR_GREETING' }]);
  });
});

describe('execute', () => {
  const execute = (qemu: FakeQemu, ...args: string[]) => runMain(['execute', '--qmp', qemu.path, ...args]);

  test('prints a reply line with what QEMU returned', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    const { exitCode, json } = await execute(qemu, 'query-name', '--format', 'jsonl');
    expect(exitCode).toBe(0);
    expect(json()).toEqual([
      {
        ...{ kind: 'reply', domain: 'web1', uuid: null, id: 1, incarnation: expect.any(String) },
        return: { name: 'web1' },
      },
    ]);
  });

  test('sends the arguments as they are', async () => {
    await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }, { name: 'net1' }] });
    const { json } = await execute(qemu, 'query-rx-filter', '{"name":"net1"}', '--format', 'jsonl');
    expect(json()).toMatchObject([{ return: [{ name: 'net1' }] }]);
  });

  test('integers beyond 2^53 stay whole, in jsonl and in text', async () => {
    const { path, close } = await serveText(directory, '{"size": 18446744073709551615}');
    try {
      for (const format of ['jsonl', 'text']) {
        const { stdout } = await runMain(['execute', '--qmp', path, 'query-x', '--format', format]);
        expect(stdout).toContain('{"size": 18446744073709551615}');
      }
    } finally {
      await close();
    }
  });

  test('an error of QEMU ends with exit code 1', async () => {
    await using qemu = await FakeQemu.start();
    const { exitCode, json, stderr } = await execute(qemu, 'nope', '--format', 'jsonl');
    expect(exitCode).toBe(1);
    expect(json()).toMatchObject([
      { kind: 'error', code: 'ERR_COMMAND', message: expect.stringContaining('CommandNotFound') },
    ]);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test('a QEMU that dies before its reply ends it with exit code 1', async () => {
    await using qemu = await FakeQemu.start();
    qemu.faults.dieAt('query-block');
    const { exitCode, json } = await execute(qemu, 'query-block', '--format', 'jsonl');
    expect(exitCode).toBe(1);
    expect(json()).toMatchObject([{ kind: 'error', code: 'ERR_COMMAND_INTERRUPTED' }]);
  });
});

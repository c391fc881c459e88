/** What is the same for every command line (docs/cli.md). */
import { describe, expect, test } from 'vitest';
import { runMain } from './in-process.ts';

const commands = ['demo', 'watch', 'record', 'replay', 'state', 'execute', 'generate-tests'];

describe('help', () => {
  test('lists the commands', async () => {
    const { exitCode, stdout, stderr } = await runMain(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  test.each(commands)('of %s has examples', async (command) => {
    const { exitCode, stdout } = await runMain([command, '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\\n(.*\\n)*.*\\$ qemu-actors ${command}`));
  });

  test('is the answer to no command at all, on standard error, with exit code 2', async () => {
    const { exitCode, stdout, stderr } = await runMain([]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Usage: qemu-actors');
  });
});

test('--version is the version of the package', async () => {
  const { exitCode, stdout } = await runMain(['--version']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
});

describe('a wrong command line ends with exit code 2 and one line on standard error', () => {
  test.each([
    [['wtach'], "unknown command 'wtach'"],
    [['watch'], "required option '--qmp <socket...>' not specified"],
    [['watch', '--qmp', 'm', '--nope'], "unknown option '--nope'"],
    [['watch', '--qmp', 'm', '--format', 'xml'], 'Allowed choices are text, jsonl'],
    [['watch', '--qmp', 'm', '--host', 'maybe'], 'Allowed choices are dry-run, apply, off'],
    [['watch', '--qmp', 'm', '--events', 'lifecycle,nope'], "There is no domain event 'nope'"],
    [['watch', '--qmp', 'm', '--events', ''], "There is no domain event ''"],
    [['watch', '--qmp', 'm', '--timeout', 'soon'], 'a number of seconds above 0'],
    [['watch', '--qmp', 'm', '--timeout', '0'], 'a number of seconds above 0'],
    [['watch', '--qmp', 'm', '--timeout', ''], 'a number of seconds above 0'],
    [['watch', '--qmp', 'm', '--qmp', './m'], '--qmp ./m is there twice'],
    [['watch', '--qmp', 'host:99999'], "host:port with a port from 1 to 65535, received 'host:99999'"],
    [['state', '--qmp', `/${'x'.repeat(200)}`], 'a socket path of at most 107 bytes'],
    [['state', '--qmp', 'm', 'more'], 'too many arguments'],
    [['execute', '--qmp', 'm'], "missing required argument 'command'"],
    [['execute', '--qmp', 'm', 'query-status', '{'], 'the arguments are not JSON'],
    [['execute', '--qmp', 'm', 'query-status', '[1]'], 'the arguments must be a JSON object'],
    [['execute', '--qmp', 'm', 'x', '{"a":18446744073709551615}'], '18446744073709551615 cannot be sent'],
    [['demo', '--fake', '--real'], 'cannot be used with option'],
    [['replay'], "missing required argument 'file'"],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runMain(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^qemu-actors: .*\n$/);
  });
});

describe('an error', () => {
  const args = ['state', '--qmp', '/nonexistent/m'];

  test('of the connection ends with exit code 1 and one line, without a stack', async () => {
    const { exitCode, stdout, stderr } = await runMain(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^qemu-actors: no socket at \/nonexistent\/m; .*\n$/);
  });

  test('with jsonl is a line on standard output too', async () => {
    const { json, stderr } = await runMain([...args, '--format', 'jsonl']);
    expect(json()).toEqual([
      { kind: 'error', code: 'ERR_CONNECT', message: expect.stringContaining('no socket at /nonexistent/m') },
    ]);
    expect(stderr).toMatch(/^qemu-actors: .*\n$/);
  });

  test.each([['--format=jsonl'], ['--format jsonl']])(
    'of the command line itself is one with %s',
    async (format) => {
      const { json } = await runMain(['watch', '--qmp', 'm', '--nope', ...format.split(' ')]);
      expect(json()).toEqual([
        { kind: 'error', code: 'ERR_USAGE', message: expect.stringContaining("unknown option '--nope'") },
      ]);
    },
  );

  test('with DEBUG has its stack', async () => {
    const { stderr } = await runMain(args, { env: { DEBUG: '1' } });
    expect(stderr).toMatch(/\n\s+at /);
  });

  test('cannot write to the terminal: control characters are made visible', async () => {
    const { stderr } = await runMain(['state', '--qmp', '/tmp/\u001b[2J\u009b31m']);
    expect(stderr).toContain('/tmp/\\x1b[2J\\x9b31m');
  });
});

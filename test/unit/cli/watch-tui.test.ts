/** `watch --tui` (docs/cli.md), as a terminal shows it. */
import xterm from '@xterm/headless';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeQemu } from '../../../src/testing/index.ts';
import { type CliRun, runMain, startMain } from './in-process.ts';

const COLUMNS = 110;
const ROWS = 12;

function start(qemus: readonly FakeQemu[], ...options: string[]): CliRun {
  const sockets = qemus.map(({ path }) => path);
  return startMain(['watch', '--qmp', ...sockets, '--tui', ...options], {
    isTTY: true,
    terminal: { columns: COLUMNS, rows: ROWS },
  });
}

/** The lines of a terminal that was given the text, without those that are empty, and with no time of day. */
async function screenOf(text: string): Promise<string[]> {
  const terminal = new xterm.Terminal({
    cols: COLUMNS,
    rows: ROWS,
    convertEol: true,
    allowProposedApi: true,
  });
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  const { active } = terminal.buffer;
  return Array.from({ length: active.length }, (_, y) => active.getLine(y)?.translateToString(true) ?? '')
    .map((line) =>
      line
        .replace(/\d\d:\d\d:\d\d\.\d{3}/g, '(time)')
        .replace(/ {2,}/g, '  ')
        .trimEnd(),
    )
    .filter((line) => line !== '');
}

/** Waits until the screen has all these lines. */
async function until(running: CliRun, ...lines: RegExp[]): Promise<string[]> {
  for (let length = -1; ; ) {
    await running.stdout.until((text) => text.length > length);
    // A picture is written in several parts, in one step.
    await new Promise((resolve) => setImmediate(resolve));
    const { text } = running.stdout;
    length = text.length;
    const screen = await screenOf(text);
    if (lines.every((line) => screen.some((each) => line.test(each)))) return screen;
  }
}

const HEAD = 'DOMAIN  STATE  SINCE  MONITOR  LAST';

describe('watch --tui', () => {
  test('shows each domain in a line of its own, which is written over as it changes', async () => {
    await using web = await FakeQemu.start({ name: 'web1' });
    await using mail = await FakeQemu.start({ name: 'mail' });
    const running = start([web, mail], '--until-stopped');
    expect(await until(running, /^web1 .*running/, /^mail .*running/)).toEqual([
      HEAD,
      'web1  running (unknown)  (time)  ready',
      'mail  running (unknown)  (time)  ready',
      'Ctrl-C ends it',
    ]);
    web.guestReset();
    mail.kill();
    expect(await until(running, /^web1 .*reboot/, /^mail .*stopped/)).toEqual([
      HEAD,
      'web1  running (unknown)  (time)  ready  (time)  reboot',
      'mail  shutoff (crashed)  (time)  lost  (time)  stopped (failed)',
      'Ctrl-C ends it',
    ]);
    web.guestShutdown();
    expect(await running.exitCode).toBe(0);
    expect(await screenOf(running.stdout.text)).toEqual([
      HEAD,
      'web1  shutoff (shutdown)  (time)  lost  (time)  stopped (shutdown)',
      'mail  shutoff (crashed)  (time)  lost  (time)  stopped (failed)',
      'Ctrl-C ends it',
    ]);
    expect(running.stderr.text).toBe('');
  });

  test('says below the table what else is said, and how many events were dropped', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    const running = start([qemu]);
    await until(running, /^web1/);
    qemu.emit('NOBODY_KNOWS', {});
    await until(running, /^dropped: 1$/);
    qemu.kill();
    await until(running, /^waiting for the next QEMU at /);
    running.send('SIGINT');
    expect(await running.exitCode).toBe(130);
  });

  test('shows as many domains as there is room for, and counts the others', async () => {
    const qemus: FakeQemu[] = [];
    for (let n = 0; n < 9; n++) {
      const qemu = await FakeQemu.start({ name: `vm${n}` });
      onTestFinished(() => qemu[Symbol.asyncDispose]());
      qemus.push(qemu);
    }
    const running = start(qemus, '--timeout', '60');
    const screen = await until(running, /^vm6 .*ready/);
    expect(screen.at(-2)).toBe('… and 2 more');
    running.send('SIGINT');
    expect(await running.exitCode).toBe(130);
  });

  test("nothing that a guest's name holds reaches the terminal", async () => {
    await using qemu = await FakeQemu.start({ name: '\u001b[2Jweb\u0007' });
    const running = start([qemu]);
    const screen = await until(running, /web.*ready/);
    expect(screen).toHaveLength(3);
    expect(running.stdout.text).not.toContain('\u001b[2J');
    expect(running.stdout.text).not.toContain('\u0007');
    running.send('SIGINT');
    await running.exitCode;
  });

  test.each([
    ['no terminal', [], {}],
    ['--format jsonl', ['--format', 'jsonl'], { isTTY: true }],
  ])('with %s is wrong usage', async (_title, options, io) => {
    const { exitCode, stderr } = await runMain(['watch', '--qmp', '/nowhere', '--tui', ...options], io);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'qemu-actors: --tui needs a terminal, and no other --format than text\n',
    });
  });
});

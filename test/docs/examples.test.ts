/** The examples run, each as a process of its own against a fake QEMU, and print what they say they print. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FakeQemu } from '../../src/testing/index.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { root } from './pages.ts';

const start = (example: string, ...args: string[]): Promise<RunningProcess> =>
  startProcess(
    process.execPath,
    [
      '--import',
      fileURLToPath(new URL('./from-source.mjs', import.meta.url)),
      `examples/${example}`,
      ...args,
    ],
    { cwd: root },
  );

/** Runs with a fake QEMU, and with what makes it tell its story. */
const runs: Readonly<Record<string, (qemu: FakeQemu, example: RunningProcess) => Promise<void>>> = {
  async 'watch.mjs'(qemu, example) {
    await example.line(/^web1 is running \(unknown\)$/);
    qemu.guestReset();
    await example.line(/^reboot \{\}$/);
    qemu.guestShutdown();
    await example.line(/event: 'shutdown', detail: 'guest'/);
    await example.line(/event: 'stopped', detail: 'shutdown'/);
  },
  async 'embed.mjs'(_qemu, example) {
    await example.line(/^running unknown ready$/);
    await example.line(/^web1 1 suspended paused$/);
    await example.line(/^paused user ready$/);
    await example.line(/^web1 1 resumed unpaused$/);
    await example.line(/^running unpaused ready$/);
    await example.line(/^the loop was asked for handles and timeouts$/);
    await example.line(/^drops \{\}$/);
    expect(example.lines().some((line) => /^ERR_STATE web1 is running; resume\(\)/.test(line))).toBe(true);
  },
  async 'dashboard.mjs'(qemu, example) {
    await example.line(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    await example.line(/^web1 is running$/);
    await qemu.terminate();
  },
  async 'qmp-alone.mjs'(qemu, example) {
    await example.line(/^QEMU is running$/);
    await example.line(/^STOP at \d+$/);
    while (qemu.status !== 'running') await new Promise((resolve) => setTimeout(resolve, 5));
    await qemu.terminate();
    await example.line(/^QEMU has ended$/);
  },
  async 'libvirt-style.mjs'(qemu, example) {
    await example.line(/^web1 is running$/);
    qemu.guestShutdown();
    await example.line(/^web1 shutdown guest$/);
    await example.line(/^web1 stopped shutdown$/);
  },
  async 'event-loop-glib.mjs'(qemu, example) {
    await example.line(/^web1 is running$/);
    await example.line(/^suspended paused$/);
    await example.line(/^resumed unpaused$/);
    qemu.guestShutdown();
    await example.line(/^stopped shutdown$/);
  },
  async 'event-loop-message-port.mjs'(qemu, example) {
    await example.line(/^web1 is running$/);
    qemu.guestReset();
    await example.line(/^reboot \{\}$/);
    qemu.guestShutdown();
    await example.line(/event: 'stopped', detail: 'shutdown'/);
  },
  async 'event-loop-simulated.mjs'(_qemu, example) {
    await example.line(/^web1 is ready after 0 ms$/);
    await example.line(/^web1 is unresponsive after \d+000 ms$/);
    await example.line(/^web1 is ready after \d+000 ms$/);
  },
  async 'simulated-runtime.mjs'(_qemu, example) {
    await example.line(/^web1 is unresponsive after 10000 ms that took none$/);
    await example.line(/^web1 is shutoff \(crashed\)$/);
  },
  async 'model-extended-domain.mjs'(_qemu, example) {
    await example.line(/^(\d+) of \1 races passed$/);
    await example.line(/^0 leave the guest frozen$/);
  },
  async 'order-machine.mjs'() {},
  async 'model-order.mjs'(_qemu, example) {
    await example.line(/^5 of 5 walks passed$/);
    await example.line(/^states: 5 of 5$/);
    await example.line(/^transitions: 8 of 8$/);
    await example.line(/^guards: 2 of 4, not cart: ADD: hasRoom is false, cart: PAY: hasItems is false$/);
    await example.line(/^a walk of \d+ steps failed; as short as it gets:$/);
    await example.line(/^ {2}ADD → cart$/);
    await example.line(/^ {2}CLEAR → cart$/);
    await example.line(/^ {2}PAY → cart$/);
  },
  async 'model-world.mjs'(_qemu, example) {
    await example.line(/^who waits gets the lock, but it is free:$/);
    await example.line(/^ +\d+\. (anna|bert) → lock: ask .* ⇒ held$/);
    await example.line(/^\d+ states, all of them: no rule is broken$/);
  },
  async 'diagram.mjs'(_qemu, example) {
    await example.line(/^stateDiagram-v2$/);
    await example.line(/^ {2}class paying active$/);
    await example.line(/^an SVG of \d+ characters$/);
    await example.line(/^8 transitions$/);
  },
};
/** Those that are told a QEMU's socket. */
const attaching = Object.keys(runs).filter((name) =>
  readFileSync(`${root}examples/${name}`, 'utf8').includes('process.argv'),
);

describe('examples', () => {
  test.each(Object.entries(runs))('%s', async (name, run) => {
    await using qemu = await FakeQemu.start({ name: 'web1', nics: [{ name: 'net0' }] });
    await using example = await start(name, qemu.path);
    await run(qemu, example);
    expect({ ...(await example.exited), stderr: example.stderr() }).toEqual({
      code: 0,
      signal: null,
      stderr: '',
    });
  });

  test.each(attaching)('%s says what is wrong when there is no QEMU', async (name) => {
    await using example = await start(name, '/nowhere/qmp.sock');
    expect(await example.exited).toEqual({ code: 1, signal: null });
    expect(example.stderr()).toContain('no socket at /nowhere/qmp.sock');
  });

  test('each has its run', () => {
    expect(readdirSync(`${root}examples`).filter((file) => file.endsWith('.mjs') && !(file in runs))).toEqual(
      [],
    );
  });
});

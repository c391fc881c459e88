/** `watch` (docs/cli.md), with a fake QEMU. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import { QmpClient } from '../../../src/qmp/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { FakeHost, trustedNic } from '../../support/fake-host.ts';
import { brief } from './cli-process.ts';
import { type CliOptions, type CliRun, hastyRuntime, startMain } from './in-process.ts';

const UUID = '11111111-2222-4333-8444-555555555555';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp('/tmp/qa-');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const briefs = (running: CliRun): string[] => running.json().map((line) => brief(line as never));
const countOf = (text: string, part: string): number => text.split(part).length - 1;

function start(qemus: readonly FakeQemu[], args: readonly string[], options?: CliOptions): CliRun {
  const sockets = qemus.map(({ path }) => path);
  return startMain(['watch', '--qmp', ...sockets, '--format', 'jsonl', ...args], options);
}

/** Attached to all of them. */
async function watch(
  qemus: readonly FakeQemu[],
  args: readonly string[] = [],
  options?: CliOptions,
): Promise<CliRun> {
  const running = start(qemus, args, options);
  await running.stdout.until((text) => countOf(text, '"attached":true') === qemus.length);
  return running;
}

async function configFile(content: unknown): Promise<string> {
  const file = `${directory}/vm.json`;
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('a line', () => {
  test('has kind, domain, uuid, id and incarnation, whatever it tells', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1', uuid: UUID });
    const running = await watch([qemu], ['--raw', '--outcomes', '--until-stopped']);
    qemu.emit('NOBODY_KNOWS', { of: 'this' });
    qemu.guestReset();
    qemu.guestShutdown();
    expect(await running.exitCode).toBe(0);

    const lines = running.json();
    const [{ incarnation }] = lines as [{ incarnation: string }];
    expect(incarnation).toMatch(/^[0-9a-f-]{36}$/);
    for (const line of lines)
      expect(line).toMatchObject(
        line.active === false
          ? { domain: 'web1', uuid: UUID, id: null, incarnation: null }
          : { domain: 'web1', uuid: UUID, id: 1, incarnation },
      );
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(
      new Set(['state', 'monitor-event', 'drop', 'event', 'outcome']),
    );
  });

  test('of a state says attached, and connected when the monitor is lost and back', async () => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu]);
    qemu.faults.closeAfterBytes(0);
    qemu.emit('POWERDOWN');
    await running.stdout.until((text) => text.includes('"connected":true'));
    running.send('SIGINT');
    await running.exitCode;
    const ofMonitor = running.json().filter(({ kind }) => kind === 'state');
    expect(ofMonitor).toMatchObject([
      { state: 'running', reason: 'unknown', active: true, monitor: 'ready', attached: true },
      { state: 'running', reason: 'unknown', active: true, monitor: 'lost', connected: false },
      { state: 'running', reason: 'unknown', active: true, monitor: 'ready', connected: true },
    ]);
  });

  test('of an event that was found by comparing after a gap says reconstructed', async () => {
    await using qemu = await FakeQemu.start({ monitors: 2 });
    const running = await watch([qemu]);
    const other = await QmpClient.connect(qemu.addresses[1] ?? '');
    // STOP is lost with the connection.
    qemu.faults.closeAfterBytes(0);
    await other.execute('stop');
    await running.stdout.until((text) => text.includes('"connected":true'));
    await other.close();
    running.send('SIGINT');
    await running.exitCode;
    expect(briefs(running)).toEqual([
      '= running unknown attached',
      '= running unknown lost',
      'suspended paused reconstructed',
      '= paused unknown',
    ]);
  });

  test('of text has time, domain and words of libvirt, in colour only on a terminal', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    const attach = async (options: CliOptions): Promise<string> => {
      const running = startMain(['watch', '--qmp', qemu.path], options);
      await running.stdout.until((text) => text !== '');
      running.send('SIGINT');
      await running.exitCode;
      return running.stdout.text;
    };
    for (const options of [
      {},
      { isTTY: true, env: { NO_COLOR: '1' } },
      { isTTY: true, env: { TERM: 'dumb' } },
    ])
      expect(await attach(options)).toMatch(
        /^\d\d:\d\d:\d\d\.\d{3} {2}web1 {2}is running \(unknown\), attached\n$/,
      );
    expect(await attach({ isTTY: true })).toContain('\u001b[1mweb1\u001b[22m');
  });

  test('of text cannot write to the terminal, nor break', async () => {
    await using qemu = await FakeQemu.start({ name: 'a\u001b[2J\nb' });
    const running = startMain(['watch', '--qmp', qemu.path, '--raw']);
    await running.stdout.until((text) => text !== '');
    qemu.emit('EVIL', { text: '\u007f\u009b' });
    await running.stdout.until((text) => text.includes('EVIL'));
    running.send('SIGINT');
    await running.exitCode;
    expect(running.stdout.text).toContain('a\\x1b[2J\\x0ab');
    expect(running.stdout.text).toContain('{"text":"\\x7f\\x9b"}');
  });
});

describe('--events, --raw, --outcomes', () => {
  test('--events filters event lines, and nothing else', async () => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu], ['--events', 'reboot, watchdog', '--until-stopped']);
    qemu.guestReset();
    qemu.kill();
    expect(await running.exitCode).toBe(0);
    expect(briefs(running)).toEqual([
      '= running unknown attached',
      'reboot',
      '= running unknown lost',
      '= shutoff crashed',
    ]);
  });

  test('without --raw and --outcomes there are no such lines', async () => {
    await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
    const running = await watch([qemu], ['--until-stopped']);
    qemu.setRxFilter('net0', { promiscuous: false });
    qemu.kill();
    await running.exitCode;
    const kinds = running.json().map(({ kind }) => kind);
    expect(kinds).not.toContain('monitor-event');
    expect(kinds).not.toContain('outcome');
  });

  test('--raw has every QMP event, known or not, with its timestamp and data', async () => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu], ['--raw']);
    qemu.emit('BALLOON_CHANGE', { actual: 5 });
    await running.stdout.until((text) => text.includes('BALLOON'));
    running.send('SIGINT');
    await running.exitCode;
    expect(running.json().find(({ kind }) => kind === 'monitor-event')).toMatchObject({
      event: 'BALLOON_CHANGE',
      timestamp: { seconds: expect.any(Number), microseconds: expect.any(Number) },
      data: { actual: 5 },
    });
  });

  test('drops are counted: one line at once, then at most one a second for each reason, and the rest at the end', async () => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu]);
    for (let n = 0; n < 100; n += 1) qemu.emit('NOBODY_KNOWS');
    for (let n = 0; n < 10; n += 1) qemu.emit('NOR_THIS');
    qemu.emit('NIC_RX_FILTER_CHANGED', { name: 7 });
    qemu.guestReset();
    await running.stdout.until((text) => text.includes('reboot'));
    running.send('SIGINT');
    expect(await running.exitCode).toBe(130);
    const drops = running.json().filter(({ kind }) => kind === 'drop');
    expect(drops.map(({ reason, event, count }) => ({ reason, event, count }))).toEqual([
      { reason: 'unknown', event: 'NOBODY_KNOWS', count: 1 },
      { reason: 'wrong-type', event: 'NIC_RX_FILTER_CHANGED', count: 1 },
      { reason: 'unknown', event: 'NOBODY_KNOWS', count: 99 },
      { reason: 'unknown', event: 'NOR_THIS', count: 10 },
    ]);
  });
});

describe('it ends', () => {
  test('with --once after the first event that --events lets through, and prints nothing after it', async () => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu], ['--once', '--events', 'reboot']);
    qemu.watchdog('none');
    qemu.guestReset();
    qemu.guestReset();
    expect(await running.exitCode).toBe(0);
    expect(briefs(running)).toEqual(['= running unknown attached', 'reboot']);
  });

  test('with --until-stopped after every domain stopped, and not before', async () => {
    await using one = await FakeQemu.start({ name: 'one' });
    await using other = await FakeQemu.start({ name: 'other' });
    const running = await watch([one, other], ['--until-stopped', '--events', 'reboot']);
    one.kill();
    await running.stdout.until((text) => text.includes('shutoff'));
    other.guestReset();
    await running.stdout.until((text) => text.includes('reboot'));
    other.kill();
    expect(await running.exitCode).toBe(0);
    expect(running.json().filter(({ state }) => state === 'shutoff')).toHaveLength(2);
  });

  test('with --timeout: 124 if --once or --until-stopped was not met, else 0; an absent monitor counts too', async () => {
    await using qemu = await FakeQemu.start();
    for (const [args, expected] of [
      [['--qmp', qemu.path], 0],
      [['--qmp', qemu.path, '--once'], 124],
      [['--qmp', qemu.path, '--until-stopped'], 124],
      [['--qmp', `${directory}/none`], 0],
      [['--qmp', `${directory}/none`, '--once'], 124],
    ] as const) {
      const running = startMain(['watch', ...args, '--timeout', '0.1', '--format', 'jsonl']);
      expect(await running.exitCode).toBe(expected);
      const errors = running.json().filter(({ kind }) => kind === 'error');
      expect(errors).toMatchObject(expected === 0 ? [] : [{ code: 'ERR_TIMEOUT' }]);
    }
    expect(qemu.connections).toBe(0);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s with %i, and QEMU is left as it is', async (signal, expected) => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu]);
    running.send(signal);
    expect(await running.exitCode).toBe(expected);
    expect(briefs(running)).toEqual(['= running unknown attached']);
    expect({ alive: qemu.alive, status: qemu.status }).toEqual({ alive: true, status: 'running' });
    expect(running.stderr.text).toBe('');
  });

  test('with 0 when nobody reads standard output any more', async () => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu]);
    running.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await running.exitCode).toBe(0);
    expect(running.stderr.text).toBe('');
  });

  test('it sends nothing that changes QEMU: an observer only asks', async () => {
    await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
    const config = await configFile({ devices: [trustedNic] });
    const running = await watch([qemu], ['--config', config], { runtime: new FakeHost().runtime });
    qemu.setRxFilter('net0', { promiscuous: false });
    await running.stdout.until((text) => countOf(text, 'nic-rx-filter-change') === 2);
    running.send('SIGINT');
    await running.exitCode;
    for (const { command } of qemu.received)
      expect(command).toMatch(/^(qmp_capabilities|query-.*|qom-list|qom-get)$/);
  });
});

describe('a monitor that cannot be used is waited for, which is said once, by name', () => {
  test('an absent socket', async () => {
    const path = `${directory}/m`;
    const running = startMain(['watch', '--qmp', path, '--format', 'jsonl'], { runtime: hastyRuntime(20) });
    await running.stderr.until((text) => text !== '');
    await using qemu = await FakeQemu.start({ path });
    await running.stdout.until((text) => text.includes('"attached":true'));
    running.send('SIGINT');
    await running.exitCode;
    expect(running.stderr.lines).toEqual([
      expect.stringMatching(`^qemu-actors: waiting: no socket at ${path}; `),
    ]);
    expect(qemu.alive).toBe(true);
  });

  test('a socket that another client holds', async () => {
    await using qemu = await FakeQemu.start();
    const other = await QmpClient.connect(qemu.path);
    const running = start([qemu], [], { runtime: hastyRuntime(20) });
    await running.stderr.until((text) => text !== '');
    await other.close();
    await running.stdout.until((text) => text.includes('"attached":true'));
    running.send('SIGINT');
    await running.exitCode;
    expect(running.stderr.lines).toEqual([
      expect.stringMatching(
        `^qemu-actors: ${qemu.path}: no QMP greeting .* another client may hold this monitor`,
      ),
    ]);
  });

  test('something that is not QMP', async () => {
    await using qemu = await FakeQemu.start();
    qemu.faults.greeting('SSH-2.0-OpenSSH\r\n');
    const running = start([qemu], [], { runtime: hastyRuntime(20) });
    await running.stderr.until((text) => text !== '');
    qemu.faults.clear();
    await running.stdout.until((text) => text.includes('"attached":true'));
    running.send('SIGINT');
    await running.exitCode;
    expect(running.stderr.lines).toEqual([
      expect.stringMatching(`^qemu-actors: ${qemu.path}: not a QMP monitor: `),
    ]);
  });

  test('the next QEMU on the same socket, which begins with started booted', async () => {
    await using qemu = await FakeQemu.start();
    const running = await watch([qemu], [], { runtime: hastyRuntime(5) });
    qemu.kill();
    await running.stderr.until((text) => text !== '');
    await qemu.restart();
    await running.stdout.until((text) => text.includes('started'));
    await running.stdout.until((text) => countOf(text, '"attached":true') === 2);
    running.send('SIGINT');
    await running.exitCode;
    expect(briefs(running)).toEqual([
      '= running unknown attached',
      '= running unknown lost',
      'stopped failed',
      '= shutoff crashed',
      'started booted',
      '= running booted attached',
    ]);
    expect(running.stderr.lines).toEqual([`qemu-actors: waiting for the next QEMU at ${qemu.path}`]);
    expect(running.json().map(({ id }) => id)).toEqual([1, 1, 1, null, 2, 2]);
  });
});

describe('--host', () => {
  const filter = { promiscuous: false, 'multicast-table': ['01:00:5e:00:00:fb'] };

  const looked = '"type":"nicRxFilterChanged"';

  async function hostLines(host: string, of: FakeHost): Promise<CliRun> {
    await using qemu = await FakeQemu.start({ nics: [{ name: 'net0', filter: { 'main-mac': of.mac } }] });
    const config = await configFile({ devices: [trustedNic] });
    const args = ['--config', config, '--host', host, '--outcomes'];
    const running = await watch([qemu], args, { runtime: of.runtime });
    if (host !== 'off') await running.stdout.until((text) => text.includes(looked));
    qemu.setRxFilter('net0', filter);
    await running.stdout.until((text) => countOf(text, looked) >= (host === 'off' ? 1 : 2));
    running.send('SIGINT');
    await running.exitCode;
    return running;
  }

  test('dry-run reports each change that is due, in order, and makes none', async () => {
    const host = new FakeHost();
    const running = await hostLines('dry-run', host);
    expect(running.json().filter(({ kind }) => kind === 'host')).toMatchObject([
      { device: 'net0', interface: 'macvtap0', change: { type: 'set-promiscuous', on: true }, dryRun: true },
      { change: { type: 'add-multicast', mac: '01:00:5e:00:00:fb' }, dryRun: true },
    ]);
    expect(host.writes).toEqual([]);
  });

  test('apply makes them', async () => {
    const host = new FakeHost();
    const running = await hostLines('apply', host);
    expect(running.json().filter(({ kind }) => kind === 'host')).toMatchObject([
      { change: { type: 'set-promiscuous', on: true }, dryRun: false },
      { change: { type: 'add-multicast', mac: '01:00:5e:00:00:fb' }, dryRun: false },
      { change: { type: 'set-promiscuous', on: false }, dryRun: false },
    ]);
    expect(host.groups).toEqual(['01:00:5e:00:00:fb']);
  });

  test('off asks nobody, and says so if a NIC trusts its guest', async () => {
    const host = new FakeHost();
    const running = await hostLines('off', host);
    expect(running.json().filter(({ kind }) => kind === 'host')).toEqual([]);
    expect(running.stderr.text).toMatch(/with --host off the filter of net0 is not followed/);
    expect(host.commands).toEqual([]);
  });
});

describe('--config', () => {
  test('gives a QEMU without -name and -uuid its own', async () => {
    await using qemu = await FakeQemu.start();
    const config = await configFile({
      kind: 'domain',
      mode: 'manager',
      description: 'the first line of a recording',
      name: 'web1',
      uuid: UUID,
      onPoweroff: 'destroy',
      devices: [{ type: 'graphics', protocol: 'vnc' }],
    });
    const running = await watch([qemu], ['--config', config, '--timeout', '0.1']);
    expect(await running.exitCode).toBe(0);
    expect(running.json()).toMatchObject([{ domain: 'web1', uuid: UUID }]);
  });

  test('a list goes by monitor, or by the order of --qmp', async () => {
    await using one = await FakeQemu.start();
    await using other = await FakeQemu.start();
    const { path } = one;
    for (const list of [
      [{ name: 'first' }, { name: 'second' }],
      [
        { name: 'second', monitor: other.path },
        { name: 'first', monitor: path },
      ],
    ]) {
      const running = await watch([one, other], ['--config', await configFile(list)]);
      one.guestReset();
      await running.stdout.until((text) => text.includes('reboot'));
      running.send('SIGINT');
      await running.exitCode;
      expect(running.json().find(({ kind }) => kind === 'event')).toMatchObject({ domain: 'first' });
    }
  });

  test.each<[string, unknown, string]>([
    ['an unknown key', { nmae: 'web1' }, 'nmae: unknown key'],
    [
      'one of a device',
      [{ devices: [{ ...trustedNic, trusted: 1 }] }],
      '[0].devices[0].trusted: unknown key',
    ],
    [
      'a wrong value',
      { devices: [{ type: 'net', alias: 'net0', mac: 'x' }] },
      'devices[0].mac: expected six pairs',
    ],
    ['a wrong uuid', { uuid: 'x' }, 'uuid: expected a uuid'],
    ['something else', '"text"', 'Invalid input: expected object'],
    ['what is not JSON', '{\n  "name": "web1",\n}', ''],
    ['more domains than monitors', [{}, {}], '[1]: there are only 1 --qmp'],
    ['a monitor that is not watched', { monitor: '/other' }, 'monitor: there is no --qmp /other'],
    ['another name than QEMU has', [{ name: 'web2' }], '[0]: this QEMU is named web1, not web2'],
    [
      'another uuid than QEMU has',
      { uuid: UUID },
      `this QEMU has the uuid ${UUID.replace('1', '2')}, not ${UUID}`,
    ],
  ])('is refused with exit code 2 for %s, with file and place', async (_title, content, message) => {
    await using qemu = await FakeQemu.start({ name: 'web1', uuid: UUID.replace('1', '2') });
    const config = await configFile(content);
    const running = start([qemu], ['--config', config]);
    expect(await running.exitCode).toBe(2);
    const [error, ...more] = running.json();
    expect(more).toEqual([]);
    expect(error).toMatchObject({ kind: 'error', code: 'ERR_INPUT' });
    const where = message === '' ? `${config}:3: not JSON: ` : `${config}: ${message}`;
    expect(String(error?.message).slice(0, where.length)).toBe(where);
    expect(running.stderr.lines).toHaveLength(1);
    expect(qemu.alive).toBe(true);
  });

  test('a file that cannot be read is refused with exit code 2', async () => {
    const running = startMain(['watch', '--qmp', 'm', '--config', `${directory}/none`], {
      runtime: createNodeRuntime(),
    });
    expect(await running.exitCode).toBe(2);
    expect(running.stderr.text).toContain(`${directory}/none: ENOENT`);
  });
});

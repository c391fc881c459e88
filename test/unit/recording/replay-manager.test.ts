import { describe, expect, test } from 'vitest';
import { DropCounters } from '../../../src/diagnostics.ts';
import {
  asked,
  done,
  eof,
  event,
  manager,
  play,
  replayed,
  reply,
  send,
  started,
  step,
  text,
} from './helpers.ts';

const BOOT = ['1 resumed unpaused', '1 started booted', '1 running (booted)'];
const NIC = { type: 'net', alias: 'net0', mac: '52:54:00:12:34:56', trustGuestRxFilters: true };
const filter = {
  ...{ name: 'net0', promiscuous: false, multicast: 'normal', unicast: 'normal', vlan: 'normal' },
  ...{ 'broadcast-allowed': true, 'multicast-overflow': false, 'unicast-overflow': false },
  ...{ 'main-mac': '52:54:00:99:99:99', 'vlan-table': [], 'unicast-table': [], 'multicast-table': [] },
};
const rxChanged = (t: number) => event(t, 'NIC_RX_FILTER_CHANGED', { name: 'net0', path: '/net0' });

describe('what a manager was asked is the reason of what QEMU then does', () => {
  test('start: resumed, then started at the end of the call', async () => {
    expect(await replayed(...started())).toEqual(BOOT);
  });

  test.each([
    ['suspend', {}, 'paused (user)'],
    ['save', {}, 'paused (save)'],
    ['dump', {}, 'paused (dump)'],
    ['snapshot-create-as', {}, 'paused (save)'],
    ['snapshot-create-as', { memspec: 'file=m' }, 'paused (snapshot)'],
    ['migrate', {}, 'paused (migration)'],
  ])('%s %o: %s', async (operation, options, state) => {
    const lines = [asked(2, operation, options), send(2, 's', 'stop'), event(2, 'STOP'), reply(2, 's')];
    expect((await replayed(...started(), ...lines, done(2, false))).at(-1)).toBe(`2 ${state}`);
  });

  test('a stop by another client of QEMU has the reason unknown', async () => {
    const lines = [step(2, { by: 'qemu' }), event(2, 'STOP'), done(2)];
    expect(await replayed(...started(), ...lines)).toEqual([
      ...BOOT,
      '2 suspended paused',
      '2 paused (unknown)',
    ]);
  });

  test('a raw stop through the manager is not its operation', async () => {
    const lines = [step(2, { by: 'qemu' }), send(2, 's', 'stop'), event(2, 'STOP'), reply(2, 's'), done(2)];
    expect((await replayed(...started(), ...lines)).at(-1)).toBe('2 paused (unknown)');
  });

  test('a reason that no event used is forgotten with the reply', async () => {
    const lines = [
      ...[asked(2, 'suspend'), send(2, 's', 'stop'), reply(2, 's'), done(2)],
      ...[step(3, { by: 'qemu' }), event(3, 'STOP'), done(3)],
    ];
    expect((await replayed(...started(), ...lines)).at(-1)).toBe('3 paused (unknown)');
  });

  test('calls in parallel count in their order, each by its first send', async () => {
    const parallel = ['suspend', 'resume', 'suspend'].map((operation) => ({
      by: 'manager',
      call: { operation },
      ok: true,
    }));
    const lines = [
      step(2, { by: 'several', parallel }),
      ...[send(2, 'a', 'stop'), event(2, 'STOP'), reply(2, 'a')],
      ...[send(2, 'b', 'cont'), event(2, 'RESUME'), reply(2, 'b')],
      done(2),
    ];
    expect((await replayed(...started(), ...lines)).slice(3)).toEqual([
      '2 suspended paused',
      '2 resumed unpaused',
      '2 running (unpaused)',
    ]);
  });

  test('several calls of one step are made in turn', async () => {
    const lines = [
      manager(),
      step(1, {
        by: 'manager',
        calls: [{ operation: 'define' }, { operation: 'start' }, { operation: 'suspend' }],
      }),
      ...[send(1, 'q', 'qmp_capabilities'), reply(1, 'q')],
      ...[send(1, 'a', 'cont'), event(1, 'RESUME'), reply(1, 'a')],
      ...[send(1, 'b', 'stop'), event(1, 'STOP'), reply(1, 'b')],
      done(1),
    ];
    expect(await replayed(...lines)).toEqual([
      '1 defined added',
      '1 resumed unpaused',
      '1 started booted',
      '1 suspended paused',
      '1 paused (user)',
    ]);
  });

  test('a save that is canceled in a later step resumes as save-canceled', async () => {
    const lines = [
      ...[asked(2, 'save'), send(2, 'a', 'stop'), event(2, 'STOP'), reply(2, 'a')],
      ...[asked(3, 'domjobabort'), send(3, 'b', 'cont'), event(3, 'RESUME'), reply(3, 'b'), done(3)],
      { ...done(2, false), t: 3 },
    ];
    expect((await replayed(...started(), ...lines)).slice(3)).toEqual([
      '2 suspended paused',
      '3 resumed unpaused',
      '3 running (save-canceled)',
      '2 running (save-canceled)',
    ]);
  });
});

describe('how a run ends', () => {
  const shutdown = (t: number) => event(t, 'SHUTDOWN', { guest: false, reason: 'host-signal' });

  test('destroy: stopped destroyed', async () => {
    const lines = [asked(2, 'destroy'), shutdown(2), eof(2, true), done(2)];
    expect((await replayed(...started(), ...lines)).filter((line) => !line.includes('monitorEof'))).toEqual([
      ...BOOT,
      '2 shutdown host',
      '2 stopped destroyed',
      '2 shutoff (destroyed)',
    ]);
  });

  test('a destroy that lost against the end of QEMU did nothing', async () => {
    const parallel = [
      { by: 'os', ok: true },
      { by: 'manager', call: { operation: 'destroy' }, ok: false },
    ];
    const lines = [step(2, { by: 'several', parallel }), shutdown(2), eof(2, true), done(2, false)];
    expect((await replayed(...started(), ...lines)).at(-1)).toBe('2 shutoff (shutdown)');
  });

  test.each([
    [true, '2 shutoff (crashed)'],
    [null, '2 shutoff (crashed)'],
    [false, '2 running (booted)'],
  ])('an end of the connection with gone %s', async (gone, state) => {
    expect((await replayed(...started(), step(2, { by: 'os' }), eof(2, gone), done(2))).at(-1)).toBe(state);
  });

  test('save: the manager closes its monitor, then it is stopped saved', async () => {
    const lines = [
      ...[asked(2, 'save'), send(2, 'a', 'stop'), event(2, 'STOP'), reply(2, 'a')],
      { ...shutdown(2), onlyOtherMonitor: true },
      ...[eof(2, true, { monitor: 'other' }), done(2)],
    ];
    expect((await replayed(...started(), ...lines)).filter((line) => !line.includes('monitorEof'))).toEqual([
      ...BOOT,
      '2 suspended paused',
      '2 stopped saved',
      '2 shutoff (saved)',
    ]);
  });

  test('a start that fails is announced to nobody', async () => {
    expect(await replayed(manager(), asked(1, 'start'), done(1, false))).toEqual(['1 shutoff (failed)']);
  });

  test('after a start that failed there is no monitor', async () => {
    const items = await play(text(manager(), asked(1, 'start'), done(1, false)));
    expect(items.at(-1)?.args).toMatchObject({ active: false, monitor: 'lost' });
  });

  test('a start that is refused because the domain runs leaves it running', async () => {
    expect((await replayed(...started(), asked(2, 'start'), done(2, false))).at(-1)).toBe(
      '2 running (booted)',
    );
  });
});

describe('a start that is not a cold one (domain-states.md §4)', () => {
  const boot = (t: number) => [send(t, 'n', 'qmp_capabilities'), reply(t, 'n')];

  test('start --paused: started booted, suspended paused, paused (user)', async () => {
    const lines = [manager(), asked(1, 'start', { paused: true }), ...boot(1), done(1)];
    expect(await replayed(...lines)).toEqual(['1 started booted', '1 suspended paused', '1 paused (user)']);
  });

  test('restore --paused: started restored, suspended paused, paused (migration)', async () => {
    const lines = [manager(), asked(1, 'restore', { paused: true }), ...boot(1), done(1)];
    expect(await replayed(...lines)).toEqual([
      '1 started restored',
      '1 suspended paused',
      '1 paused (migration)',
    ]);
  });

  const defined = [asked(2, 'define'), done(2)];
  const revert = [
    ...[asked(3, 'snapshot-revert'), ...boot(3), send(3, 'r', 'cont'), event(3, 'RESUME')],
    ...[reply(3, 'r'), done(3)],
  ];
  const reverted = [
    '3 started from-snapshot',
    '3 resumed from-snapshot',
    '3 defined from-snapshot',
    '3 running (from-snapshot)',
  ];

  test('snapshot-revert of a domain that runs ends its QEMU first, whose end nobody recorded', async () => {
    const all = await replayed(...started(), ...defined, ...revert);
    expect(all.filter((line) => line.startsWith('3') && !line.includes('monitorEof'))).toEqual([
      '3 stopped from-snapshot',
      ...reverted,
    ]);
  });

  test('snapshot-revert of a domain that runs, the end of its QEMU seen elsewhere', async () => {
    const [first, ...rest] = revert;
    const ended = eof(3, true, { monitor: 'other' });
    const all = await replayed(...started(), ...defined, first as object, ended, ...rest);
    expect(all.filter((line) => line.startsWith('3') && !line.includes('monitorEof'))).toEqual([
      '3 stopped from-snapshot',
      ...reverted,
    ]);
  });

  test('snapshot-revert to a paused snapshot: suspended from-snapshot', async () => {
    const lines = [asked(3, 'snapshot-revert'), ...boot(3), done(3)];
    expect((await replayed(manager(), ...lines)).slice(-3)).toEqual([
      '3 started from-snapshot',
      '3 suspended from-snapshot',
      '3 paused (from-snapshot)',
    ]);
  });
});

describe('policies of a manager', () => {
  const off = event(2, 'SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
  const reboot = [
    ...[off, event(2, 'STOP'), send(2, 'a', 'system_reset'), event(2, 'RESET'), reply(2, 'a')],
    ...[send(2, 'b', 'cont'), event(2, 'RESUME'), reply(2, 'b'), done(2)],
  ];
  const guest = step(2, { by: 'guest' });

  test('onPoweroff restart hides the power-off (qemu_process.c:qemuProcessHandleShutdown)', async () => {
    const all = await replayed(...started({ onPoweroff: 'restart' }), guest, ...reboot);
    expect(all.slice(3).filter((line) => !line.includes('drop'))).toEqual([
      '2 reboot',
      '2 shutdownOrReboot done',
      '2 running (booted)',
    ]);
  });

  test('onCrash destroy: crashed panicked, stopped crashed, and no shutdown (qemu_driver.c:processGuestPanicEvent)', async () => {
    const lines = [guest, event(2, 'GUEST_PANICKED'), event(2, 'STOP'), eof(2, true, { monitor: 'other' })];
    const all = await replayed(...started({ onCrash: 'destroy' }), ...lines, done(2));
    const told = all.slice(3).filter((line) => !/drop|done/.test(line));
    expect(told).toEqual(['2 crashed panicked', '2 stopped crashed', '2 shutoff (crashed)']);
  });

  test('a reset of a crashed domain pauses it, silently (domain-states.md §2.3)', async () => {
    const lines = [
      ...[guest, event(2, 'GUEST_PANICKED'), done(2), asked(3, 'reset'), send(3, 'a', 'system_reset')],
      ...[event(3, 'RESET'), reply(3, 'a'), done(3)],
    ];
    const all = await replayed(...started({ onCrash: 'preserve' }), ...lines);
    expect(all.slice(-2)).toEqual(['3 reboot', '3 paused (crashed)']);
  });
});

test('a rename is undefined renamed, defined renamed', async () => {
  const lines = [asked(1, 'define'), done(1), asked(2, 'domrename'), done(2)];
  expect((await replayed(manager(), ...lines)).slice(2)).toEqual([
    '2 undefined renamed',
    '2 defined renamed',
    '2 shutoff (unknown)',
  ]);
});

describe('a manager that was away', () => {
  const away = [asked(2, 'manager-stop'), done(2)];
  const back = (status: string) => [
    asked(4, 'manager-start'),
    send(4, 'q', 'query-status'),
    reply(4, 'q', { status, running: status === 'running' }),
    done(4),
  ];

  test('sees nothing, and finds the difference when it is back; a pause is taken for one of its user (qemu_monitor.c:qemuMonitorVMStatusToPausedReason)', async () => {
    const meanwhile = [step(3, { by: 'qemu' }), { ...event(3, 'STOP'), onlyOtherMonitor: true }, done(3)];
    expect((await replayed(...started(), ...away, ...meanwhile, ...back('paused'))).slice(3)).toEqual([
      '2 running (booted)',
      '3 running (booted)',
      '4 suspended paused (reconstructed)',
      '4 paused (user)',
    ]);
  });

  test('knows state and reason as before if nothing changed', async () => {
    expect((await replayed(...started(), ...away, ...back('running'))).slice(3)).toEqual([
      '2 running (booted)',
      '4 running (booted)',
    ]);
  });

  test('lets a guest run that a save had stopped (qemu_process.c:qemuProcessRecoverJob)', async () => {
    const lines = [
      ...[asked(2, 'save'), send(2, 's', 'stop'), event(2, 'STOP'), reply(2, 's')],
      ...[asked(3, 'manager-kill'), done(3), { ...done(2, false), t: 3 }, asked(4, 'manager-start')],
      ...[send(4, 'q', 'query-status'), reply(4, 'q', { status: 'paused', running: false })],
      ...[send(4, 'c', 'cont'), event(4, 'RESUME'), reply(4, 'c'), done(4)],
    ];
    const all = await replayed(...started(), ...lines);
    expect(all.slice(-2)).toEqual(['4 resumed unpaused', '4 running (save-canceled)']);
  });

  test('finds a QEMU gone that does not answer', async () => {
    const meanwhile = [step(3, { by: 'os' }), eof(3, true, { monitor: 'other' }), done(3)];
    const lines = await replayed(...started(), ...away, ...meanwhile, asked(4, 'manager-start'), done(4));
    expect(lines.slice(-2)).toEqual(['4 stopped failed (reconstructed)', '4 shutoff (crashed)']);
  });
});

describe('a command that a handler sends', () => {
  test('is answered with the next recorded one of its name', async () => {
    const lines = [
      ...[step(2, { by: 'guest' }), rxChanged(2), send(2, 'x', 'query-rx-filter', { name: 'net0' })],
      ...[reply(2, 'x', [filter]), done(2)],
    ];
    expect((await replayed(...started({ devices: [NIC] }), ...lines)).slice(3)).toEqual([
      '2 nic-mac-change',
      '2 nic-rx-filter-change',
      '2 nicRxFilterChanged done',
      '2 running (booted)',
    ]);
  });

  test('is answered where its reply stands, not before', async () => {
    const lines = [
      ...[step(2, { by: 'guest' }), rxChanged(2), send(2, 'x', 'query-rx-filter'), event(2, 'STOP')],
      ...[reply(2, 'x', [filter]), done(2)],
    ];
    const items = await replayed(...started({ devices: [NIC] }), ...lines);
    expect(items.indexOf('2 suspended paused')).toBeLessThan(items.indexOf('2 nic-rx-filter-change'));
  });

  test('is not recorded: the outcome is ignored', async () => {
    const lines = [step(2, { by: 'guest' }), rxChanged(2), done(2)];
    expect((await replayed(...started({ devices: [NIC] }), ...lines)).slice(3)).toEqual([
      '2 nicRxFilterChanged ignored: not recorded',
      '2 running (booted)',
    ]);
  });

  test('is not matched with one of a later step', async () => {
    const lines = [
      ...[step(2, { by: 'guest' }), rxChanged(2), done(2)],
      ...[step(3, { by: 'guest' }), send(3, 'x', 'query-rx-filter'), reply(3, 'x', [filter]), done(3)],
    ];
    expect(await replayed(...started({ devices: [NIC] }), ...lines)).toContain(
      '2 nicRxFilterChanged ignored: not recorded',
    );
  });

  test('ends as live when the connection ends before its reply', async () => {
    const lines = [
      step(2, { by: 'os' }),
      rxChanged(2),
      send(2, 'x', 'query-rx-filter'),
      eof(2, true),
      done(2),
    ];
    expect((await replayed(...started({ devices: [NIC] }), ...lines)).slice(3)).toEqual([
      '2 nicRxFilterChanged ignored: monitor lost',
      '2 monitorEof done',
      '2 stopped failed',
      '2 shutoff (crashed)',
    ]);
  });

  test('waits for a reply that never came as long as live', async () => {
    const lines = [
      ...[step(2, { by: 'guest' }), rxChanged(2), send(2, 'x', 'query-rx-filter'), done(2)],
      ...[
        { ...step(3, { by: 'harness' }), t: 60_000 },
        { ...done(3), t: 60_000 },
      ],
    ];
    const items = await replayed(...started({ devices: [NIC] }), ...lines);
    expect(items).toContain('2 nicRxFilterChanged failed: no reply to query-rx-filter within 10000 ms');
  });

  test('an interface of the host is not recorded either', async () => {
    const nic = { ...NIC, host: { interface: 'macvtap0', kind: 'macvtap' } };
    const lines = [
      ...[step(2, { by: 'guest' }), rxChanged(2), send(2, 'x', 'query-rx-filter')],
      ...[reply(2, 'x', [filter]), done(2)],
    ];
    expect(await replayed(...started({ devices: [nic] }), ...lines)).toContain(
      '2 nicRxFilterChanged ignored: not recorded',
    );
  });
});

describe('a replay', () => {
  test('yields the same items each time', async () => {
    const lines = [step(2, { by: 'guest' }), rxChanged(2), event(2, 'STOP'), done(2)];
    const content = text(...started({ devices: [NIC] }), ...lines);
    const once = JSON.stringify(await play(content));
    expect(JSON.stringify(await play(content))).toBe(once);
  });

  test('counts ids from 1, one for each run', async () => {
    const again = (n: number) => [
      ...[asked(n, 'start'), send(n, 'c', 'cont'), event(n, 'RESUME'), reply(n, 'c'), done(n)],
      ...[step(n + 1, { by: 'os' }), eof(n + 1, true), done(n + 1)],
    ];
    const items = await play(text(manager(), ...again(1), ...again(3)));
    expect(
      items.flatMap(({ type, args, id, incarnation }) =>
        type === 'lifecycle' && args.event === 'stopped' ? [[id, incarnation]] : [],
      ),
    ).toEqual([
      [1, '00000000-0000-4000-8000-000000000001'],
      [2, '00000000-0000-4000-8000-000000000002'],
    ]);
  });

  test('counts what it ignores', async () => {
    const counters = new DropCounters();
    const lines = [
      ...[asked(2, 'frobnicate'), event(2, 'STOP'), { ...event(2, 'RESUME'), onlyOtherMonitor: true }],
      ...[event(2, 'NOBODY_KNOWS'), done(2)],
    ];
    await play(text(...started(), ...lines), counters);
    expect(counters.toJSON()).toEqual({
      operation: { frobnicate: 1 },
      'other-monitor': { RESUME: 1 },
      unknown: { NOBODY_KNOWS: 1 },
    });
  });

  test('of a recording that ends in the middle of a step ends', async () => {
    expect(await replayed(...started(), asked(2, 'suspend'), send(2, 's', 'stop'))).toEqual(BOOT);
  });

  test('over a very long time ends', async () => {
    const lines = [step(2, { by: 'guest' }), rxChanged(2), send(2, 'x', 'query-rx-filter')];
    const late = [
      { ...step(3, { by: 'os' }), t: 1e300 },
      { ...done(3), t: 1e300 },
    ];
    expect((await replayed(...started({ devices: [NIC] }), ...lines, ...late)).at(-1)).toBe(
      '3 running (booted)',
    );
  });
});

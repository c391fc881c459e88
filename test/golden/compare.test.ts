/** The rules of the comparison allow what they say, and nothing else. */
import { describe, expect, test } from 'vitest';
import { parseRecording } from '../../src/recording/reader.ts';
import { asked, done, eof, event, manager, started, step, text } from '../unit/recording/helpers.ts';
import { compare, type ExpectedStep, type Told } from './compare.ts';

type Named = readonly [event: string, args?: object];

const lifecycle = (event: string, detail: string): Named => ['lifecycle', { event, detail }];
const DESTROYED = lifecycle('stopped', 'destroyed');
const PANICKED = lifecycle('crashed', 'panicked');
const PAUSED = lifecycle('suspended', 'paused');

interface Side {
  readonly events?: readonly Named[];
  readonly state?: string;
}

/** `paused (user) active` */
function stateOf(side: Side): { state: string; reason: string; active: boolean } | Record<never, never> {
  const [, state, reason, active] = /^(\w+) \((.*)\) (\w+)$/.exec(side.state ?? '') ?? [];
  return state === undefined || reason === undefined ? {} : { state, reason, active: active === 'active' };
}

/** Differences in step 2. */
function differences(
  theirs: Side & { gone?: boolean; managerDown?: boolean },
  ours: Side & { reconstructed?: boolean },
  recording: readonly object[] = started(),
): string[] {
  const { gone, managerDown } = theirs;
  const expected: ExpectedStep = {
    step: 2,
    events: (theirs.events ?? []).map(([name, args = {}]) => ({ event: name, args: { ...args } })),
    ...stateOf(theirs),
    ...(gone === undefined ? {} : { gone }),
    ...(managerDown === undefined ? {} : { managerDown }),
  };
  const told: Told[] = (ours.events ?? []).map(([type, args = {}]) => ({
    ...{ type, args, step: 2 },
    reconstructed: ours.reconstructed ?? false,
  }));
  if (ours.state !== undefined)
    told.push({ type: 'state', args: stateOf(ours), step: 2, reconstructed: false });
  return compare(parseRecording('a', text(...recording)), [expected], told);
}

const same = (...parameters: Parameters<typeof differences>): void =>
  expect(differences(...parameters)).toEqual([]);
const differ = (...parameters: Parameters<typeof differences>): void =>
  expect(differences(...parameters)).toHaveLength(1);

describe('the comparison', () => {
  test('finds an event that is missing, too many, different, or in another order', () => {
    same({ events: [PAUSED] }, { events: [PAUSED] });
    differ({ events: [PAUSED] }, {});
    differ({}, { events: [PAUSED] });
    differ({ events: [PAUSED] }, { events: [lifecycle('suspended', 'ioerror')] });
    differ({ events: [PAUSED, ['reboot']] }, { events: [['reboot'], PAUSED] });
  });

  test('looks into arguments, in whatever order their members stand', () => {
    const one = { alias: 'net0', oldMac: 'a', newMac: 'b' };
    const other = { newMac: 'b', oldMac: 'a', alias: 'net0' };
    same({ events: [['nic-mac-change', one]] }, { events: [['nic-mac-change', other]] });
    differ({ events: [['nic-mac-change', one]] }, { events: [['nic-mac-change', { ...one, newMac: 'c' }]] });
  });

  test('finds a state that is missing or different', () => {
    same({ state: 'paused (user) active' }, { state: 'paused (user) active' });
    differ({ state: 'paused (user) active' }, { state: 'paused (unknown) active' });
    differ({ state: 'paused (user) active' }, { state: 'running (user) active' });
    differ({ state: 'paused (user) active' }, { state: 'paused (user) inactive' });
    expect(differences({ state: 'paused (user) active' }, {})).toHaveLength(2);
  });

  test('leaves out what was reconstructed', () => {
    same({}, { events: [PAUSED], reconstructed: true });
  });

  test('rule 1: some events, and some states, are not compared', () => {
    same({ events: [['tunable'], ['metadata-change'], ['control-error']] }, { events: [['control-error']] });
    same({ state: 'paused (user) active', gone: true }, {});
    same({ state: 'paused (user) active', managerDown: true }, {});
    same({}, { state: 'paused (user) active' });
  });

  test('rule 2: after a panic suspended paused may be there or not, before or after', () => {
    same({ events: [PAUSED, PANICKED] }, { events: [PANICKED] });
    same({ events: [PANICKED] }, { events: [PANICKED, PAUSED] });
    same({ events: [PANICKED, PAUSED] }, { events: [PAUSED, PANICKED] });
    differ({ events: [PANICKED] }, { events: [PANICKED, lifecycle('suspended', 'ioerror')] });
  });

  test('rule 3: shutdown just before stopped destroyed may be there or not', () => {
    same({ events: [lifecycle('shutdown', 'host'), DESTROYED] }, { events: [DESTROYED] });
    differ({ events: [lifecycle('shutdown', 'host')] }, {});
    const stopped = lifecycle('stopped', 'shutdown');
    differ({ events: [lifecycle('shutdown', 'host'), stopped] }, { events: [stopped] });
  });

  test('rule 4: in a race of destroy with another end, destroyed and shutdown are both right', () => {
    const destroy = { by: 'manager', call: { operation: 'destroy' } };
    const race = (other: object) => [
      ...started(),
      step(2, { by: 'several', parallel: [other, destroy] }),
      done(2),
    ];
    const theirs = { events: [lifecycle('stopped', 'shutdown')], state: 'shutoff (shutdown) inactive' };
    const ours = { events: [DESTROYED], state: 'shutoff (destroyed) inactive' };
    same(theirs, ours, race({ by: 'os' }));
    same(ours, theirs, race({ by: 'qemu' }));
    expect(differences(theirs, ours, race(destroy))).toHaveLength(2);
    differ(
      { state: 'shutoff (crashed) inactive' },
      { state: 'shutoff (destroyed) inactive' },
      race({ by: 'os' }),
    );
  });

  test('rule 5: an I/O error of a network disk is not compared', () => {
    same(
      {},
      {
        events: [
          ['io-error', { path: null }],
          ['io-error-reason', { path: null }],
        ],
      },
    );
    differ({}, { events: [['io-error', { path: '/a' }]] });
  });

  test('rule 7: added memory is named after the device or its backend', () => {
    same(
      { events: [['device-added', { alias: 'memdimm0' }]] },
      { events: [['device-added', { alias: 'dimm0' }]] },
    );
    differ(
      { events: [['device-added', { alias: 'memdimm0' }]] },
      { events: [['device-added', { alias: 'dimm1' }]] },
    );
  });

  test('rule 6: where libvirt stays crashed, ours is one stopped; nothing after is compared', () => {
    const lines = [
      ...started({ onCrash: 'coredump-destroy' }),
      ...[step(2, { by: 'os' }), event(2, 'GUEST_PANICKED'), eof(2, true), done(2)],
    ];
    const theirs = { events: [PANICKED], state: 'crashed (panicked) active' };
    const stopped = lifecycle('stopped', 'failed');
    same(theirs, { events: [PANICKED, stopped], state: 'shutoff (crashed) inactive' }, lines);
    expect(
      differences(theirs, { events: [PANICKED], state: 'crashed (panicked) active' }, lines),
    ).toHaveLength(2);
  });

  test('rule 8: a clean end while the manager was down may be shutdown where libvirt says crashed', () => {
    const down = [...started(), asked(2, 'manager-stop'), done(2)];
    const shutdown = { ...event(3, 'SHUTDOWN'), onlyOtherMonitor: true };
    const meanwhile = [...down, step(3, { by: 'os' }), shutdown, done(3)];
    const sides = [
      { state: 'shutoff (crashed) inactive' },
      { state: 'shutoff (shutdown) inactive' },
    ] as const;
    same(...sides, meanwhile);
    differ(...sides, down);
    differ(...sides, [manager()]);
  });
});

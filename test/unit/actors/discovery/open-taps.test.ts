import { describe, expect, test } from 'vitest';
import { readOpenTaps } from '../../../../src/actors/discovery/open-taps.ts';
import { captureFiles, type FakeFiles, identity, runtimeWith } from './helpers.ts';

const { signal } = new AbortController();
const read = (change: FakeFiles = {}, now: Parameters<typeof runtimeWith>[1] = identity) =>
  readOpenTaps(
    runtimeWith(
      {
        links: { ...captureFiles.links, ...change.links },
        texts: { ...captureFiles.texts, ...change.texts },
        numbers: { ...captureFiles.numbers, ...change.numbers },
        lists: { ...captureFiles.lists, ...change.lists },
      },
      now,
    ),
    identity,
    signal,
  );
const tap2 = { interface: 'tap2', kind: 'tap' };

test("a tap is named by its descriptor's fdinfo, a macvtap by the number of its device (macvtap.c)", async () => {
  expect(await read()).toEqual(
    new Map([
      [3, { interface: 'macvtap0', kind: 'macvtap' }],
      [11, tap2],
      [12, tap2],
    ]),
  );
});

describe('a macvtap is not named', () => {
  test.each([
    ['where another interface has its number', { numbers: { '/proc/42/fd/3': '246:2' } }],
    ['where its device cannot be looked at', { numbers: { '/proc/42/fd/3': '' } }],
    ['where it is none of this namespace', { links: { '/sys/class/macvtap/tap7': '' } }],
    ['where sysfs shows another', { links: { '/sys/class/macvtap/tap7': '/net/m/macvtap/tap77' } }],
    ['by what cannot be a name', { links: { '/sys/class/macvtap/tap7': '/net/a b/macvtap/tap7' } }],
  ])('%s', async (_, change) => {
    expect((await read(change as FakeFiles))?.get(3)).toBeNull();
  });
});

test.each(['', 'iff:\t\n', 'iff:\tsixteen_letters_\n', 'iff:\ta b\n', 'xiff:\ttap0\n'])(
  'a tap is not named by fdinfo %j',
  async (text) => {
    expect((await read({ texts: { '/proc/42/fdinfo/11': text } }))?.get(11)).toBeNull();
  },
);

describe('nothing is known', () => {
  test.each([
    ['in another network namespace', { links: { '/proc/42/ns/net': 'net:[2]' } }],
    ['in a network namespace that cannot be read', { links: { '/proc/42/ns/net': '' } }],
    ['of more open files than 10000', { lists: { '/proc/42/fd': Array.from('x'.repeat(10_001)) } }],
  ])('%s', async (_, change) => {
    expect(await read(change as FakeFiles)).toBeNull();
  });

  test('of a process that is gone, or that another has followed (proc(5))', async () => {
    expect(await read({}, null)).toBeNull();
    expect(await read({}, { ...identity, startTicks: '2' })).toBeNull();
    expect(await read({}, { ...identity, bootId: 'c' })).toBeNull();
  });
});

test('the signal ends it with its reason', async () => {
  const reason = new Error('revoked');
  const aborted = AbortSignal.abort(reason);
  await expect(readOpenTaps(runtimeWith(captureFiles), identity, aborted)).rejects.toBe(reason);
});

import { describe, expect, test } from 'vitest';
import {
  type HostEnd,
  matchTaps,
  type OpenTaps,
  parseTapBackends,
} from '../../../../src/actors/discovery/tap-backends.ts';
import { reply } from './helpers.ts';

const backend = (netdev: string, fds: number[] = [], ifname: string | null = null) => ({
  netdev,
  fds,
  ifname,
});

describe('info network (net/net.c:hmp_info_network)', () => {
  test('names back ends by descriptor or interface, one line a queue (captured)', () => {
    const text = reply('human-monitor-command', { 'command-line': 'info network' });
    expect(parseTapBackends(text)).toEqual([backend('host-net0', [3]), backend('hostnet2', [], 'tap2')]);
  });

  test.each([
    [
      'a descriptor a queue',
      ['h: index=0,type=tap,fd=24', 'h: index=1,type=tap,fd=25'],
      backend('h', [24, 25]),
    ],
    ['a queue that says nothing', ['h: index=0,type=tap,fd=24', 'h: index=1,type=tap,'], backend('h', [24])],
    ['a helper', ['h: index=0,type=tap,helper=/usr/lib/qemu/qemu-bridge-helper,br=br0'], backend('h')],
    ['a hub', ['hub 0', ' \\ hub0port0: #net1: index=0,type=tap,fd=9'], backend('#net1', [9])],
    [
      'a NIC of the name',
      ['h: index=0,type=nic,model=e1000', ' \\ h: index=0,type=tap,fd=9'],
      backend('h', [9]),
    ],
    ['a name with a comma', ['h: index=0,type=tap,ifname=a,b,script=no,downscript=no'], backend('h')],
  ])('%s', (_, lines, expected) => {
    expect(parseTapBackends(lines.join('\r\n'))).toEqual([expected]);
  });

  test('that is not what QEMU prints tells nothing', () => {
    expect(parseTapBackends('a b: index=0,type=tap,fd=3')).toBeNull();
    expect(parseTapBackends('h: index=0,type=tap,fd=3\nx,type=tap,y')).toBeNull();
    expect(parseTapBackends(7)).toBeNull();
    expect(parseTapBackends('\n'.repeat(100_000))).toBeNull();
    expect(parseTapBackends('unknown command')).toEqual([]);
  });
});

const tap = (name: string): HostEnd => ({ interface: name, kind: 'tap' });
const open = (...ends: [number, HostEnd | null][]): OpenTaps => new Map(ends);
const match = (backends: Parameters<typeof matchTaps>[0], taps: OpenTaps) =>
  Object.fromEntries(matchTaps(backends, taps));

describe('a back end is the interface', () => {
  test('that its descriptors lead to, all of them', () => {
    const taps = open([3, tap('a')], [4, tap('a')], [5, tap('b')]);
    expect(match([backend('h', [3, 4])], taps)).toEqual({ h: tap('a') });
    expect(match([backend('h', [3, 5])], taps)).toEqual({});
    expect(match([backend('h', [3, 6])], taps)).toEqual({});
  });

  test('of the name that it says, if QEMU holds one of it open', () => {
    const taps = open([3, tap('a')], [4, tap('b')]);
    expect(match([backend('h', [], 'b')], taps)).toEqual({ h: tap('b') });
    expect(match([backend('h', [], 'c')], taps)).toEqual({});
    const macvtap: HostEnd = { interface: 'b', kind: 'macvtap' };
    expect(match([backend('h', [], 'b'), backend('i')], open([3, macvtap], [4, tap('a')]))).toEqual({});
  });

  test('that is left, if one is left of both: each back end holds its own open', () => {
    expect(match([backend('h')], open([3, tap('a')], [4, tap('a')]))).toEqual({ h: tap('a') });
    expect(match([backend('h'), backend('i', [4])], open([3, tap('a')], [4, tap('b')]))).toEqual({
      h: tap('a'),
      i: tap('b'),
    });
  });

  test.each([
    ['two are left', [backend('h'), backend('i')], open([3, tap('a')])],
    ['two interfaces are left', [backend('h')], open([3, tap('a')], [4, tap('b')])],
    ['one of them cannot be told', [backend('h')], open([3, tap('a')], [4, null])],
    ['a descriptor leads elsewhere', [backend('h', [9])], open([3, tap('a')])],
    ['none is open', [backend('h')], open()],
    ['there is none', [], open([3, tap('a')])],
  ])('but none is guessed where %s', (_, backends, taps) => {
    expect(match(backends, taps)).toEqual({});
  });
});

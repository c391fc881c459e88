import { describe, expect, test } from 'vitest';
import {
  clock,
  duration,
  entryWords,
  innermost,
  printable,
  transitionWords,
} from '../../../../src/dashboard/page/words.ts';
import {
  domain,
  hostItem,
  item,
  outcomeItem,
  stateItem,
  transitionItem,
} from '../../../browser/support/samples.ts';

describe('the words of the page', () => {
  test.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_900_000, '1 h 5 min'],
    [100 * 3_600_000, '4 d 4 h'],
  ])('%i ms are %s', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  test('a time of a replay is counted from its start', () => {
    expect(clock(3_661_007, true)).toBe('61:01.007');
  });

  test('what cannot be seen, or turns text round, is made visible; other scripts and signs stay', () => {
    expect(printable('a\u0000b\u202ec\u2066d\u200be\ud800f')).toBe(
      'a\\u{0}b\\u{202e}c\\u{2066}d\\u{200b}e\\u{d800}f',
    );
    expect(printable('Büro שלום 日本 🙂 <b>&amp;')).toBe('Büro שלום 日本 🙂 <b>&amp;');
  });

  test('text is cut where it is too long', () => {
    expect(printable('abcdef', 3)).toBe('abc…');
    expect(printable('abc', 3)).toBe('abc');
  });

  test('the first transition of an actor leaves no state', () => {
    expect(transitionWords({ event: 'xstate.init', from: [], to: ['a'] })).toBe('xstate.init: begins as a');
  });

  test('of paths, those are named that hold no other', () => {
    expect(innermost(['active', 'active.running'])).toBe('active.running');
    expect(innermost(['a', 'ab', 'b', 'b.c', 'b.d'])).toBe('a, ab, b.c, b.d');
  });

  const cut = item(1, 'a', 'BIG');
  test.each([
    [hostItem(1, 'a', '01:00:5e:00:00:01'), 'macvtap0 (net0): add-multicast 01:00:5e:00:00:01, dry run'],
    [outcomeItem(1, 'a', 'failed'), 'nicRxFilterChanged: failed'],
    [transitionItem(1, 'a'), 'domain, qemu.STOP: active.running → active.paused'],
    [stateItem(1, domain('a', { monitor: 'lost' })), 'running (booted), monitor lost'],
    [item(1, 'a', 'E', { n: 1, text: 'x', deep: { a: [true] } }), 'E, n 1, text x, deep {"a":[true]}'],
    [{ ...cut, line: { ...cut.line, cut: true as const } }, 'BIG, too long to be shown whole'],
    [{ seq: 1, at: 0, lost: 1, domains: [] }, '1 item was lost: this page was too slow for it'],
    [{ seq: 1, at: 0, lost: 20, domains: [] }, '20 items were lost: this page was too slow for them'],
  ])('%#: an item is said as it is', (entry, words) => {
    expect(entryWords(entry)).toBe(words);
  });
});

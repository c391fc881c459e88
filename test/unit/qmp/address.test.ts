import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeAddress, parseAddress } from '../../../src/qmp/address.ts';
import { backoffDelayMs } from '../../../src/qmp/backoff.ts';

describe('parseAddress', () => {
  test.each([
    ['/run/vm/a.qmp', { path: '/run/vm/a.qmp' }],
    ['./a:1', { path: './a:1' }],
    ['a.qmp', { path: 'a.qmp' }],
    ['unix:a:1', { path: 'a:1' }],
    ['localhost:4444', { host: 'localhost', port: 4444 }],
    ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
    ['[::1]:65535', { host: '::1', port: 65535 }],
  ])('%s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(parseAddress(address)).toEqual(address);
  });

  test.each([
    '',
    'unix:',
    'host:',
    'host:0',
    'host:65536',
    '::1:44',
    'host:a',
    'a\0b',
    `/${'x'.repeat(107)}`,
  ])('is a TypeError that says what was expected: %j', (text) => {
    expect(() => parseAddress(text)).toThrow(TypeError);
    expect(() => parseAddress(text)).toThrow(/expected a/);
  });

  test.each([undefined, null, 1, {}, { path: 1 }, { host: 'a' }, { host: '', port: 1 }, { path: '' }])(
    'takes no other values: %j',
    (value) => {
      expect(() => parseAddress(value as never)).toThrow(TypeError);
    },
  );

  test('describeAddress is its inverse', () => {
    for (const text of ['/a', 'h:1', '[::1]:2']) expect(describeAddress(parseAddress(text))).toBe(text);
  });
});

describe('backoffDelayMs', () => {
  test('doubles from minMs to maxMs', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffDelayMs(attempt, 0));
    expect(delays).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000]);
  });

  test('jitter takes off at most its part', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(100), random, (attempt, chance) => {
        const [whole, delay] = [backoffDelayMs(attempt, 0), backoffDelayMs(attempt, chance)];
        expect(delay).toBeLessThanOrEqual(whole);
        expect(delay).toBeGreaterThanOrEqual(whole * 0.8);
      }),
    );
  });
});

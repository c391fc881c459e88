/** What text is safe to print, and what JSON stays as it was written. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inexactNumber, memberText } from '../../../src/cli/json-text.ts';
import { printable } from '../../../src/cli/text.ts';

describe('printable', () => {
  test('shows control and direction characters instead of sending them', () => {
    expect(printable('a\u001b[2J\r\n\u009b\u202e')).toBe('a\\x1b[2J\\x0d\\x0a\\x9b\\u202e');
  });

  test('leaves everything else', () => {
    expect(printable('web1 “é” 漢字 \\ "')).toBe('web1 “é” 漢字 \\ "');
  });
});

describe('memberText', () => {
  test('is the text as it came: integers beyond 2^53 stay whole', () => {
    expect(memberText('{"return": {"size": 18446744073709551615}, "id": "qa-3"}', 'return')).toBe(
      '{"size": 18446744073709551615}',
    );
  });

  test('is not misled by names, strings and depth', () => {
    expect(
      memberText('{"id": "\\"return\\": 1, }", "a": {"return": 2}, "return": [3, {"return": 4}]}', 'return'),
    ).toBe('[3, {"return": 4}]');
    expect(memberText('{"a": {"return": 2}}', 'return')).toBeUndefined();
    expect(memberText('{}', 'return')).toBeUndefined();
  });

  test('is what JSON.parse finds, for any object', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.boolean(),
        (rest, value, spaced) => {
          const text = JSON.stringify({ ...rest, return: value, 'after, it': '}' }, null, spaced ? 2 : 0);
          const found = memberText(text, 'return');
          expect(JSON.parse(found ?? 'undefined')).toEqual(JSON.parse(text).return);
        },
      ),
    );
  });
});

describe('inexactNumber', () => {
  test.each(['{"a":1,"b":-2.5,"c":1e10,"d":"18446744073709551615"}', '{"a":9007199254740991}', '{"a":0.1}'])(
    '%s has none',
    (text) => expect(inexactNumber(text)).toBeUndefined(),
  );

  test.each([
    ['{"a":9007199254740993}', '9007199254740993'],
    ['{"a":[1,-18446744073709551615]}', '-18446744073709551615'],
    ['{"a":1e400}', '1e400'],
  ])('%s has %s', (text, number) => expect(inexactNumber(text)).toBe(number));
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { string } from '../../../src/events/payload.ts';
import { rows, valuesOf } from './arbitraries.ts';
import { takesAnyJson, takesAnything, takesWhatIsRight } from './parsers.ts';

const options = { seed: 1, numRuns: 60 };

/** Neither of two members must be there, but one of them. */
const oneOf: Readonly<Record<string, readonly string[]>> = { DEVICE_TRAY_MOVED: ['device', 'id'] };

describe.each(rows)('the row of %s', (name, { shape }) => {
  test('gives a payload of its shape or says which member is at fault, whatever is wrong (design §8)', () => {
    fc.assert(takesAnything(name, shape), options);
    fc.assert(takesAnyJson(name, shape), options);
  });

  test('drops nothing that is right', () => fc.assert(takesWhatIsRight(name, shape, oneOf[name]), options));
});

test('a field of a kind without values to test with is asked for', () => {
  expect(() => valuesOf({ ...string, kind: 'matrix' })).toThrow(/kind matrix/);
});

/** A walk as a text, and back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createActor, type EventObject, fromCallback } from 'xstate';
import { ModelError } from '../../../src/errors.ts';
import { createModel, readWalk, type Walk, writeWalk } from '../../../src/model/index.ts';
import { pageMachine } from './page.ts';

const expected = { value: { a: 'b' }, status: 'active', effects: ['emit it'] } as const;
const walkOf = (data: object): Walk => ({
  name: 'a walk',
  start: expected,
  steps: [{ event: { type: 'GO', ...data } as EventObject, expected, taken: ['a: GO'] }],
});
const again = (data: object): unknown => readWalk(writeWalk(walkOf(data))).steps[0]?.event;

describe('a walk that was written is read as the same', () => {
  test('each of a machine with children and time-outs', () => {
    const { walks } = createModel(pageMachine).walks('pairs');
    expect(walks.flatMap(({ steps }) => steps).some(({ afterMs }) => afterMs === 1000)).toBe(true);
    for (const walk of walks) expect(readWalk(writeWalk(walk))).toStrictEqual(walk);
  });

  const class404 = Object.assign(new Error('not found', { cause: new RangeError('404') }), {
    code: 'E404',
    at: 1n,
  });
  const named = Object.defineProperty(new Error('no'), 'name', { value: 'OrderError' });
  test.each([
    ['undefined', { a: undefined, b: [undefined] }],
    ['a bigint', { size: -12n }],
    ['numbers that JSON has none of', { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: -0, d: [0, 1.5] }],
    ['dates', { at: new Date(0), never: new Date(Number.NaN), past: new Date(-1e15) }],
    ['maps and sets', { map: new Map<unknown, unknown>([[{ a: 1n }, new Set([undefined])]]) }],
    ['a regular expression', { form: /a+/giu }],
    ['bytes', { bytes: Uint8Array.of(0, 255) }],
    ['an error with what it carries', { error: class404 }],
    ['an error with a name', { error: named }],
    ['objects that look like what is marked', { a: { $date: 1 }, b: { $object: { $: { $error: [] } } } }],
    ['names that objects have already', JSON.parse('{"a": {"__proto__": 1, "constructor": 2}}') as object],
    ['null', { a: null }],
  ])('%s', (_, data) => {
    expect(again(data)).toStrictEqual({ type: 'GO', ...data });
  });

  test('whatever data an event holds', () => {
    const value = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true });
    fc.assert(
      fc.property(value, (data) => {
        expect(again({ data })).toStrictEqual({ type: 'GO', data });
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('an error keeps its name and its cause', () => {
    const { error } = again({ error: class404 }) as { error: typeof class404 };
    expect(error).toMatchObject({ message: 'not found', code: 'E404', at: 1n });
    expect(error.cause).toMatchObject({ name: 'RangeError', message: '404' });
    expect((again({ error: named }) as { error: Error }).error.name).toBe('OrderError');
  });
});

test('a person can read it', () => {
  const text = writeWalk(walkOf({ at: new Date(0), why: new TypeError('no') }));
  expect(text).toBe(`{
  "version": 1,
  "name": "a walk",
  "start": {
    "value": {
      "a": "b"
    },
    "status": "active",
    "effects": [
      "emit it"
    ]
  },
  "steps": [
    {
      "event": {
        "type": "GO",
        "at": {
          "$date": "1970-01-01T00:00:00.000Z"
        },
        "why": {
          "$error": {
            "name": "TypeError",
            "message": "no"
          }
        }
      },
      "expected": {
        "value": {
          "a": "b"
        },
        "status": "active",
        "effects": [
          "emit it"
        ]
      },
      "taken": [
        "a: GO"
      ]
    }
  ]
}
`);
});

describe('what cannot be written is refused by its place', () => {
  const endless: unknown[] = [];
  endless.push(endless);
  class Order {}
  const actor = createActor(
    fromCallback(() => {}),
    { id: 'friend' },
  );
  test.each([
    ['steps[0].event.a[0] is a function', { a: [() => {}] }],
    ['steps[0].event.a is a symbol', { a: Symbol('it') }],
    ['steps[0].event.to is the actor friend', { to: actor }],
    ['steps[0].event.order is of the class Order', { order: new Order() }],
    ['is nested more than 100 deep', { endless }],
    [
      'steps[0].event.error.retry is a function',
      { error: Object.assign(new Error('it'), { retry: () => {} }) },
    ],
  ])('%s', (message, data) => {
    const write = (): string => writeWalk(walkOf(data));
    expect(write).toThrow(ModelError);
    expect(write).toThrow(message);
    expect(write).toThrow(
      'it cannot be written into a file; give an example of the event that is plain data',
    );
  });
});

describe('what is no walk is refused by its place', () => {
  type Changed = Record<string, unknown> & { steps: Record<string, unknown>[] };
  const changed = (change: (walk: Changed) => void): string => {
    const walk = JSON.parse(writeWalk(walkOf({}))) as Changed;
    change(walk);
    return JSON.stringify(walk);
  };
  const withData = (data: unknown): string =>
    changed(({ steps }) => {
      Object.assign(steps[0] as object, { event: { type: 'GO', data } });
    });
  const inStep = (members: object): string =>
    changed(({ steps }) => Object.assign(steps[0] as object, members));

  test.each([
    ['it is not JSON', ''],
    ['it is not JSON', '{"version": 1'],
    ['the whole: Invalid input: expected object, received array', '[]'],
    ['version: Invalid input: expected 1', changed((walk) => Object.assign(walk, { version: 2 }))],
    ['the whole: Unrecognized key: "more"', changed((walk) => Object.assign(walk, { more: 1 }))],
    [
      'steps: Invalid input: expected array, received object',
      changed((walk) => Object.assign(walk, { steps: {} })),
    ],
    ['steps[0].event.type: Invalid input: expected string, received undefined', inStep({ event: {} })],
    ['steps[0].afterMs: Invalid input: expected number, received string', inStep({ afterMs: '5' })],
    ['steps[0].expected.status: Invalid option', inStep({ expected: { ...expected, status: 'asleep' } })],
    ['steps[0].expected.value: Invalid input', inStep({ expected: { ...expected, value: 1 } })],
    ["steps[0].event.data: '$bigint' takes an integer as a string", withData({ $bigint: '1.5' })],
    [
      "steps[0].event.data: '$number' takes 'NaN', 'Infinity', '-Infinity' or '-0'",
      withData({ $number: '1' }),
    ],
    ["steps[0].event.data[0]: '$date' takes a date in ISO 8601, or null", withData([{ $date: 'today' }])],
    ["steps[0].event.data: '$map' takes pairs of key and value", withData({ $map: [[1]] })],
    ["steps[0].event.data: '$set' takes a list", withData({ $set: 1 })],
    ["steps[0].event.data: '$regexp' takes source and flags", withData({ $regexp: ['(', ''] })],
    ["steps[0].event.data: '$bytes' takes a list of bytes", withData({ $bytes: [256] })],
    ["steps[0].event.data: '$error' takes an object with name and message", withData({ $error: 'no' })],
    ["'$error' takes an object with name and message", withData({ $error: { name: 1, message: 'no' } })],
    ["steps[0].event.data: '$object' takes an object", withData({ $object: [] })],
    ["steps[0].event.data: '$undefined' takes true", withData({ $undefined: null })],
    ["steps[0].event.data: '$toString' is not known", withData({ $toString: 1 })],
    ['nested more than 100 deep', withData(JSON.parse('['.repeat(200) + ']'.repeat(200)))],
  ])('%s', (message, text) => {
    const read = (): Walk => readWalk(text);
    expect(read).toThrow(ModelError);
    expect(read).toThrow('the walk cannot be read: ');
    expect(read).toThrow(message);
  });
});

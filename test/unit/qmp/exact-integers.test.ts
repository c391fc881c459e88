/** Integers of 64 bits in the one event that needs all of their bits. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dropped } from '../../../src/events/payload.ts';
import { qemuEvents } from '../../../src/events/qemu-events.ts';
import { parseMessage, type QmpEvent } from '../../../src/qmp/message.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** A line as QEMU writes it; `netdev` is JSON already. */
const line = (
  netdev: string,
  prefix: bigint | string,
  id: bigint | string,
  event = 'RDMA_GID_STATUS_CHANGED',
) =>
  `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "${event}", "data": {"netdev": ${netdev}, "gid-status": true, "interface-id": ${id}, "subnet-prefix": ${prefix}}}`;

function read(text: string): QmpEvent {
  const message = parseMessage(text);
  if (message.kind !== 'event') throw new Error(message.kind);
  // What is recorded is what was understood.
  expect(message.wire.data).toEqual(message.event.data);
  return message.event;
}

const parsed = (text: string) => qemuEvents.RDMA_GID_STATUS_CHANGED.parse(read(text).data);

describe('RDMA_GID_STATUS_CHANGED (QAPI rdma.json)', () => {
  test('any two u64 come through with all of their bits', () => {
    fc.assert(
      fc.property(u64, u64, (prefix, id) => {
        expect(parsed(line('"eth0"', prefix, id))).toEqual({
          netdev: 'eth0',
          'gid-status': true,
          'subnet-prefix': String(prefix),
          'interface-id': String(id),
        });
      }),
      { numRuns: 500 },
    );
  });

  test('whatever the interface is called, neither it nor a number changes by what it holds', () => {
    const hostile = fc.oneof(
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
        .map((units) => String.fromCharCode(...units)),
      fc.constantFrom(
        '", "subnet-prefix": 18446744073709551615, "x": "',
        '\\", "interface-id": 18446744073709551614',
        '\\\\"',
        '"data": {"subnet-prefix": 9007199254740993}',
        '18446744073709551615',
        '{}[]:,"\\',
      ),
      fc
        .array(fc.constantFrom('"', '\\', '18446744073709551615', ':', ',', '{', '}', ' ', 'u0022'), {
          maxLength: 30,
        })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hostile, u64, u64, fc.boolean(), (netdev, prefix, id, escaped) => {
        const text = escaped
          ? `"${[...netdev].map((one) => [...Array(one.length).keys()].map((at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')).join('')}"`
          : JSON.stringify(netdev);
        expect(parsed(line(text, prefix, id))).toEqual({
          netdev,
          'gid-status': true,
          'subnet-prefix': String(prefix),
          'interface-id': String(id),
        });
      }),
      { numRuns: 1000 },
    );
  });

  test('any other value is what JSON says it is, wherever it stands', () => {
    const value = fc.jsonValue();
    fc.assert(
      fc.property(value, fc.string(), u64, (other, name, id) => {
        const text = `{"event": "RDMA_GID_STATUS_CHANGED", "more": ${JSON.stringify(other)}, "data": {${JSON.stringify(`x${name}`)}: ${JSON.stringify(other)}, "interface-id": ${id}}}`;
        const { data } = read(text);
        // One that a number does not hold has all of them as they are written.
        const isAnyBig = [other, Number(id)].some(
          (one) => Number.isInteger(one) && !Number.isSafeInteger(one),
        );
        expect(data).toEqual({
          [`x${name}`]: JSON.parse(JSON.stringify(other), isAnyBig ? quoteBig : undefined),
          'interface-id': id > BigInt(Number.MAX_SAFE_INTEGER) ? String(id) : Number(id),
        });
      }),
      { numRuns: 500 },
    );
  });

  test('of members that are there twice the last counts, as in JSON', () => {
    const twice = `{"event": "RDMA_GID_STATUS_CHANGED", "data": {"a": 18446744073709551615}, "data": {"a": 18446744073709551614, "a": 18446744073709551613}}`;
    expect(read(twice).data).toEqual({ a: '18446744073709551613' });
  });

  test.each([
    ['beyond 64 bits', '18446744073709551616'],
    ['below 0', '-18446744073709551615'],
    ['a fraction', '18446744073709551615.5'],
    ['a power', '1e19'],
    ['a power of many digits', '1844674407370955161e1'],
    ['infinite', '1e999'],
    ['digits beyond 64 bits', '"18446744073709551616"'],
  ])('what is %s is of a wrong type', (_, value) => {
    expect(parsed(line('"eth0"', value, 1n))).toEqual(new Dropped('wrong-type', 'subnet-prefix'));
  });

  test('in a line that is longer than any of these a number that is not exact is of a wrong type', () => {
    const long = JSON.stringify('x'.repeat(70_000));
    const text = `{"event": "RDMA_GID_STATUS_CHANGED", "id": ${long}, ${line('"eth0"', 2n ** 64n - 1n, 1n).slice(1)}`;
    expect(parsed(text)).toEqual(new Dropped('wrong-type', 'subnet-prefix'));
  });

  test('data that is none stays none', () => {
    for (const data of ['[18446744073709551615]', '18446744073709551615', '"x"', 'null'])
      expect(parseMessage(`{"event": "RDMA_GID_STATUS_CHANGED", "data": ${data}}`)).toMatchObject({
        kind: 'event',
        event: { data: undefined },
      });
  });

  test('the numbers of other events are as they were', () => {
    expect(read(line('"x"', 2n ** 64n - 1n, 5n, 'STOP')).data).toMatchObject({
      'subnet-prefix': 2 ** 64,
      'interface-id': 5,
    });
  });
});

function quoteBig(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  // Larger ones are written with an exponent, and so are no digits.
  const text = JSON.stringify(value);
  return /^-?\d+$/.test(text) ? text : value;
}

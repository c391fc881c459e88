import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadReplyError, ParseError } from '../../../src/errors.ts';
import { timeoutClassOf } from '../../../src/qmp/commands.ts';
import { encodeArguments, encodeCommand, parseMessage } from '../../../src/qmp/message.ts';

describe('parseMessage', () => {
  test('a greeting gives version and capabilities (qemu-event-recipes §1.3)', () => {
    const line =
      '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "capabilities": ["oob"]}}';
    expect(parseMessage(line)).toMatchObject({
      kind: 'greeting',
      greeting: { version: { major: 7, minor: 2, micro: 22, package: 'Debian' }, capabilities: ['oob'] },
    });
  });

  test('an event gives name, data and timestamp', () => {
    const line =
      '{"timestamp": {"seconds": 5, "microseconds": 6}, "event": "RESET", "data": {"guest": true}}';
    expect(parseMessage(line)).toMatchObject({
      kind: 'event',
      event: { event: 'RESET', data: { guest: true }, timestamp: { seconds: 5, microseconds: 6 } },
    });
  });

  test.each([
    '{"event":"STOP"}',
    '{"event":"STOP","timestamp":null}',
    '{"event":"STOP","timestamp":{"seconds":"1","microseconds":2}}',
    '{"event":"STOP","timestamp":{"seconds":1}}',
  ])('a missing or invalid timestamp does not drop the event: %s', (line) => {
    expect(parseMessage(line)).toMatchObject({
      kind: 'event',
      event: { event: 'STOP', timestamp: null },
    });
  });

  test.each(['[]', '1', 'null', '"x"'])('data that is not an object counts as none: %s', (data) => {
    const message = parseMessage(`{"event":"STOP","data":${data}}`);
    expect(message.kind === 'event' && message.event.data).toBeUndefined();
  });

  test('a return value of null is a reply', () => {
    expect(parseMessage('{"return":null,"id":"qa-1"}')).toMatchObject({
      kind: 'return',
      id: 'qa-1',
      value: null,
    });
  });

  test('an error without class or description gets general ones (libvirt-api-jobs-loop §5.2 M9)', () => {
    expect(parseMessage('{"error":{},"id":"qa-1"}')).toMatchObject({
      kind: 'error',
      id: 'qa-1',
      errorClass: 'GenericError',
      desc: 'no description',
    });
  });

  test.each(['', ' ', 'x', '[]', 'null', '1', '"a"', '{', '{"event":}', '\u0000'])(
    'what is not a JSON object is a ParseError: %j',
    (line) => {
      expect(() => parseMessage(line)).toThrow(ParseError);
    },
  );

  test.each(['{}', '{"event":1}', '{"error":1}', '{"QMP":[]}', '{"id":"qa-1"}'])(
    'an object that is nothing of these is a BadReplyError: %s',
    (line) => {
      expect(() => parseMessage(line)).toThrow(BadReplyError);
    },
  );

  test('the depth limit is exact, and brackets in strings do not count', () => {
    const nested = (depth: number): string => `{"return":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(parseMessage(nested(1024)).kind).toBe('return');
    expect(() => parseMessage(nested(1025))).toThrow(ParseError);
    expect(parseMessage(`{"return":"${'['.repeat(2000)}\\"${'{'.repeat(2000)}"}`).kind).toBe('return');
    expect(() => parseMessage('{"return":[[1]]}', 2)).toThrow(ParseError);
  });

  test('a line of a million brackets is refused, not a stack overflow', () => {
    expect(() => parseMessage('['.repeat(1_000_000))).toThrow(ParseError);
  });

  test('a key __proto__ changes no prototype', () => {
    const message = parseMessage(
      '{"event":"X","data":{"__proto__":{"polluted":1}},"__proto__":{"return":1}}',
    );
    expect(message.kind).toBe('event');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('the error never carries control characters of the line', () => {
    expect(() => parseMessage('\u001b[31mevil')).toThrow(/\\u001b/);
  });

  test('any text gives a message or a typed error', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, (line) => {
        try {
          parseMessage(line);
        } catch (error) {
          expect(error instanceof ParseError || error instanceof BadReplyError).toBe(true);
        }
      }),
    );
  });
});

describe('encoding a command', () => {
  test('compact JSON and CR LF (libvirt-api-jobs-loop §5.2 M4)', () => {
    expect(encodeCommand('execute', 'device_del', encodeArguments({ id: 'é' }), 'qa-1').toString()).toBe(
      '{"execute":"device_del","arguments":{"id":"é"},"id":"qa-1"}\r\n',
    );
    expect(encodeCommand('exec-oob', 'yank', undefined, 'qa-2').toString()).toBe(
      '{"exec-oob":"yank","id":"qa-2"}\r\n',
    );
  });

  test('what QEMU would answer without an id is the TypeError of the caller (qemu-event-recipes §4.24, §4.26)', () => {
    expect(() => encodeArguments({ id: '\ud800' })).toThrow(TypeError);
    expect(() => encodeArguments({ id: 1n })).toThrow(TypeError);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(() => encodeArguments(circular)).toThrow(TypeError);
    let deep: object = {};
    for (let i = 0; i < 1100; i++) deep = { deep };
    expect(() => encodeArguments(deep)).toThrow(TypeError);
    expect(() => encodeArguments([] as object)).toThrow(TypeError);
    expect(() => encodeArguments(new Date(0))).toThrow(TypeError);
  });

  test('whole surrogate pairs and literal backslashes are fine', () => {
    expect(encodeArguments({ id: '\u{1f600}' })).toBe('{"id":"\u{1f600}"}');
    expect(encodeArguments({ id: '\\ud800' })).toBe('{"id":"\\\\ud800"}');
  });
});

describe('timeoutClassOf', () => {
  test.each([
    ['query-status', 'query'],
    ['qom-get', 'query'],
    ['qmp_capabilities', 'query'],
    ['stop', 'change'],
    ['device_del', 'change'],
    ['device_add', 'long'],
    ['migrate', 'long'],
    ['dump-guest-memory', 'long'],
    ['blockdev-add', 'long'],
    ['human-monitor-command', 'long'],
    ['snapshot-save', 'long'],
    ['anything', 'change'],
  ])('%s is of class %s', (command, expected) => {
    expect(timeoutClassOf(command)).toBe(expected);
  });
});

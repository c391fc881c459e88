import { describe, expect, test } from 'vitest';
import { MAX_LINE_LENGTH, parseRecording, readRecording } from '../../../src/recording/reader.ts';
import { RecordingError } from '../../../src/recording/recording-error.ts';
import {
  asked,
  attached,
  done,
  eof,
  event,
  manager,
  observer,
  reply,
  send,
  started,
  step,
  text,
} from './helpers.ts';

function refusal(content: string): string {
  try {
    parseRecording('a.jsonl', content);
  } catch (error) {
    expect(error).toBeInstanceOf(RecordingError);
    return (error as RecordingError).message;
  }
  return 'accepted';
}

const first = text(manager());

describe('a recording is refused with FILE:LINE: reason', () => {
  test.each([
    ['an empty file', '', 'a.jsonl:1: expected the domain line first, the file is empty'],
    ['only newlines', '\n\n', 'a.jsonl:1: expected the domain line first, the file is empty'],
    [
      'another first line',
      text(event(1, 'STOP')),
      'a.jsonl:1: expected the domain line first, the kind is "event"',
    ],
    ['a first line without a mode', text({ kind: 'domain' }), /^a\.jsonl:1: mode: /],
    ['a wrong uuid', text(manager({ uuid: 'x' })), 'a.jsonl:1: uuid: expected a uuid'],
    ['a wrong device', text(manager({ devices: [{ type: 'net' }] })), /^a\.jsonl:1: devices\[0\]\.alias: /],
    ['truncated JSON', `${first}{"t":1,"kind":"ev`, 'a.jsonl:2: not JSON: "{\\"t\\":1,\\"kind\\":\\"ev"'],
    ['an empty line in the middle', `${first}\n${text(event(1, 'STOP'))}`, 'a.jsonl:2: not JSON: ""'],
    ['a line that is no object', `${first}[]\n`, 'a.jsonl:2: expected an object'],
    [
      'an unknown kind',
      first + text({ t: 1, kind: 'strange' }),
      /^a\.jsonl:2: expected a kind of .*; the kind is "strange"$/,
    ],
    ['no kind', first + text({ t: 1 }), /^a\.jsonl:2: expected a kind of .*; the kind is none$/],
    [
      'a kind like a member of every object',
      first + text({ t: 1, kind: 'toString' }),
      /; the kind is "toString"$/,
    ],
    ['a second domain line', first + first, 'a.jsonl:2: a second domain line'],
    ['a step without its number', first + text({ t: 1, kind: 'step', by: 'os' }), /^a\.jsonl:2: step: /],
    ['a step by nobody known', first + text(step(1, { by: 'x' })), /^a\.jsonl:2: by: /],
    [
      'the same step twice',
      first + text(asked(1, 'start'), asked(1, 'start')),
      'a.jsonl:3: step 1 is there twice',
    ],
    ['the end of a step that was not begun', first + text(done(1)), 'a.jsonl:2: step 1 was not begun'],
    [
      'a step done twice',
      first + text(asked(1, 'start'), done(1), done(1)),
      'a.jsonl:4: step 1 is done twice',
    ],
    ['no time', first + text({ kind: 'eof' }), /^a\.jsonl:2: t: /],
    ['a time before the start', first + text(event(-1, 'STOP')), /^a\.jsonl:2: t: /],
    [
      'time running backwards',
      first + text(event(5, 'STOP'), event(4, 'STOP')),
      'a.jsonl:3: t runs backwards: 4 after 5',
    ],
    [
      'an event without a name',
      first + text({ t: 1, kind: 'event', message: {} }),
      'a.jsonl:2: message: expected a QMP event',
    ],
    [
      'a message that is no object',
      first + text({ t: 1, kind: 'event', message: 'STOP' }),
      /^a\.jsonl:2: message: expected an object/,
    ],
    [
      'a send without a command',
      first + text({ t: 1, kind: 'send', message: { id: 1 } }),
      'a.jsonl:2: message: expected a command, with execute',
    ],
    [
      'a reply that is none',
      first + text({ t: 1, kind: 'reply', message: { id: 1 } }),
      'a.jsonl:2: message: expected a reply, with return or error',
    ],
    ['gone as a word', first + text({ t: 1, kind: 'eof', gone: 'yes' }), /^a\.jsonl:2: gone: /],
  ])('%s', (_, content, message) => {
    if (typeof message === 'string') expect(refusal(content)).toBe(message);
    else expect(refusal(content)).toMatch(message);
  });

  test('a line that is too long', () => {
    const long = JSON.stringify(event(1, 'X'.repeat(MAX_LINE_LENGTH)));
    expect(refusal(`${first}${long}\n`)).toBe('a.jsonl:2: a line of more than 16 Mi characters');
  });

  test('a line that is nested too deep', () => {
    const deep = `{"t":1,"kind":"event","message":${'['.repeat(2000)}${']'.repeat(2000)}}`;
    expect(refusal(`${first}${deep}\n`)).toBe('a.jsonl:2: a line that is nested too deep');
  });

  test('a file that cannot be read has no line', async () => {
    const files = {
      read: async () => {
        throw new Error('ENOENT: no such file');
      },
    };
    await expect(readRecording('a.jsonl', files)).rejects.toThrow(
      'a.jsonl: cannot be read: ENOENT: no such file',
    );
  });
});

describe('a recording is accepted', () => {
  test.each([
    ['with nothing but its first line', text(manager())],
    ['without a newline at its end', text(manager()).trimEnd()],
    ['with lines that end as on Windows', text(...started()).replaceAll('\n', '\r\n')],
    ['with members that nobody knows', text({ ...manager(), more: 1 }, { ...event(1, 'STOP'), more: 1 })],
    ['with a NIC of which more is known', text(manager({ devices: [{ type: 'net', alias: 'n', more: 1 }] }))],
    [
      'with the end of a step after later steps',
      text(manager(), asked(1, 'save'), step(2, { by: 'os' }), { ...done(2), t: 2 }, { ...done(1), t: 2 }),
    ],
    ['of an observer', text(observer(), ...attached(0), eof(1, true))],
    ['without the steps of its replies', text(manager(), send(1, 'a', 'stop'), reply(2, 'b'))],
  ])('%s', (_, content) => {
    expect(refusal(content)).toBe('accepted');
  });

  test('its lines know their numbers', () => {
    const { lines } = parseRecording('a.jsonl', text(...started()));
    expect(lines.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
  });
});

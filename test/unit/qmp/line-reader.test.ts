import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineTooLongError } from '../../../src/errors.ts';
import { LineReader } from '../../../src/qmp/line-reader.ts';

function linesOf(chunks: readonly Buffer[], maxLineBytes?: number): string[] {
  const reader = new LineReader(maxLineBytes);
  const lines: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let line = reader.next(); line !== null; line = reader.next()) lines.push(line.toString('latin1'));
  }
  return lines;
}

/** Cuts at the given places, wherever they fall. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  return sorted.map((to) => {
    const piece = bytes.subarray(from, to);
    from = to;
    return piece;
  });
}

const bytesWithLines = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r', '{"a":1}'), fc.string()))
  .map((parts) => Buffer.from(parts.join('')));

describe('LineReader', () => {
  test('any chunking of any bytes gives the same lines', () => {
    fc.assert(
      fc.property(bytesWithLines, fc.array(fc.nat()), (bytes, places) => {
        const expected = bytes
          .toString('latin1')
          .split('\n')
          .slice(0, -1)
          .map((line) => line.replace(/\r$/, ''));
        expect(linesOf(cut(bytes, places))).toEqual(expected);
      }),
    );
  });

  test('a line may end in LF or CR LF; what has no end is not given out', () => {
    expect(linesOf([Buffer.from('a\r\nb\n\r\nc')])).toEqual(['a', 'b', '']);
  });

  test.each([1, 2, 3, 100])('the limit holds for the line without its end, in chunks of %i bytes', (size) => {
    const chunks = (text: string): Buffer[] => {
      const bytes = Buffer.from(text);
      return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
    };
    expect(linesOf(chunks('12345678\r\n12345678\n'), 8)).toEqual(['12345678', '12345678']);
    expect(() => linesOf(chunks('123456789\r\n'), 8)).toThrow(LineTooLongError);
    expect(() => linesOf(chunks('1234567890'), 8)).toThrow(LineTooLongError);
  });

  test('what has been read of an endless line never passes the limit by more than a chunk', () => {
    const reader = new LineReader(1000);
    let pushed = 0;
    expect(() => {
      for (;;) {
        reader.push(Buffer.alloc(64, 0x61));
        pushed += 64;
        reader.next();
      }
    }).toThrow(LineTooLongError);
    expect(pushed).toBeLessThan(1000 + 2 * 64);
  });

  test('a line inside one chunk is not copied', () => {
    const chunk = Buffer.from('abc\r\n');
    const reader = new LineReader();
    reader.push(chunk);
    expect(reader.next()?.buffer).toBe(chunk.buffer);
  });

  test('a line of 8 MiB in chunks of 16 bytes is put together in linear time', () => {
    const reader = new LineReader();
    const piece = Buffer.alloc(16, 0x61);
    const pieces = (8 * 1024 * 1024) / 16;
    for (let i = 0; i < pieces; i++) {
      reader.push(piece);
      if (reader.next() !== null) throw new Error('a line before its end');
    }
    reader.push(Buffer.from('\n'));
    expect(reader.next()?.length).toBe(8 * 1024 * 1024);
  });
});

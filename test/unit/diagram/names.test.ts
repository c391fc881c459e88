import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { nameInPath } from '../../../src/diagram/definition.ts';
import { isWithin, namesIn, parentOf } from '../../../src/diagram/graph.ts';
import { ANYWHERE, identifier } from '../../../src/diagram/identifier.ts';
import { toDot, toMermaid, toPlantUml, toScxml, toSvg } from '../../../src/diagram/index.ts';
import { SIZES, textWidth, wrap } from '../../../src/diagram/svg/measure.ts';
import { escapeMermaid, oneLine, printable } from '../../../src/diagram/text.ts';
import { escapeXml } from '../../../src/diagram/xml.ts';
import { hostile } from '../../diagram/machines/hostile.ts';

/** Anything, and often what looks like what an identifier is made of. */
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('_', '.', '\\', 's', 'a', '5', 'f', '1', 'e', 'n', 'd', '\u0001') }),
  fc.constantFrom('end', 'state', 'constructor', '__proto__', 'any_', 's_end', ''),
);
const names = fc.array(name, { minLength: 1, maxLength: 4 });
const pathTo = (keys: readonly string[]): string => keys.map(nameInPath).join('.');

describe('paths', () => {
  test('different names give different paths, and the names come back', () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        expect(namesIn(pathTo(one))).toEqual(one.map(nameInPath));
        expect(pathTo(one) === pathTo(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  test('a state is in those that have it, and in no other', () => {
    fc.assert(
      fc.property(names, name, name, (outer, key, other) => {
        const path = pathTo([...outer, key]);
        expect(parentOf(path)).toBe(pathTo(outer));
        expect(isWithin(path, pathTo(outer))).toBe(true);
        expect(isWithin(path, pathTo([...outer, other]))).toBe(key === other);
      }),
    );
  });
});

describe('identifiers', () => {
  test('are letters, digits and `_`, a letter first', () => {
    fc.assert(
      fc.property(names, (keys) => {
        expect(identifier(pathTo(keys))).toMatch(/^[A-Za-z]\w*$/);
      }),
    );
  });

  test('two different paths never have the same, nor is one that of another thing in the picture', () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        const [path, second] = [pathTo(one), pathTo(other)];
        const id = identifier(path);
        expect(id === identifier(second)).toBe(path === second);
        const others = [
          ANYWHERE,
          'root_',
          `anchor_${identifier(second)}`,
          `start_${identifier(second)}`,
          'start_s_',
        ];
        expect(others).not.toContain(id);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    'end',
    'END',
    'state',
    'note',
    'node',
    'graph',
    'scale',
    'constructor',
    'toString',
    '__proto__',
  ])('%s is not left as it is', (word) => expect(identifier(word)).not.toBe(word));

  test.each([
    ['active.running', 'active__running'],
    ['v1\\.0', 'v1_5c___0'],
    ['end', 's_end'],
    ['9', 's_9'],
    ['a b', 'a_20_b'],
  ])('%s is %s', (path, id) => expect(identifier(path)).toBe(id));
});

describe('text', () => {
  // Halves of characters too.
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const text = fc.oneof(fc.string({ unit }), fc.string({ unit: 'binary' }));

  test('what cannot be printed becomes U+FFFD, the rest stays', () => {
    expect(printable('a\u0000b\u001b[31m\u007f\u009f\ud800c\ufffe')).toBe(
      'a\ufffdb\ufffd[31m\ufffd\ufffd\ufffdc\ufffd',
    );
    expect(printable('a\tb\r\n é日本🂡 עברית \u202e')).toBe('a\tb\r\n é日本🂡 עברית \u202e');
    fc.assert(
      fc.property(text, (any) => {
        expect(printable(any)).toHaveLength(any.length);
      }),
    );
  });

  test('one line has no line ends, whatever they are', () => {
    expect(oneLine('a\r\nb\u2028c\u0085d\v\te')).toBe('a b c d e');
  });

  test('of XML: no sign of its own is left, and it reads back', () => {
    expect(escapeXml('<a href="x" b=\'y\'>&\n</a>\u0000]]>')).toBe(
      '&#60;a href=&#34;x&#34; b=&#39;y&#39;&#62;&#38;&#10;&#60;/a&#62;\ufffd]]&#62;',
    );
    fc.assert(
      fc.property(text, (any) => {
        const escaped = escapeXml(any);
        expect(escaped).not.toMatch(/[<>"'\n\r\t]|&(?!#\d+;)/);
        const read = escaped.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
        expect(read).toBe(printable(any));
      }),
    );
  });

  test('of Mermaid: its own signs are numbers, and a note does not end in the middle', () => {
    expect(escapeMermaid('a: "b"; #c <d> {e} %%f &g \\n')).toBe(
      'a#58; #34;b#34;#59; #35;c #60;d#62; #123;e#125; #37;#37;f #38;g #92;n',
    );
    expect(escapeMermaid('send note')).toBe('send#32;note');
  });

  test('wrapped, nothing of it is lost, and no line is longer than 30 characters or empty', () => {
    const words = fc
      .array(fc.oneof(text, fc.constant(' '), fc.string({ minLength: 25, maxLength: 70 })))
      .map((all) => all.join(' '));
    fc.assert(
      fc.property(words, (any) => {
        const lines = wrap(any);
        expect(lines.join('').replace(/\s/g, '')).toBe(any.replace(/\s/g, ''));
        for (const line of lines) {
          expect([...line].length).toBeLessThanOrEqual(30);
          expect(line !== '' || any.trim() === '').toBe(true);
        }
      }),
    );
    expect(wrap('one two')).toEqual(['one two']);
    expect(wrap('')).toEqual(['']);
  });

  test('a longer text is not narrower, and no character is wider than the size', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const width = textWidth(one, SIZES.text);
        expect(textWidth(one + other, SIZES.text)).toBeGreaterThanOrEqual(
          /[\ud800-\udbff]$/.test(one) ? 0 : width,
        );
        expect(width).toBeLessThanOrEqual([...one].length * SIZES.text);
        expect(Number.isInteger(width)).toBe(true);
      }),
    );
  });
});

/** Lines of each format that hold nothing but what the format knows, whatever the names are. */
describe('a machine of hostile names', () => {
  const states = Object.keys(hostile.root.states).length;

  test('has a line of its own kind for everything in Mermaid', () => {
    const lines = toMermaid(hostile, { detail: 'full' }).trimEnd().split('\n');
    const known =
      /^(stateDiagram-v2|\[\*\] --> \w+|\w+ --> (\[\*\]|\w+)(: .*)?|state "[^"]*" as \w+( \{)?|\}|note right of \w+|end note|classDef .*|class .*)$/;
    const notes = lines
      .join('\n')
      .replace(/\n\s*note right of \w+\n[\s\S]*?\n\s*end note/g, '')
      .split('\n');
    expect(notes.filter((line) => !known.test(line.trim()))).toEqual([]);
    expect(lines.filter((line) => line.trim().startsWith('state '))).toHaveLength(states * 2);
  });

  test('has no control character, half of a character, or line end of its own in any format', () => {
    const texts = [toMermaid(hostile), toDot(hostile), toPlantUml(hostile), toScxml(hostile)];
    expect(texts.filter((text) => printable(text) !== text || text.includes('\r'))).toEqual([]);
  });

  test('closes each string of DOT in its line', () => {
    for (const line of toDot(hostile, { detail: 'full' }).split('\n'))
      expect(line.replace(/"(?:[^"\\]|\\.)*"/g, '')).not.toContain('"');
  });

  test('stands as it is in the attributes of SVG', async () => {
    const small = createMachine({ initial: 'a"<', states: { 'a"<': { on: { '<script>': '&' } }, '&': {} } });
    const svg = await toSvg(small);
    expect(svg).toContain('data-state="a&#34;&#60;"');
    expect(svg).toContain('data-from="a&#34;&#60;" data-to="&#38;"');
    expect(svg).toContain('&#60;script&#62;</text>');
    expect(svg).not.toContain('<script>');
  });
});

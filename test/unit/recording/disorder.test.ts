import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRecording } from '../../../src/recording/reader.ts';
import { RecordingError } from '../../../src/recording/recording-error.ts';
import { replay } from '../../../src/recording/replay.ts';
import { attached, eof, event, observer, text } from './helpers.ts';

const folder = fileURLToPath(new URL('../../data/golden', import.meta.url));
const goldens = readdirSync(folder)
  .filter((name) => name.endsWith('.qmp.jsonl'))
  .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
const observed = text(
  observer({ devices: [{ type: 'net', alias: 'net0', trustGuestRxFilters: true }] }),
  ...attached(0),
  event(1, 'NIC_RX_FILTER_CHANGED', { name: 'net0' }),
  event(2, 'STOP'),
  event(3, 'SHUTDOWN', { guest: true }),
  eof(4, false),
  ...attached(5, 'paused'),
  eof(6, true, { foundLater: true }),
  ...attached(7),
  eof(8, null),
);
const contents = [...goldens, observed];

async function outcomeOf(content: string): Promise<'refused' | 'played'> {
  try {
    for await (const item of replay(parseRecording('a', content))) JSON.stringify(item);
    return 'played';
  } catch (error) {
    if (error instanceof RecordingError) return 'refused';
    throw error;
  }
}

describe('whatever a recording holds, it is refused or played to its end', () => {
  test('lines left out, repeated, and in any order', async () => {
    let played = 0;
    const disorder = fc
      .nat(contents.length - 1)
      .chain((which) => {
        const [first, ...rest] = (contents[which] ?? '').trimEnd().split('\n');
        return fc.tuple(fc.constant(first), fc.array(fc.constantFrom(...rest), { maxLength: 60 }));
      })
      // Times in order, and each step at most once, or nearly all would be refused.
      .map(([first, lines]) => {
        const seen = new Set<string>();
        const kept = lines
          .map((line, n) => ({ ...JSON.parse(line), t: n }))
          .filter(({ kind, step }) => {
            const key = `${kind} ${step}`;
            if (step === undefined) return true;
            if (seen.has(key) || (kind === 'stepDone' && !seen.has(`step ${step}`))) return false;
            seen.add(key);
            return true;
          });
        return `${first}\n${text(...kept)}`;
      });
    await fc.assert(
      fc.asyncProperty(disorder, async (content) => {
        if ((await outcomeOf(content)) === 'played') played += 1;
      }),
      { numRuns: 300 },
    );
    expect(played).toBe(300);
  });

  test('bytes cut off, and replaced', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(contents.length - 1),
        fc.nat(),
        fc.string({ unit: 'grapheme', maxLength: 5 }),
        async (which, where, by) => {
          const content = contents[which] ?? '';
          const at = where % content.length;
          await outcomeOf(content.slice(0, at));
          await outcomeOf(content.slice(0, at) + by + content.slice(at + by.length));
        },
      ),
      { numRuns: 200 },
    );
  });
});

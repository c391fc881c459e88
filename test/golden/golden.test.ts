/** What libvirt 9.0.0 told its clients, and what we tell, of the same QEMU. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parseRecording } from '../../src/recording/reader.ts';
import { type ReplayItem, replay } from '../../src/recording/replay.ts';
import { compare, type ExpectedStep } from './compare.ts';

const folder = fileURLToPath(new URL('../data/golden', import.meta.url));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.qmp.jsonl'))
  .map((name) => name.replace('.qmp.jsonl', ''));

const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');

/** The number that an issue asks for, as a line of its own. */
const found = { equal: 0, differ: 0 };
afterAll(() => console.log(`golden: ${found.equal} equal, ${found.differ} differ`));

describe('a replay tells what libvirt told', () => {
  test.each(names)('%s', async (name) => {
    const recording = parseRecording(name, read(`${name}.qmp.jsonl`));
    const expected: ExpectedStep[] = read(`${name}.expected.jsonl`)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const items: ReplayItem[] = [];
    for await (const item of replay(recording)) items.push(item);
    const differences = compare(recording, expected, items);
    found[differences.length === 0 ? 'equal' : 'differ'] += 1;
    expect(differences).toEqual([]);
  });

  test.each(names)('%s: every line of a step stands before its state line', async (name) => {
    const ended = new Set<number | null>();
    for await (const { type, step } of replay(parseRecording(name, read(`${name}.qmp.jsonl`)))) {
      expect(ended.has(step)).toBe(false);
      if (type === 'state') ended.add(step);
    }
  });
});

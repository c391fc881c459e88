/** The bugs of `npm run proof -- model-faults` are of the source as it is now. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { plantedBugs } from '../proof/model-faults/bugs.ts';
import { broken } from '../proof/mutants/mutant.ts';

const root = new URL('../../', import.meta.url);

test.each(plantedBugs.map((bug) => [bug.name, bug] as const))(
  'what a planted bug changes stands in a machine exactly once: %s',
  (_, bug) => {
    const text = readFileSync(new URL(bug.file, root), 'utf8');
    expect(bug.file).toMatch(/^src\/machines\//);
    expect(broken(text, bug)).not.toBe(text);
  },
);

test('no two planted bugs have one name, or one text', () => {
  expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length);
  expect(new Set(plantedBugs.map(({ file, from, to }) => `${file}\n${from}\n${to}`)).size).toBe(
    plantedBugs.length,
  );
});

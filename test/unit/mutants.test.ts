/** The mutants of `npm run proof -- mutants` are of the source as it is now. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutants } from '../proof/mutants/index.ts';
import { broken, type Mutant } from '../proof/mutants/mutant.ts';

const root = new URL('../../', import.meta.url);

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  'a guard of the mutation proof stands in the source exactly once, and its tests are there: %s',
  (_, mutant) => {
    const text = readFileSync(new URL(mutant.file, root), 'utf8');
    expect(broken(text, mutant)).not.toBe(text);
    expect(mutant.tests.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  },
);

test('no two mutants have one name', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test('a guard that is not found, or twice, is refused', () => {
  const mutant: Mutant = { name: 'n', guards: 'g', file: 'f', from: 'a', to: '$&', tests: [] };
  expect(broken('bab', mutant)).toBe('b$&b');
  expect(() => broken('b', mutant)).toThrow('f has its text 0 times');
  expect(() => broken('aa', mutant)).toThrow('f has its text 2 times');
});

/** Each guarantee of the pages is the title of a test, word for word. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from './pages.ts';

/** The items of the lists below `## What is guaranteed`, each a sentence. */
function guaranteesOf(text: string): string[] {
  const [section = ''] = text.split('## What is guaranteed\n')[1]?.split('\n## ') ?? [];
  return [...section.matchAll(/^- (.+(?:\n {2}.+)*)$/gm)].map(([, item = '']) =>
    item.replaceAll(/\n {2}/g, ' '),
  );
}

const titles = readdirSync(`${root}test/unit`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => readFileSync(`${root}test/unit/${path}`, 'utf8'))
  .join('\n');

/** As a title: without the full stop, in lower case at its beginning; what a title has in brackets is its source. */
function isTitle(guarantee: string, among: string): boolean {
  const words = guarantee.replace(/\.$/, '');
  const variants = [words, words.charAt(0).toLowerCase() + words.slice(1)];
  return variants.some((title) => among.includes(`test('${title}'`) || among.includes(`test('${title} (`));
}

test.each([
  ['subscriptions', 25],
  ['model-testing', 7],
])('each guarantee of docs/%s.md is the title of a test', (page, fewest) => {
  const guarantees = guaranteesOf(readFileSync(`${root}docs/${page}.md`, 'utf8'));
  expect(guarantees.length).toBeGreaterThan(fewest);
  expect(guarantees.filter((guarantee) => !isTitle(guarantee, titles))).toEqual([]);
});

test('a guarantee without a test is found', () => {
  const page = '# A\n\n## What is guaranteed\n\n- It is\n  so.\n- It is not.\n\n## More\n\n- Other.\n';
  const [so = '', not = ''] = guaranteesOf(page);
  expect([so, not]).toEqual(['It is so.', 'It is not.']);
  expect(isTitle(so, "test('it is so (R1)', () => {})")).toBe(true);
  expect(isTitle(not, "test('it is not quite', () => {})")).toBe(false);
});

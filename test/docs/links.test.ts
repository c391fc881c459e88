/** Links between the pages lead somewhere: the file is there, and so is the heading. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { pages, proseOf, root } from './pages.ts';

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#+ (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function isBroken(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : normalize(join(dirname(from), path));
  if (file.startsWith('..') || !existsSync(`${root}${file}`)) return true;
  if (anchor === undefined || statSync(`${root}${file}`).isDirectory()) return false;
  return !anchorsOf(readFileSync(`${root}${file}`, 'utf8')).has(anchor);
}

test('links between the pages lead to a file and a heading that are there', () => {
  const links = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => ({ page: page.path, target: match[1] ?? '' }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter(({ page, target }) => isBroken(page, target))).toEqual([]);
});

test('every page of docs can be reached from docs/index.md', () => {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  const reached = new Set<string>();
  const waiting = ['docs/index.md'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const page = byPath.get(path);
    if (page === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const [, target = ''] of proseOf(page).matchAll(/\]\(([^)\s#]+)/g))
      waiting.push(normalize(join(dirname(path), target)));
  }
  const unreached = [...byPath.keys()].filter(
    (path) => path.startsWith('docs/') && !path.startsWith('docs/proofs/') && !reached.has(path),
  );
  expect(unreached).toEqual([]);
});

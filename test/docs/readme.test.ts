/** What the README says there is: the names to import, the commands. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pages, root } from './pages.ts';

const readme = pages.find(({ path }) => path === 'README.md')?.text ?? '';
const { exports, scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, unknown>;
  scripts: Record<string, string>;
};
const specifiers = Object.keys(exports)
  .filter((key) => !key.endsWith('.json'))
  .map((key) => `qemu-actors${key.slice(1)}`);

/** First cells of the table that begins with a certain heading. */
const rowsOf = (heading: string): string[] => {
  const [, table = ''] =
    new RegExp(`^\\| ${heading} \\|.*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, 'm').exec(readme) ?? [];
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '');
};

test('the table of imports has just what the package exports', () => {
  expect(rowsOf('import')).toEqual(specifiers);
});

test('the pages import only what the package exports', () => {
  const imported = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/from '(qemu-actors[^']*)'/g)].map((match) => ({ path, specifier: match[1] ?? '' })),
  );
  expect(imported.length).toBeGreaterThan(3);
  expect(imported.filter(({ specifier }) => !specifiers.includes(specifier))).toEqual([]);
});

test('the table of commands has just the commands that there are', () => {
  const help = spawnSync(process.execPath, ['dist/cli/main.js', '--help'], {
    cwd: root,
    encoding: 'utf8',
  }).stdout;
  const [, list = ''] = /^Commands:\n((?: {2}.*\n)+)/m.exec(help) ?? [];
  const commands = [...list.matchAll(/^ {2}(\w[\w-]*)/gm)].map((match) => match[1] ?? '');
  expect(
    rowsOf('command')
      .map((row) => row.split(' ')[0])
      .sort(),
  ).toEqual(commands.filter((name) => name !== 'help').sort());
});

test('the pages name only npm scripts that are there', () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => ({ path, script: match[1] ?? '' })),
  );
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([]);
});

test('the licence is there', () => {
  expect(existsSync(`${root}LICENSE`)).toBe(true);
});

// Fails if there is neither a changeset nor a section of CHANGELOG.md for the package's version. `changeset status`
// says more, but compares with a branch that a fresh clone may not have.

import { existsSync, readdirSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, root), 'utf8');
const { name, version } = JSON.parse(read('package.json'));

const files = readdirSync(new URL('.changeset', root)).filter((file) => /^(?!README).*\.md$/.test(file));
const header = new RegExp(`^---\\n['"]?${name}['"]?: (patch|minor|major)\\n---\\n+\\S`);
const broken = files.filter((file) => !header.test(read(`.changeset/${file}`)));
const released =
  existsSync(new URL('CHANGELOG.md', root)) && read('CHANGELOG.md').split('\n').includes(`## ${version}`);

if (broken.length > 0) {
  console.error(`not a changeset for ${name}, or without a text: ${broken.join(', ')}`);
  process.exitCode = 1;
} else if (files.length === 0 && !released) {
  console.error(`no changeset, and CHANGELOG.md has no section ${version}: run npm run changeset`);
  process.exitCode = 1;
} else {
  console.log(
    files.length > 0 ? `changesets: ${files.length}` : `changesets: none, ${version} is in CHANGELOG.md`,
  );
}

/** Two builds in folders of their own: the present one, and that of the previous commit. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directory, output } from './scratch.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What dist is made of: a difference elsewhere, in docs/benchmarks.md for one, is none. */
const SOURCES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

const git = (...args) => output('git', ['--no-optional-locks', ...args], { cwd: root });
const commitOf = (revision) =>
  git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`).catch(() => null);
const short = (commit) => git('rev-parse', '--short', commit);

/**
 * @param {string | undefined} against - a revision; default `HEAD~1`, or `HEAD` if the source differs from it
 * @returns the two commits, or why there is nothing to compare with
 * @throws when `against` is no commit
 */
export async function chooseCommits(against) {
  // A tarball unpacked within some other repository has no history either.
  const prefix = await git('rev-parse', '--show-prefix').catch(() => null);
  const head = prefix === '' ? await commitOf('HEAD') : null;
  if (head === null) {
    if (against !== undefined) throw new Error(`--against ${against}: there is no git history here`);
    return { missing: 'there is no git history here' };
  }
  const changed = (await git('status', '--porcelain', '--', ...SOURCES)) !== '';
  const revision = against ?? (changed ? 'HEAD' : 'HEAD~1');
  const old = await commitOf(revision);
  if (old === null) {
    if (against !== undefined) throw new Error(`--against ${against}: no such commit`);
    return { missing: `${revision} is not here: the clone is shallow, or this is the first commit` };
  }
  return {
    old,
    names: { new: (await short(head)) + (changed ? ' and changes' : ''), old: await short(old) },
  };
}

function makeFolder(name) {
  const folder = join(directory, name);
  mkdirSync(folder);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A copy, as dist may be built anew meanwhile. */
export function copyPresent() {
  const folder = makeFolder('new');
  for (const part of ['dist', 'package.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  return folder;
}

/** With the packages that are installed here, whatever the commit asks for. */
export async function buildOld(commit) {
  const folder = makeFolder('old');
  const archive = join(directory, 'old.tar');
  await git('archive', '--format=tar', '--output', archive, commit);
  await output('tar', ['-xf', archive, '-C', folder]);
  await output('npm', ['run', '--silent', 'build'], { cwd: folder });
  return folder;
}

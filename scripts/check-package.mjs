// Checks the package as its users get it: packs it, lints the tarball and its types, installs it in an empty
// project, imports every sub-path of `exports` and runs the command.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'package-'));
try {
  await check();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

async function check() {
  // Packing builds first (`prepare`).
  run('npm', ['pack', '--silent', '--pack-destination', temporary], root);
  const [file = ''] = readdirSync(temporary).filter((name) => name.endsWith('.tgz'));
  const tarball = join(temporary, file);
  await lint(tarball);
  run(
    join(root, 'node_modules/.bin/attw'),
    [tarball, '--profile', 'esm-only', '--no-summary', '--no-definitely-typed', '--no-color'],
    root,
  );
  install(tarball);
}

/** @param {string} tarball */
async function lint(tarball) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
  for (const message of messages) console.error(`publint: ${formatMessage(message, pkg)}`);
  if (messages.length > 0) throw new Error(`publint has ${messages.length} complaints`);
  console.log('publint: nothing to complain about');
}

/** @param {string} tarball */
function install(tarball) {
  const project = join(temporary, 'project');
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  run('npm', ['install', '--silent', '--prefer-offline', '--engine-strict', tarball], project);

  const { name, exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const subPath of Object.keys(exports).filter((key) => !key.endsWith('.json'))) {
    const specifier = join(name, subPath);
    const script = `const names = Object.keys(await import('${specifier}'));
      if (names.length === 0) throw new Error('${specifier} exports nothing');
      console.log('${specifier}: ' + names.length + ' exports');`;
    run(process.execPath, ['--input-type=module', '--eval', script], project);
  }
  for (const command of Object.keys(bin)) {
    run(join(project, 'node_modules/.bin', command), ['--help'], project, 'ignore');
    console.log(`${command} --help: works`);
  }
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {string} cwd
 * @param {'inherit' | 'ignore'} [stdout]
 */
function run(file, args, cwd, stdout = 'inherit') {
  execFileSync(file, args, { cwd, stdio: ['ignore', stdout, 'inherit'] });
}

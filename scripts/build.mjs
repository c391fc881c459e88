/**
 * Builds dist in a folder of its own and puts it in place at once, so that whoever runs dist meanwhile is not
 * disturbed. With `--if-needed` it does nothing if dist is newer than every source.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}dist/.built`;

function isCurrent() {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).map(
    (path) => `src/${path}`,
  );
  const files = [...sources, 'tsconfig.json', 'tsconfig.build.json', 'package.json'];
  return files.every((path) => statSync(root + path).mtimeMs <= built);
}

function build() {
  const made = `dist-${process.pid}`;
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', made];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) {
    // npm makes a command executable when it installs; who builds later needs it too.
    chmodSync(`${root}${made}/cli/main.js`, 0o755);
    writeFileSync(`${root}${made}/.built`, '');
    const old = `${root}dist-old-${process.pid}`;
    if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old);
    renameSync(`${root}${made}`, `${root}dist`);
    rmSync(old, { recursive: true, force: true });
  }
  rmSync(`${root}${made}`, { recursive: true, force: true });
  return status ?? 1;
}

process.exitCode = process.argv.includes('--if-needed') && isCurrent() ? 0 : build();

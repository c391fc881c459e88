/**
 * Builds dist, the dashboard's page included, in a folder of its own and puts it in place at once, so that whoever
 * runs dist meanwhile is not disturbed. With `--if-needed` it does nothing if dist is newer than every source.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}dist/.built`;
/** Code for browsers, checked with their types, and the files that it is served with. */
const page = 'dashboard/page';
const pageConfig = `src/${page}/tsconfig.json`;

function isCurrent() {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).map(
    (path) => `src/${path}`,
  );
  const files = [...sources, 'tsconfig.json', 'tsconfig.build.json', 'package.json'];
  return files.every((path) => statSync(root + path).mtimeMs <= built);
}

async function build() {
  const made = `dist-${process.pid}`;
  // The page's second: of the types that it imports, the same files are written once more.
  const status =
    compile('tsconfig.build.json', '--outDir', made) ||
    compile(pageConfig, '--noEmit', 'false', '--rootDir', 'src', '--outDir', made);
  if (status === 0) {
    for (const name of readdirSync(`${root}src/${page}`).filter((file) => /\.(html|css)$/.test(file)))
      cpSync(`${root}src/${page}/${name}`, `${root}${made}/${page}/${name}`);
    await drawCharts(made);
    // npm makes a command executable when it installs; who builds later needs it too.
    chmodSync(`${root}${made}/cli/main.js`, 0o755);
    writeFileSync(`${root}${made}/.built`, '');
    const old = `${root}dist-old-${process.pid}`;
    if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old);
    renameSync(`${root}${made}`, `${root}dist`);
    rmSync(old, { recursive: true, force: true });
  }
  rmSync(`${root}${made}`, { recursive: true, force: true });
  return status;
}

/**
 * The charts of our machines, which the page colours. It takes seconds, so no driver is kept waiting for it.
 *
 * @param {string} made
 */
async function drawCharts(made) {
  const { toSvg } = await import(`${root}${made}/diagram/index.js`);
  const { domainMachine, monitorMachine, processEventMachine, qemuJobMachine } = await import(
    `${root}${made}/machines/index.js`
  );
  const machines = {
    domain: domainMachine,
    monitor: monitorMachine,
    'process-event': processEventMachine,
    'qemu-job': qemuJobMachine,
  };
  for (const [name, machine] of Object.entries(machines)) {
    // The page has styles of its own, and its policy refuses those in a drawing.
    const svg = (await toSvg(machine)).replace(/<style>[^<]*<\/style>/, '');
    writeFileSync(`${root}${made}/${page}/${name}.svg`, svg);
  }
}

/**
 * @param {string} config
 * @param {string[]} options
 * @returns {number} the exit status
 */
function compile(config, ...options) {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const args = [join(dirname(manifest), 'bin/tsc'), '-p', config, ...options];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

process.exitCode = process.argv.includes('--if-needed') && isCurrent() ? 0 : await build();

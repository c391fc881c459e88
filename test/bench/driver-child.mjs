/**
 * A child of test/bench/compare.mjs: the driver of the build in the folder given, flooded once for each number of
 * events that it is told; answers with the milliseconds. It ends with its parent.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { flood, serve } from './workload.mjs';

const [folder] = process.argv.slice(2);

process.on('disconnect', () => process.exit());
const failed = (error) => process.send({ failed: error instanceof Error ? error.message : String(error) });

function requireMethod(owner, name, of) {
  if (typeof owner?.[name] !== 'function') throw new Error(`it has no ${of}${name}()`);
}

async function begin() {
  const build = await import(pathToFileURL(join(folder, 'dist/index.js')).href);
  requireMethod(build, 'openDriver', '');
  const server = await serve(join(folder, `qmp-${process.pid}`));
  const driver = await build.openDriver();
  requireMethod(driver, 'attach', 'driver.');
  requireMethod(driver, 'on', 'driver.');
  await driver.attach({ monitor: server.path });
  let seen = 0;
  driver.on('lifecycle', () => {
    seen += 1;
  });
  process.on('message', ({ events }) => {
    globalThis.gc();
    flood(server, () => seen, events).then((ms) => process.send({ ms }), failed);
  });
}

begin().then(() => process.send({ ready: true }), failed);

/**
 * `npm run bench`: fixed work, each result beside a floor measured in the same run; writes docs/benchmarks.md.
 *
 * usage: npm run bench [-- --against REVISION]   compares with this one instead of the previous commit
 */
import { symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDriver } from '../../dist/index.js';
import { QmpClient } from '../../dist/qmp/index.js';
import { compare } from './compare.mjs';
import { dispatches } from './dispatch.mjs';
import { lookups } from './lookup.mjs';
import { pageOf } from './page.mjs';
import { buildOld, chooseCommits, copyPresent } from './previous.mjs';
import { cleanUp, directory } from './scratch.mjs';
import { simulations } from './simulation.mjs';
import { flood, line, runStateLines, serve, turn } from './workload.mjs';

const EVENTS = 200_000;
const PROCESS_EVENTS = 20_000;
const DOMAINS = 1000;
const ROUNDS = 5;

/** The best of some rounds, as the least disturbed; in nanoseconds for each of `count`. */
async function best(count, round) {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < ROUNDS; n += 1) least = Math.min(least, await round());
  return (least * 1e6) / count;
}

/** What nobody can go below: the same bytes split into lines and parsed. */
async function floor() {
  const bytes = Buffer.from(runStateLines(EVENTS));
  return best(EVENTS, () => {
    const start = performance.now();
    let seen = 0;
    for (const text of bytes.toString('utf8').split('\r\n'))
      if (text !== '') seen += JSON.parse(text).event.length;
    if (seen === 0) throw new Error('nothing parsed');
    return performance.now() - start;
  });
}

async function client() {
  const server = await serve(join(directory, 'client'));
  const qmp = await QmpClient.connect(server.path);
  let seen = 0;
  qmp.on('*', () => {
    seen += 1;
  });
  const result = await best(EVENTS, () => flood(server, () => seen, EVENTS));
  qmp.close();
  await server.close();
  return result;
}

async function subscriber() {
  const server = await serve(join(directory, 'driver'));
  const driver = await openDriver();
  const vm = await driver.attach({ monitor: server.path });
  let seen = 0;
  driver.on('lifecycle', () => {
    seen += 1;
  });
  const result = await best(EVENTS, () => flood(server, () => seen, EVENTS));
  if (vm.state.state !== 'running') throw new Error('the last event was RESUME');
  await driver.close();
  await server.close();
  return result;
}

async function handlers() {
  const server = await serve(join(directory, 'handlers'));
  const driver = await openDriver();
  await driver.attach({ monitor: server.path });
  let seen = 0;
  driver.on('outcome', () => {
    seen += 1;
  });
  const lines = Array.from({ length: 500 }, (_, n) => line('DEVICE_DELETED', n, { device: `d${n}` })).join(
    '',
  );
  const result = await best(PROCESS_EVENTS, async () => {
    const start = performance.now();
    for (let sent = 0; sent < PROCESS_EVENTS; sent += 500) {
      const target = seen + 500;
      server.send(lines);
      while (seen < target) await turn();
    }
    return performance.now() - start;
  });
  await driver.close();
  await server.close();
  return result;
}

async function memory() {
  const servers = [];
  const driver = await openDriver();
  for (let n = 0; n < DOMAINS / 50; n += 1) servers.push(await serve(join(directory, `m${n}`)));
  const paths = [];
  // One thread serves fifty domains, each under a path of its own.
  for (let n = 0; n < DOMAINS; n += 1) {
    const path = join(directory, `d${n}`);
    symlinkSync(servers[n % servers.length].path, path);
    paths.push(path);
  }
  await driver.attach({ monitor: paths[0] });
  await turn();
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (const path of paths.slice(1)) await driver.attach({ monitor: path });
  await turn();
  globalThis.gc();
  const result = (process.memoryUsage().heapUsed - before) / (DOMAINS - 1);
  await driver.close();
  for (const server of servers) await server.close();
  return result;
}

/** The two builds to compare, or why there are none. */
async function prepare({ against }) {
  const commits = await chooseCommits(against);
  if ('missing' in commits) return commits;
  const { names } = commits;
  try {
    return { names, folders: { new: copyPresent(), old: await buildOld(commits.old) } };
  } catch (error) {
    return { missing: `${names.old} cannot be built here: ${error.message}` };
  }
}

async function besides(prepared) {
  if ('missing' in prepared) return prepared;
  const { names, folders } = prepared;
  try {
    return { names, ...(await compare(folders)) };
  } catch (error) {
    return { missing: `${names.new} and ${names.old} cannot be compared: ${error.message}` };
  }
}

const step = async (what, run) => {
  process.stderr.write(`${what} …\n`);
  return run();
};
try {
  const { values: options } = parseArgs({ options: { against: { type: 'string' } } });
  const prepared = await step('previous commit', () => prepare(options));
  const page = pageOf({
    counts: { events: EVENTS, processEvents: PROCESS_EVENTS, domains: DOMAINS, rounds: ROUNDS },
    floor: await step('floor', floor),
    client: await step('client', client),
    driver: await step('driver', subscriber),
    handlers: await step('handlers', handlers),
    bytes: await step('memory', memory),
    lookups: await step('lookup', lookups),
    dispatched: await step('dispatch', dispatches),
    simulated: await step('simulation', simulations),
    compared: await step('beside the previous commit', () => besides(prepared)),
    machine: `Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}`,
  });
  writeFileSync(new URL('../../docs/benchmarks.md', import.meta.url), page);
  process.stdout.write(page);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}

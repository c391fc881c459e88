/**
 * `npm run bench`: fixed work, each result beside a floor measured in the same run; writes docs/benchmarks.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { openDriver } from '../../dist/index.js';
import { QmpClient } from '../../dist/qmp/index.js';

const EVENTS = 200_000;
const PROCESS_EVENTS = 20_000;
const DOMAINS = 1000;
const ROUNDS = 5;

const directory = mkdtempSync(join(tmpdir(), 'qa-'));
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function serve(name) {
  const path = join(directory, name);
  const worker = new Worker(new URL('./qmp-server.mjs', import.meta.url), { workerData: { path } });
  await new Promise((resolve) => worker.once('message', resolve));
  return { path, send: (text) => worker.postMessage(Buffer.from(text)), close: () => worker.terminate() };
}

const line = (event, n, data) =>
  `${JSON.stringify({ timestamp: { seconds: 1795253683 + n, microseconds: n % 1e6 }, event, ...(data && { data }) })}\r\n`;
const runStateLines = (count) =>
  Array.from({ length: count }, (_, n) => line(n % 2 === 0 ? 'STOP' : 'RESUME', n)).join('');

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
  const server = await serve('client');
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

/** From the first byte sent to the last event heard. */
async function flood(server, seen, count) {
  const target = seen() + count;
  const text = runStateLines(count);
  const start = performance.now();
  server.send(text);
  while (seen() < target) await turn();
  return performance.now() - start;
}

async function subscriber() {
  const server = await serve('driver');
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
  const server = await serve('handlers');
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
  for (let n = 0; n < DOMAINS / 50; n += 1) servers.push(await serve(`m${n}`));
  const paths = [];
  // One thread serves fifty domains, each under a path of its own.
  const { symlinkSync } = await import('node:fs');
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

const perSecond = (ns) => `${Math.round(1e9 / ns / 1000)} 000/s`;
const times = (ns, base) => `${(ns / base).toFixed(1)} ×`;

const step = async (what, run) => {
  process.stderr.write(`${what} …\n`);
  return run();
};
try {
  const base = await step('floor', floor);
  const alone = await step('client', client);
  const whole = await step('driver', subscriber);
  const handled = await step('handlers', handlers);
  const bytes = await step('memory', memory);
  const rows = [
    ['floor: `split` and `JSON.parse` of the same bytes', perSecond(base), '1 ×'],
    ['`QmpClient`: socket → callback', perSecond(alone), times(alone, base)],
    ['driver: socket → domain machine → `lifecycle` subscriber', perSecond(whole), times(whole, base)],
    [
      'driver: socket → process event → handler → outcome',
      perSecond(handled),
      `${times(handled, base)}; ${(handled / 1000).toFixed(0)} µs each`,
    ],
    ['heap of one idle attached domain', `${(bytes / 1024).toFixed(1)} KiB`, ''],
  ];
  const page = `<!-- Written by \`npm run bench\`. -->
# Benchmarks

${EVENTS.toLocaleString('en')} STOP and RESUME through a unix socket from another thread, ${PROCESS_EVENTS.toLocaleString('en')} DEVICE_DELETED, ${DOMAINS.toLocaleString('en')} domains; the best of
${ROUNDS} rounds. The ratio is to the floor of the same run: what is faster than 1 × cannot be.

| what | result | time, as a multiple of the floor |
|---|---|---|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}. \`npm run bench\`
`;
  writeFileSync(new URL('../../docs/benchmarks.md', import.meta.url), page);
  process.stdout.write(page);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

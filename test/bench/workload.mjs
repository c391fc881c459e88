/** What the benchmarks have in common: the lines, the thread that sends them, a flood of them. */
import { Worker } from 'node:worker_threads';

export const turn = () => new Promise((resolve) => setImmediate(resolve));

export const line = (event, n, data) =>
  `${JSON.stringify({ timestamp: { seconds: 1795253683 + n, microseconds: n % 1e6 }, event, ...(data && { data }) })}\r\n`;

export const runStateLines = (count) =>
  Array.from({ length: count }, (_, n) => line(n % 2 === 0 ? 'STOP' : 'RESUME', n)).join('');

/** A QMP server on the socket `path`, in a thread of its own. */
export async function serve(path) {
  const worker = new Worker(new URL('./qmp-server.mjs', import.meta.url), { workerData: { path } });
  await new Promise((resolve) => worker.once('message', resolve));
  return { path, send: (text) => worker.postMessage(Buffer.from(text)), close: () => worker.terminate() };
}

/** From the first byte sent to the last event heard, in milliseconds. */
export async function flood(server, seen, count) {
  const target = seen() + count;
  const text = runStateLines(count);
  const start = performance.now();
  server.send(text);
  while (seen() < target) await turn();
  return performance.now() - start;
}

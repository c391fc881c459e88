/**
 * What Table 1 costs: name → row → payload, as `src/actors/route-event.ts` does it, beside JSON.parse of the same
 * line. Each name comes anew out of JSON.parse, as on the wire, so that its hash is not known yet.
 */
import { Dropped } from '../../dist/events/payload.js';
import { qemuEventRoutes } from '../../dist/events/qemu-events.js';
import { line } from './workload.mjs';

/** Lines at a time: enough for the clock, few enough for the processor's cache. */
const BATCH = 500;
const BATCHES = 400;
const ROUNDS = 6;
export const LOOKUPS = BATCH * BATCHES;

/** Undefined if the table has none. */
const [ignored] = [...qemuEventRoutes].find(([, row]) => row === 'ignored') ?? [];

const CASES = [
  { what: 'known, without data', event: 'RESUME', ends: 'payload' },
  {
    what: 'known, five members read of seven',
    event: 'BLOCK_IO_ERROR',
    data: {
      device: 'drive-virtio-disk0',
      'node-name': 'libvirt-1-format',
      'qom-path': '/machine/peripheral/virtio-disk0/virtio-backend',
      operation: 'write',
      action: 'stop',
      nospace: true,
      reason: 'No space left on device',
    },
    ends: 'payload',
  },
  ...(ignored === undefined ? [] : [{ what: 'known, and ignored', event: ignored, ends: 'ignored' }]),
  { what: 'unknown', event: 'X_NOT_IN_THE_TABLE', ends: 'unknown' },
];

function route({ event, data }) {
  const row = qemuEventRoutes.get(event);
  if (row === undefined) return 'unknown';
  if (row === 'ignored') return 'ignored';
  const payload = row.parse(data);
  return payload instanceof Dropped ? payload.reason : payload;
}

/** Milliseconds of JSON.parse, and of the table, for all batches of one case. */
function round(lines, ends) {
  const messages = new Array(BATCH);
  const results = new Array(BATCH);
  let parsing = 0;
  let routing = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const start = performance.now();
    for (let n = 0; n < BATCH; n += 1) messages[n] = JSON.parse(lines[n]);
    const between = performance.now();
    for (let n = 0; n < BATCH; n += 1) results[n] = route(messages[n]);
    routing += performance.now() - between;
    parsing += between - start;
  }
  const wrong = results.find((each) => (typeof each === 'string' ? each : 'payload') !== ends);
  if (wrong !== undefined) throw new Error(`expected ${ends} of every line, not ${JSON.stringify(wrong)}`);
  return { parsing, routing };
}

/** One of each case: the best of some rounds, in nanoseconds for each event. */
export function lookups() {
  const cases = CASES.map(({ what, event, data, ends }) => ({
    what,
    event,
    ends,
    lines: Array.from({ length: BATCH }, (_, n) => line(event, n, data)),
    floor: Number.POSITIVE_INFINITY,
    table: Number.POSITIVE_INFINITY,
  }));
  // All cases in turns, so that the code is compiled for all of them; the first round only warms up.
  for (let n = 0; n <= ROUNDS; n += 1) {
    for (const each of cases) {
      globalThis.gc();
      const { parsing, routing } = round(each.lines, each.ends);
      if (n === 0) continue;
      each.floor = Math.min(each.floor, (parsing * 1e6) / LOOKUPS);
      each.table = Math.min(each.table, (routing * 1e6) / LOOKUPS);
    }
  }
  return cases;
}

/** docs/benchmarks.md, of what was measured; times in nanoseconds for each event. */
import { EVENTS, PAIRS, ROUNDS } from './compare.mjs';
import { LOOKUPS } from './lookup.mjs';
import { DOMAINS, RUNS, STEPS } from './simulation.mjs';

const number = (value) => value.toLocaleString('en', { maximumFractionDigits: 0 });
const rate = (perSecond) => number(Math.round(perSecond / 100) * 100);
const perSecond = (ns) => `${number(Math.round(1e6 / ns) * 1000)}/s`;
const times = (ns, base) => `${(ns / base).toFixed(1)} ×`;
const table = (head, rows) =>
  [
    `| ${head.join(' | ')} |`,
    `|${'---|'.repeat(head.length)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

const ENDS = { payload: 'payload', ignored: 'counted as ignored', unknown: 'counted as unknown' };

function lookupSection(cases) {
  const rows = cases.map(({ what, event, ends, floor, table: ns }) => [
    `${what}: \`${event}\` → ${ENDS[ends]}`,
    `${floor.toFixed(0)} ns`,
    `${ns.toFixed(0)} ns`,
    `${(ns / floor).toFixed(3)} ×`,
  ]);
  return `## The table

From the name of an event to its row and its parsed payload, as \`src/actors/route-event.ts:routeEvent\` looks it up in
\`src/events/qemu-events.ts:qemuEventRoutes\`, without what the domain does then. The floor is \`JSON.parse\` of the same
lines, in turns with it: ${number(LOOKUPS)} of each a round, the best round.

${table(['event', 'floor', 'the table', 'as a multiple of the floor'], rows)}
`;
}

export function dispatchSection(cases) {
  const [floor] = cases;
  const rows = cases.map(({ what, matches, ns }) => [
    what,
    `${ns.toFixed(0)} ns`,
    `${(ns / matches).toFixed(0)} ns`,
    times(ns, floor.ns),
  ]);
  return `## Subscriptions

From \`src/subscriptions/event-state.ts:EventState.queue\` to the callbacks, by how many match. The floor is one subscription
that matches: an event costs what those cost that match it, not what there are.

${table(['what', 'an event', 'a call', 'as a multiple of the floor'], rows)}
`;
}

function simulationSection({ alone, count, together }, floor) {
  const row = (what, stepsPerSecond) => [
    what,
    `${rate(stepsPerSecond)}/s`,
    times(1e9 / stepsPerSecond, floor),
  ];
  return `## Simulation

Checked steps (docs/simulation.md) of ${DOMAINS} domains with all faults, ${number(STEPS)} and those until all is settled, from the first on;
the median of ${RUNS} runs. A step is mostly work of the library and of the fake QEMU.

${table(
  ['what', 'steps', 'time of a step, as a multiple of the floor'],
  [row('one process', alone), row(`${count} processes at once`, together)],
)}
`;
}

function comparedSection(compared) {
  const title = '## Beside the previous commit\n\n';
  if ('missing' in compared) return `${title}Not compared: ${compared.missing}\n`;
  const { names, ratio } = compared;
  const row = (side) => {
    const { median, low, high } = compared[side];
    return [`${side}: ${names[side]}`, rate(median), `${rate(low)}–${rate(high)}`];
  };
  return `${title}The third row of the first table again, for two builds in turns, each in a process of its own: ${PAIRS} pairs of
processes, ${ROUNDS} rounds each of ${number(EVENTS)} events. The median of all rounds, new ÷ old of those that follow each other;
as spread, the lowest and highest median of a pair. Above 1 is faster; if 1 is within the spread, no difference was
seen.

${table(
  ['build', 'events/s, median', 'spread'],
  [
    row('new'),
    row('old'),
    ['new ÷ old', ratio.median.toFixed(3), `${ratio.low.toFixed(3)}–${ratio.high.toFixed(3)}`],
  ],
)}
`;
}

export function pageOf(measured) {
  const {
    counts,
    floor,
    client,
    driver,
    handlers,
    bytes,
    lookups,
    dispatched,
    simulated,
    compared,
    machine,
  } = measured;
  const rows = [
    ['floor: `split` and `JSON.parse` of the same bytes', perSecond(floor), '1 ×'],
    ['`QmpClient`: socket → callback', perSecond(client), times(client, floor)],
    ['driver: socket → domain machine → `lifecycle` subscriber', perSecond(driver), times(driver, floor)],
    [
      'driver: socket → process event → handler → outcome',
      perSecond(handlers),
      `${times(handlers, floor)}; ${(handlers / 1000).toFixed(0)} µs each`,
    ],
    ['heap of one idle attached domain', `${(bytes / 1024).toFixed(1)} KiB`, ''],
  ];
  return `<!-- Written by \`npm run bench\`. -->
# Benchmarks

${number(counts.events)} STOP and RESUME through a unix socket from another thread, ${number(counts.processEvents)} DEVICE_DELETED, ${number(counts.domains)} domains; the best of
${counts.rounds} rounds. The ratio is to the floor of the same run: what is faster than 1 × cannot be.

${table(['what', 'result', 'time, as a multiple of the floor'], rows)}

${lookupSection(lookups)}
${dispatchSection(dispatched)}
${simulationSection(simulated, floor)}
${comparedSection(compared)}
${machine}. \`npm run bench\`
`;
}

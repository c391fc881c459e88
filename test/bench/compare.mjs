/** The same work for two builds of the driver, in turns, each in a process of its own. */
import { fileURLToPath } from 'node:url';
import { end, start } from './scratch.mjs';

/** Short rounds, so that what disturbs one build disturbs the other as well. */
export const EVENTS = 10_000;
export const ROUNDS = 20;
const WARM_UP = 4;
/** What differs from process to process, the layout of memory for one, is in no round. */
export const PAIRS = 5;
/** A round takes a part of a second: then its events do not come. */
const LIMIT_MS = 60_000;

const child = fileURLToPath(new URL('./driver-child.mjs', import.meta.url));

async function open(name, folder) {
  const process_ = start(process.execPath, ['--expose-gc', child, folder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const fail = (reason) => settle(() => reject(new Error(`the ${name} build: ${reason}`)));
      const timeout = setTimeout(() => fail(`nothing in ${LIMIT_MS / 1000} s`), LIMIT_MS);
      const onExit = (code) => fail(`its process ended with ${code}`);
      const onMessage = (message) =>
        'failed' in message ? fail(message.failed) : settle(() => resolve(message));
      const settle = (done) => {
        clearTimeout(timeout);
        process_.off('exit', onExit).off('message', onMessage);
        done();
      };
      process_.once('exit', onExit).once('message', onMessage);
    });
  const close = () => end(process_);
  const flood = async () => {
    const answered = answer();
    process_.send({ events: EVENTS });
    return EVENTS / ((await answered).ms / 1000);
  };
  return { name, flood, close, ready: answer() };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** The median of all rounds, and the lowest and highest of the medians of each pair of processes. */
function summary(pairs) {
  const medians = pairs.map(median);
  return { median: median(pairs.flat()), low: Math.min(...medians), high: Math.max(...medians) };
}

/** One pair of processes: events per second of each round, in the order of the rounds. */
async function runPair(names, folders) {
  const rates = { new: [], old: [] };
  const sides = await Promise.all(names.map((name) => open(name, folders[name])));
  try {
    await Promise.all(sides.map((side) => side.ready));
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
      for (const side of sides) {
        const rate = await side.flood();
        if (round >= WARM_UP) rates[side.name].push(rate);
      }
  } finally {
    for (const side of sides) side.close();
  }
  return rates;
}

/** Events per second of both, and new ÷ old of the rounds that follow each other. */
export async function compare(folders) {
  const pairs = [];
  for (let n = 0; n < PAIRS; n += 1)
    pairs.push(await runPair(n % 2 === 0 ? ['old', 'new'] : ['new', 'old'], folders));
  return {
    new: summary(pairs.map((pair) => pair.new)),
    old: summary(pairs.map((pair) => pair.old)),
    ratio: summary(pairs.map((pair) => pair.new.map((rate, n) => rate / pair.old[n]))),
  };
}

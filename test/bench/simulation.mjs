/** How many checked steps of a simulation a second, by one process, and by one for each core at once. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median } from './compare.mjs';

export const DOMAINS = 50;
export const STEPS = 200_000;
const SEED = 7;
export const RUNS = 3;
const here = fileURLToPath(import.meta.url);

/** @returns steps a second, as a process of its own measured them */
const child = (seed) =>
  new Promise((resolve, reject) => {
    const process = fork(here, [String(seed)]);
    process.on('message', resolve);
    process.on('exit', (code) => code === 0 || reject(new Error(`the simulation ended with ${code}`)));
  });

/** Steps a second: of one process, and the sum of several at once; of three runs each, the median. */
export async function simulations() {
  const count = availableParallelism();
  const alone = [];
  const together = [];
  for (let run = 0; run < RUNS; run++) {
    alone.push(await child(SEED));
    const each = await Promise.all(Array.from({ length: count }, (_, n) => child(SEED + n)));
    together.push(each.reduce((sum, rate) => sum + rate, 0));
  }
  return { alone: median(alone), count, together: median(together) };
}

if (process.argv[1] === here) {
  const { simulate } = await import('../../dist/testing/index.js');
  const start = performance.now();
  const { steps, healingSteps, failure } = await simulate({
    seed: Number(process.argv[2]),
    domains: DOMAINS,
    steps: STEPS,
    shrink: false,
  });
  if (failure !== null) throw new Error(failure.violation.why);
  process.send(((steps + healingSteps) / (performance.now() - start)) * 1000);
}

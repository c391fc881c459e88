/** Simulated lives by fresh seeds, on all cores. */
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { proof } from '../support/proof.ts';
import type { SeedResult } from './simulation-child.ts';

await proof({
  name: 'simulation',
  title: 'Simulated lives of many domains: the promises hold after every step, and everything settles',
  counts: { steps: 10_000_000, domains: 50, stepsOfASeed: 50_000 },
  async run({ counts, report, log }) {
    const first = Date.now() % 2 ** 30;
    const seeds = Math.ceil(counts.steps / counts.stepsOfASeed);
    report({ what: 'seeds', value: `${first} to ${first + seeds - 1}` });
    let next = 0;
    const sum = { steps: 0, healingSteps: 0, checks: 0, virtualMs: 0, ms: 0 };
    const faults: Record<string, number> = {};
    const violations: string[] = [];
    await Promise.all(
      cpus().map(
        () =>
          new Promise<void>((resolve, reject) => {
            const child = fork(fileURLToPath(new URL('simulation-child.ts', import.meta.url)), [
              String(counts.domains),
              String(counts.stepsOfASeed),
            ]);
            const give = (): void => {
              if (next === seeds) child.disconnect();
              else {
                child.send(first + next);
                next += 1;
              }
            };
            child.on('message', (message) => {
              const result = message as SeedResult;
              for (const key of ['steps', 'healingSteps', 'checks', 'virtualMs', 'ms'] as const)
                sum[key] += result[key];
              for (const [kind, count] of Object.entries(result.faults))
                faults[kind] = (faults[kind] ?? 0) + count;
              if (result.violation !== null) {
                violations.push(`seed ${result.seed}: ${result.violation}`);
                log(violations.at(-1) ?? '');
              }
              log(`${sum.steps} of ${counts.steps} steps, ${violations.length} violations`);
              give();
            });
            child.on('exit', (code) =>
              code === 0 ? resolve() : reject(new Error(`a child ended with ${code}`)),
            );
            give();
          }),
      ),
    );
    report({
      what: 'checked steps',
      value: sum.steps,
      required: `≥ ${counts.steps}`,
      ok: sum.steps >= counts.steps,
    });
    report({ what: 'further steps until all was settled', value: sum.healingSteps });
    report({ what: 'invariants evaluated', value: sum.checks });
    report({
      what: 'faults',
      value: Object.entries(faults)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', '),
    });
    report({ what: 'virtual time, hours', value: (sum.virtualMs / 3_600_000).toFixed(1) });
    report({
      what: 'steps a second of one process',
      value: Math.round(((sum.steps + sum.healingSteps) / sum.ms) * 1000),
    });
    report({
      what: 'violations',
      value: violations.join('; ') || 0,
      required: 'none',
      ok: violations.length === 0,
    });
  },
});

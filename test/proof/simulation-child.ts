/** Simulates one seed after the other, as its parent sends them. */
import { simulate } from '../../src/testing/index.ts';

export interface SeedResult {
  readonly seed: number;
  readonly steps: number;
  readonly healingSteps: number;
  readonly checks: number;
  readonly virtualMs: number;
  readonly ms: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly violation: string | null;
}

const [domains, steps] = process.argv.slice(2).map(Number) as [number, number];

process.on('message', (message) => {
  const seed = Number(message);
  const startedMs = performance.now();
  void simulate({ seed, domains, steps, shrink: false }).then((result) => {
    const { failure } = result;
    const sent: SeedResult = {
      ...{ seed, steps: result.steps, healingSteps: result.healingSteps, checks: result.checks },
      ...{ virtualMs: result.virtualMs, faults: result.faults },
      ms: performance.now() - startedMs,
      violation: failure === null ? null : `${failure.violation.rule}: ${failure.violation.why}`,
    };
    process.send?.(sent);
  });
});

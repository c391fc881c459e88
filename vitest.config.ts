import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './test/support/summary-reporter.ts';

/**
 * Time-outs are there to end a hang, not to measure: a busy machine with two cores, and QEMU without hardware
 * acceleration, must stay far below them. Nothing is tried twice.
 */
const FAST_MS = 30_000;
const SLOW_MS = 120_000;

/** What takes long is left to `npm run test:model`, `npm run test:browser`, `npm run test:docs` and to CI. */
const LONG = [
  ...['driver-races', 'generated-file', 'machines', 'planted-bugs', 'published', 'worlds'].map(
    (name) => `test/model/${name}.test.ts`,
  ),
  ...['examples', 'snippets'].map((name) => `test/docs/${name}.test.ts`),
  'test/browser/**',
  'test/diagram/**',
];
const exclude = process.env.QEMU_ACTORS_WALKS === 'all' ? [] : LONG;

/** One kind of test: its folder, how long a test may hang, and the group that it runs in (groups run in turn). */
function project(name: string, timeoutMs: number, group: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude,
      // Loading the library takes as long as most files of tests; those that put something in its place stand in `types`.
      isolate: group > 1 || name === 'types',
      setupFiles: name === 'unit' ? ['test/support/same-draws.ts'] : [],
      environment: 'node' as const,
      pool: 'forks' as const,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      teardownTimeout: SLOW_MS,
      maxWorkers: group === 0 ? availableParallelism() : 1,
      sequence: { groupOrder: group },
    },
  };
}

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    retry: 0,
    projects: [
      project('unit', FAST_MS, 0),
      project('types', FAST_MS, 0),
      project('docs', SLOW_MS, 0),
      project('captures', FAST_MS, 0),
      project('golden', FAST_MS, 0),
      project('model', SLOW_MS, 0),
      project('simulation', SLOW_MS, 0),
      project('qemu', SLOW_MS, 1),
      project('browser', SLOW_MS, 2),
      project('diagram', SLOW_MS, 2),
    ],
  },
});

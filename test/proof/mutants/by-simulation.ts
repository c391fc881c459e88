/** Whether the simulation sees a broken guard. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { SeedResult } from '../simulation-child.ts';

/** A seed that takes longer than this hangs; a sound library takes two seconds. */
const HANG_MS = 60_000;

interface Lives {
  readonly seeds: number;
  readonly domains: number;
  readonly steps: number;
}

/**
 * Simulates seed after seed, up to the first violation.
 *
 * @param root - of the tree with the broken guard
 * @returns what was seen: a seed and its rule, a hang, or a crash; null: nothing
 */
export function seenBySimulation(root: string, { seeds, domains, steps }: Lives): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = fork(join(root, 'test/proof/simulation-child.ts'), [String(domains), String(steps)], {
      cwd: root,
      stdio: 'ignore',
    });
    let seed = 0;
    let watchdog: NodeJS.Timeout | undefined;
    // The first word counts: the exit that follows adds nothing.
    const end = (seen: string | null): void => {
      clearTimeout(watchdog);
      resolve(seen);
      child.kill('SIGKILL');
    };
    const give = (): void => {
      clearTimeout(watchdog);
      if (seed === seeds) return end(null);
      seed += 1;
      watchdog = setTimeout(() => end(`seed ${seed}: hangs`), HANG_MS);
      child.send(seed);
    };
    child.on('message', (message) => {
      const { violation } = message as SeedResult;
      if (violation === null) give();
      // An assertion's difference follows on further lines.
      else end(`seed ${seed}: ${violation.split('\n')[0]}`);
    });
    // One that ends between two seeds is not told of the next.
    child.on('error', (error) => (child.pid === undefined ? reject(error) : end(`seed ${seed}: ${error}`)));
    child.on('exit', (code, signal) => {
      // Out of memory, as V8 says it. Any other signal came from elsewhere, and proves nothing.
      if (code !== null || signal === 'SIGABRT') end(`seed ${seed}: the process ends by ${code ?? signal}`);
      else reject(new Error(`the simulation was ended by ${signal}`));
    });
    give();
  });
}

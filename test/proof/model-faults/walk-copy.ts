/** Whether walks see a bug that is planted in a copy of the tree. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { type Strategy, strategies } from '../../../src/model/index.ts';
import type { OwnMachine } from '../../../src/testing/models/index.ts';
import type { Finding } from './walk-child.ts';

/** All walks of a machine together; of a sound one they take a tenth of it. */
const HANG_MS = 600_000;

/** The first walk of each strategy that failed; null: none did. */
export type Findings = Readonly<Record<Strategy, Finding | null>>;

/**
 * Runs the walks of a machine, by each strategy up to the first that fails. If the process hangs, or ends, all strategies
 * that are not through have failed.
 *
 * @param root - of the copy
 * @param plans - the folder of the plans
 */
export function walkCopy(root: string, plans: string, machine: OwnMachine): Promise<Findings> {
  return new Promise((resolve, reject) => {
    const findings = new Map<Strategy, Finding | null>();
    const child = fork(join(root, 'test/proof/model-faults/walk-child.ts'), [plans, machine], {
      cwd: root,
      execArgv: ['--import', 'tsx'],
      stdio: 'ignore',
    });
    const end = (why: string): void => {
      clearTimeout(watchdog);
      child.kill('SIGKILL');
      const missed: Finding = { walk: '', why };
      const all = strategies.map((strategy) => {
        const finding = findings.get(strategy);
        return [strategy, finding === undefined ? missed : finding];
      });
      resolve(Object.fromEntries(all) as Findings);
    };
    const watchdog = setTimeout(() => end('hangs'), HANG_MS);
    child.on('message', (message) => {
      const [strategy, finding] = message as [Strategy, Finding | null];
      findings.set(strategy, finding);
      if (findings.size === strategies.length) end('');
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => end(`the process ends by ${code ?? signal}`));
  });
}

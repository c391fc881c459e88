/** Whether the tests of a guard see that it is broken. */
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A run that takes longer hangs. */
const HANG_MS = 120_000;

/** What vitest's JSON reporter writes, as far as it is needed. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

/**
 * Runs test files, up to the first test that fails.
 *
 * @param root - of the tree with the broken guard
 * @returns the file and the title of that test, a hang, or a crash; null: all pass
 */
export async function seenByTests(root: string, files: readonly string[]): Promise<string | null> {
  const output = join(root, 'report.json');
  await rm(output, { force: true });
  const ended = await run(root, [
    ...[
      'run',
      '--project',
      'unit',
      '--project',
      'simulation',
      '--bail',
      '1',
      '--reporter',
      'json',
      '--outputFile',
      output,
    ],
    ...files,
  ]);
  if (ended === 0) return null;
  const text = await readFile(output, 'utf8').catch(() => null);
  if (text === null) return `${files.join(', ')}: ${ended === null ? 'hangs' : `ends with ${ended}`}`;
  return firstFailure(JSON.parse(text) as Report, root) ?? `${files.join(', ')}: ends with ${ended}`;
}

function firstFailure({ testResults }: Report, root: string): string | null {
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    const file = name.replace(`${root}/`, '');
    if (failed !== undefined) return `${file}: ${failed.title}`;
    if (message !== '') return `${file}: ${message.split('\n')[0]}`;
  }
  return null;
}

/** @returns the exit status; null: it hung */
function run(root: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], {
      cwd: root,
      stdio: 'ignore',
      // With its workers.
      detached: true,
    });
    const watchdog = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, HANG_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(watchdog);
      resolve(code);
    });
  });
}

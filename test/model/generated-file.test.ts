/** A generated file is a test: vitest runs it in a user's folder (docs/model-testing.md). */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { runMain } from '../unit/cli/in-process.ts';
import { pageMachine, repository, usersFolder } from '../unit/cli/users-folder.ts';

async function runVitest(folder: string, file: string) {
  await using running = await startProcess(
    process.execPath,
    [join(repository, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, file],
    { cwd: folder, env: { NO_COLOR: '1', VITEST: undefined } },
  );
  const { code } = await running.exited;
  return { code, said: running.stdout() + running.stderr() };
}

test('a generated vitest file passes, and fails when the machine is changed', async () => {
  const folder = await usersFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [machine, file] = [join(folder, 'page.ts'), join(folder, 'page.test.ts')];
  await runMain(['generate-tests', machine, '--strategy', 'transitions,random', '--out', file]);
  const passed = await runVitest(folder, 'page.test.ts');
  expect(passed).toMatchObject({ code: 0, said: expect.stringMatching(/Tests +103 passed/) });

  await writeFile(machine, pageMachine.replace("onDone: 'shown'", "onDone: 'idle'"));
  const failed = await runVitest(folder, 'page.test.ts');
  expect(failed.code).toBe(1);
  expect(failed.said).toContain('expected shown, saw idle');
});

/** A user's folder, with machines of his own and of packages. */
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../..', import.meta.url));

export const pageMachine = `import { createMachine, fromPromise } from 'xstate';
export const pageMachine = createMachine({
  id: 'page',
  initial: 'idle',
  states: {
    idle: { on: { LOAD: 'loading' } },
    loading: {
      invoke: { src: fromPromise(async () => 1), id: 'loader', onDone: 'shown', onError: 'idle' },
      after: { 1000: 'idle' },
    },
    shown: { type: 'final' },
  },
});
`;

/** With `page.ts`, and `@someone/machines/light` among its packages. Whoever makes it removes it. */
export async function usersFolder(): Promise<string> {
  const folder = await mkdtemp('/tmp/qa-');
  const packages = join(folder, 'node_modules');
  const ours = join(packages, 'qemu-actors');
  const someone = join(packages, '@someone', 'machines');
  await mkdir(ours, { recursive: true });
  await mkdir(someone, { recursive: true });
  for (const name of ['vitest', 'xstate'])
    await symlink(join(repository, 'node_modules', name), join(packages, name));
  await symlink(join(repository, 'src'), join(ours, 'src'));
  const manifest = { name: 'qemu-actors', type: 'module', exports: { './model': './src/model/index.ts' } };
  await writeFile(join(ours, 'package.json'), JSON.stringify(manifest));
  await writeFile(
    join(someone, 'package.json'),
    JSON.stringify({
      name: '@someone/machines',
      type: 'module',
      exports: { './light': { types: './light.d.ts', import: './light.js' } },
    }),
  );
  await writeFile(join(someone, 'light.js'), pageMachine.replaceAll('page', 'light'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'page.ts'), pageMachine);
  return folder;
}

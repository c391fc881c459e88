/** Where a file or a package is that the user names, seen from the folder that he is in. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { InputError } from './errors.ts';

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Whether it can only be a file. */
export const looksLikeFile = (name: string): boolean =>
  /^(?:\.{0,2}\/|\.{1,2}$)/.test(name) || /\.[cm]?[jt]sx?$/.test(name);

/**
 * @param name - as `src/order.ts` or `some-package/machines`
 * @returns an absolute path
 * @throws InputError if there is neither a file nor a package of that name
 */
export function findModule(name: string, directory: string): string {
  const path = resolve(directory, name);
  if (isFile(path)) return path;
  if (existsSync(path) && looksLikeFile(name)) throw new InputError(`${name}: it is no file`);
  if (/^\.{0,2}\//.test(name)) throw new InputError(`${name}: there is no such file`);
  const found = findPackage(name, directory);
  if (found !== null) return found;
  const what = looksLikeFile(name) ? 'no such file' : 'no such file, and no package of that name';
  throw new InputError(`${name}: there is ${what}`);
}

/** As `import` looks for it; Node offers that for the folder of its own file only. */
function findPackage(name: string, directory: string): string | null {
  const [, packageName = '', rest = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/.exec(name) ?? [];
  const require = createRequire(join(directory, 'package.json'));
  for (const folder of require.resolve.paths(name) ?? []) {
    const root = join(folder, packageName);
    const manifest = join(root, 'package.json');
    if (!isFile(manifest)) continue;
    const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: Exports };
    const target = exports === undefined ? null : targetOf(exports, `.${rest}`);
    if (target !== null) return join(root, target);
  }
  try {
    // Without `exports`, by patterns of them, or the package that the folder is in.
    return require.resolve(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') return null;
    throw new InputError(`${name}: ${messageOf(error)}`, { cause: error });
  }
}

type Exports = string | null | readonly Exports[] | { readonly [key: string]: Exports };

const conditions = new Set(['import', 'node', 'module-sync', 'default']);

function targetOf(exports: Exports, subpath: string): string | null {
  const isByPath =
    typeof exports === 'object' && exports !== null && Object.keys(exports)[0]?.startsWith('.') === true;
  if (isByPath) return byCondition((exports as Readonly<Record<string, Exports>>)[subpath] ?? null);
  return subpath === '.' ? byCondition(exports) : null;
}

function byCondition(target: Exports): string | null {
  if (typeof target === 'string' || target === null) return target;
  const choices = Array.isArray(target)
    ? target
    : Object.entries(target).flatMap(([key, choice]) => (conditions.has(key) ? [choice] : []));
  for (const choice of choices) {
    const found = byCondition(choice);
    if (found !== null) return found;
  }
  return null;
}

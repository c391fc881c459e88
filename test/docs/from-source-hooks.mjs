// Module hooks: the package's own name leads to src.
import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const file = exports[specifier.replace(name, '.')]?.default;
  if (!specifier.startsWith(name) || file === undefined) return next(specifier, context);
  const source = file.replace('./dist/', './src/').replace('.js', '.ts');
  return next(new URL(source, root).href, context);
}

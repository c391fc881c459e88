/** Runs a file of the user's, JavaScript or TypeScript, to see what it exports. */
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../errors.ts';
import { InputError } from './errors.ts';

export type Exports = Readonly<Record<string, unknown>>;

/**
 * @param path - absolute
 * @throws InputError that says where the file is wrong, or that TypeScript needs `tsx`
 */
export async function loadModule(path: string): Promise<Exports> {
  const url = pathToFileURL(path).href;
  const isTypeScript = /\.[cm]?tsx?$/.test(path);
  const load = isTypeScript ? await typeScriptLoader(path) : (of: string): Promise<Exports> => import(of);
  try {
    return flatten(await load(url));
  } catch (error) {
    throw new InputError(`${shown(path)}: it cannot be loaded: ${placed(error, path)}`, { cause: error });
  }
}

async function typeScriptLoader(path: string): Promise<(url: string) => Promise<Exports>> {
  try {
    const { tsImport } = await import('tsx/esm/api');
    // So that an error names the line as it was written.
    process.setSourceMapsEnabled(true);
    return (url) => tsImport(url, import.meta.url);
  } catch (error) {
    throw new InputError(`${shown(path)}: TypeScript is loaded by tsx, which is not there: npm i -D tsx`, {
      cause: error,
    });
  }
}

/** What a CommonJS file exports is in `default` all together. */
function flatten(exports: Exports): Exports {
  const all = exports.default;
  const isCommonJs =
    'module.exports' in exports || (typeof all === 'object' && all !== null && '__esModule' in all);
  return isCommonJs && typeof all === 'object' ? { ...exports, ...all } : exports;
}

const shown = (path: string): string => relative('', path) || path;

/** The message, with the line of the file that it comes from, if that is known and not in it. */
function placed(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = stack.split('\n').find((line) => line.trimStart().startsWith('at ') && line.includes(path));
  const place = /:\d+:\d+(?=\)?$)/.exec(frame ?? '')?.[0];
  return place === undefined ? messageOf(error) : `${messageOf(error)} (${shown(path)}${place})`;
}

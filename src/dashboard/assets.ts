/** The files of the page: read once, known by name; nothing of a request comes near the file system. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { StateError } from '../errors.ts';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** By the path that is asked for. */
export type Assets = ReadonlyMap<string, Asset>;

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
};

/** What the page uses of it; modules find each other by relative names. */
const LIT_HTML = [
  'lit-html.js',
  'directive.js',
  'directive-helpers.js',
  'directives/guard.js',
  'directives/live.js',
  'directives/repeat.js',
];

/** @throws StateError if the page was not built */
export async function readAssets(): Promise<Assets> {
  const assets = new Map<string, Asset>();
  const read = async (path: string, file: URL): Promise<void> => {
    const type = types[file.pathname.slice(file.pathname.lastIndexOf('.') + 1)];
    if (type !== undefined) assets.set(path, { type, body: await readFile(file) });
  };
  const folder = pageFolder();
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes('index.html'))
    throw new StateError(`the page is not in ${fileURLToPath(folder)}; npm run build makes it`);
  for (const name of names) await read(pathOf(name), new URL(name, folder));
  const lit = import.meta.resolve('lit-html');
  for (const name of LIT_HTML) await read(`/assets/lit-html/${name}`, new URL(name, lit));
  return assets;
}

const pathOf = (name: string): string =>
  name === 'index.html' ? '/' : name.endsWith('.svg') ? `/charts/${name}` : `/assets/${name}`;

/** Beside this file; from the source, which browsers cannot run, the one that was built. */
function pageFolder(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? '../../dist/dashboard/page/' : './page/', import.meta.url);
}

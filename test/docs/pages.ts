/** The pages that are checked: what is written for readers, at the top and in docs. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Page {
  /** From the top, as `docs/embedding.md`. */
  readonly path: string;
  readonly text: string;
}

export interface Snippet {
  /** `docs/embedding.md:12` */
  readonly where: string;
  readonly language: string;
  readonly code: string;
}

export const pages: readonly Page[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .sort()
    .map((path) => `docs/${path}`),
  ...readdirSync(`${root}.changeset`)
    .filter((path) => path.endsWith('.md'))
    .map((path) => `.changeset/${path}`),
].map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }));

/** Fenced blocks of one page. */
export function snippetsOf({ path, text }: Page): Snippet[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    where: `${path}:${text.slice(0, match.index).split('\n').length}`,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }));
}

/** The page without its fenced blocks. */
export const proseOf = ({ text }: Page): string => text.replaceAll(/^```[\s\S]*?^```$/gm, '');

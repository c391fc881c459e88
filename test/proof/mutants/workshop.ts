/** A private copy of the tree, in which one thing at a time is broken. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Breakage, broken } from './mutant.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const COPIED = ['src', 'test', 'examples', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

export class Workshop implements AsyncDisposable {
  /** Where the copy is. */
  readonly path: string;

  static async open(): Promise<Workshop> {
    const path = await mkdtemp(join(tmpdir(), 'mutants-'));
    for (const name of COPIED) await cp(join(root, name), join(path, name), { recursive: true });
    await symlink(join(root, 'node_modules'), join(path, 'node_modules'));
    return new Workshop(path);
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** It is broken while `use` runs. @throws Error unless what is to be broken is found exactly once */
  async with<T>(breakage: Breakage, use: () => Promise<T>): Promise<T> {
    const file = join(this.path, breakage.file);
    const text = await readFile(file, 'utf8');
    await writeFile(file, broken(text, breakage));
    try {
      return await use();
    } finally {
      await writeFile(file, text);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}

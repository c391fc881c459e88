/** A file that a command makes: written whole or not at all, or compared with what is there. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../errors.ts';
import { InputError } from './errors.ts';

/** @throws InputError if it cannot be written; then what was there before is still there */
export function writeWhole(file: string, text: string): void {
  const draft = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new InputError(`${file}: it cannot be written: ${messageOf(error).replace(draft, file)}`, {
      cause: error,
    });
  }
}

/**
 * @returns how the file is different from the text, in a line; null if it is not
 * @throws InputError if it is there and cannot be read
 */
export function differenceOf(file: string, text: string): string | null {
  let present: string;
  try {
    present = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'it is not there';
    throw new InputError(`${file}: it cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (present === text) return null;
  const lines = present.split('\n');
  const wanted = text.split('\n');
  const at = wanted.findIndex((line, index) => line !== lines[index]);
  return `it differs from line ${(at === -1 ? wanted.length : at) + 1} on`;
}

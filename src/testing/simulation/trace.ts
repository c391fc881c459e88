/** What a run did, line by line, and its hash. */
import { createHash } from 'node:crypto';

/** Hashed at once. */
const BLOCK_CHARACTERS = 65_536;

export class Trace {
  readonly #hash = createHash('sha256');
  readonly #write: ((text: string) => void) | null;
  #block = '';

  /** @param write - gets each line too, in blocks of whole lines */
  constructor(write: ((text: string) => void) | null) {
    this.#write = write;
  }

  line(line: object): void {
    this.#block += `${JSON.stringify(line)}\n`;
    if (this.#block.length > BLOCK_CHARACTERS) this.#flush();
  }

  /** SHA-256 of all lines; there may be none after it. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#block);
    this.#write?.(this.#block);
    this.#block = '';
  }
}

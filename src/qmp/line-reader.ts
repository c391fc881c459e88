/**
 * Bytes → lines. Bounded, and linear however the bytes are cut into chunks.
 *
 * Pulled, not pushed: who takes the lines may stop after any of them.
 */
import { LineTooLongError } from '../errors.ts';

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

/** libvirt's limit for unprocessed monitor input (`qemu_monitor.c:QEMU_MONITOR_MAX_RESPONSE`). */
export const DEFAULT_MAX_LINE_BYTES = 10 * 1024 * 1024;

/**
 * Cuts a byte stream into lines that end in LF or CRLF. A last line without an end is never given out.
 *
 * @example
 * ```ts
 * reader.push(chunk);
 * for (let line = reader.next(); line !== null; line = reader.next()) handle(line);
 * ```
 */
export class LineReader {
  readonly #maxLineBytes: number;
  /** The chunk being read; what stands before `#position` has been given out. */
  #chunk: Buffer = NOTHING;
  #position = 0;
  /** The earlier part of a line that has not ended yet, and room for more; doubled when it is full. */
  #held = NOTHING;
  #heldBytes = 0;

  /** @param maxLineBytes - without the line's end; default 10 MiB */
  constructor(maxLineBytes: number = DEFAULT_MAX_LINE_BYTES) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Gives it more bytes. Take every line by `next()` before pushing again. */
  push(chunk: Buffer): void {
    this.#setAside();
    this.#chunk = chunk;
    this.#position = 0;
  }

  /**
   * The next whole line without its end, or null if more bytes are needed. It shares memory with the chunk.
   *
   * @throws {LineTooLongError} when a line, ended or not, passes the limit
   */
  next(): Buffer | null {
    const end = this.#chunk.indexOf(LF, this.#position);
    if (end === -1) {
      this.#setAside();
      // One byte more may be a CR that does not count.
      if (this.#heldBytes > this.#maxLineBytes + 1) throw new LineTooLongError(this.#maxLineBytes);
      return null;
    }
    let line = this.#chunk.subarray(this.#position, end);
    this.#position = end + 1;
    if (this.#heldBytes > 0) {
      this.#hold(line);
      line = this.#held.subarray(0, this.#heldBytes);
      // Who takes the line has its memory from here on.
      this.#held = NOTHING;
      this.#heldBytes = 0;
    }
    if (line[line.length - 1] === CR) line = line.subarray(0, -1);
    if (line.length > this.#maxLineBytes) throw new LineTooLongError(this.#maxLineBytes);
    return line;
  }

  #setAside(): void {
    this.#hold(this.#chunk.subarray(this.#position));
    this.#chunk = NOTHING;
    this.#position = 0;
  }

  #hold(bytes: Buffer): void {
    const needed = this.#heldBytes + bytes.length;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes);
    this.#heldBytes = needed;
  }
}

/**
 * poll(2) for a stream of Node: what is ready now, and a wake-up when that may have changed. It is what a loop's
 * handles are made of, whoever runs the loop's turns.
 */
import type { Duplex } from 'node:stream';
import { ERROR, HANGUP, READABLE, WRITABLE } from './event-loop.ts';

const CHANGES = ['readable', 'drain', 'end', 'close', 'error'] as const;

/**
 * Watches one stream.
 *
 * @example
 * ```ts
 * const poll = new StreamPoll(stream, () => loop.comeSoon());
 * const ready = poll.ready(mask); // in each turn, until it is 0; then after the next wake-up, or with another mask
 * if (ready !== 0) callback(watch, stream, ready);
 * ```
 * @public
 */
export class StreamPoll implements Disposable {
  readonly #stream: Duplex;
  readonly #wake: () => void;
  /** ERROR and HANGUP, once they were told. */
  #told = 0;

  /** @param wake - something may be ready now: look in the next turn. Look also once without it, at the beginning */
  constructor(stream: Duplex, wake: () => void) {
    this.#stream = stream;
    this.#wake = wake;
    for (const change of CHANGES) stream.on(change, wake);
  }

  /**
   * The bits of a mask that are ready, and ERROR and HANGUP, each of which is given once.
   *
   * If all was read, it asks the stream for more: then there is a wake-up when it comes.
   */
  ready(mask: number): number {
    const stream = this.#stream;
    const isEmpty = stream.readableLength === 0;
    const isOver = isEmpty && (stream.readableEnded || stream.closed);
    // A bounded read() that empties the buffer does not do so by itself, nor does it find the end.
    if (isEmpty && !isOver) stream.read(0);

    const once = ((stream.errored === null ? 0 : ERROR) | (isOver ? HANGUP : 0)) & ~this.#told;
    this.#told |= once;

    let ready = 0;
    // The end is readable once, with its HANGUP.
    if (!isEmpty || (once & HANGUP) !== 0) ready |= READABLE;
    if (stream.writable && !stream.writableNeedDrain) ready |= WRITABLE;
    return (ready & mask) | once;
  }

  [Symbol.dispose](): void {
    for (const change of CHANGES) this.#stream.off(change, this.#wake);
  }
}

/** A handle of Node's event loop. */
import type { Duplex } from 'node:stream';
import type { HandleCallback } from './event-loop.ts';
import { StreamPoll } from './stream-poll.ts';

/** While something is ready it has an immediate in each turn; else it waits for its stream. */
export class NodeHandle implements Disposable {
  readonly #watch: number;
  readonly #stream: Duplex;
  readonly #callback: HandleCallback;
  readonly #poll: StreamPoll;
  #mask: number;
  #removed = false;
  #turn: NodeJS.Immediate | undefined;

  constructor(watch: number, stream: Duplex, mask: number, callback: HandleCallback) {
    this.#watch = watch;
    this.#stream = stream;
    this.#mask = mask;
    this.#callback = callback;
    this.#poll = new StreamPoll(stream, this.#wake);
    this.#wake();
  }

  update(mask: number): void {
    this.#mask = mask;
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.#removed = true;
    clearImmediate(this.#turn);
    this.#poll[Symbol.dispose]();
  }

  /** A listener that is removed while its event is emitted is still called: hence the question. */
  readonly #wake = (): void => {
    if (!this.#removed) this.#turn ??= setImmediate(this.#dispatch);
  };

  readonly #dispatch = (): void => {
    this.#turn = undefined;
    const ready = this.#poll.ready(this.#mask);
    if (ready === 0) return;
    // Before the callback, which may throw.
    this.#wake();
    this.#callback(this.#watch, this.#stream, ready);
  };
}

/** One reader of the stream: gets what it lacks as fast as it takes it, and no more waits for it than a bound. */
import type { ServerResponse } from 'node:http';
import type { EventLoop } from '../loop/event-loop.ts';
import type { Feed, Position } from './feed.ts';

/** How often something is said, so that a connection that is gone shows. */
const HEARTBEAT_MS = 15_000;
/** A reader that took nothing for so many heartbeats is gone. */
const MAX_STALLED = 4;

export interface ReaderOptions {
  readonly feed: Feed;
  readonly loop: EventLoop;
  readonly server: string;
  readonly bufferBytes: number;
  /** `Last-Event-ID` */
  readonly lastEventId: string | undefined;
}

export class Reader {
  readonly #options: ReaderOptions;
  readonly #response: ServerResponse;
  readonly #listening: Disposable;
  readonly #heartbeat: number;
  #position: Position;
  #stalled = 0;

  /** @param response - whose head is sent */
  constructor(response: ServerResponse, options: ReaderOptions) {
    const { feed, loop, server, lastEventId } = options;
    this.#options = options;
    this.#response = response;
    response.write('retry: 1000\n\n');
    const known = lastEventId?.startsWith(`${server}-`) === true ? lastEventId.slice(server.length + 1) : '';
    const position = /^\d{1,15}$/.test(known) ? feed.resume(Number(known)) : null;
    this.#position = position ?? feed.position;
    if (position === null) this.#send('base', feed.base());
    else this.#catchUp(Number.POSITIVE_INFINITY);
    this.#listening = feed.onUpdate(() => this.#onUpdate());
    response.on('drain', () => this.#onUpdate());
    this.#heartbeat = loop.addTimeout(HEARTBEAT_MS, () => this.#beat());
    response.on('close', () => this.#close());
  }

  get #isFull(): boolean {
    return this.#response.writableLength > this.#options.bufferBytes;
  }

  #onUpdate(): void {
    if (this.#isFull) return;
    this.#stalled = 0;
    const { seq, revision } = this.#options.feed.position;
    if (seq !== this.#position.seq || revision !== this.#position.revision)
      this.#catchUp(this.#options.bufferBytes);
  }

  #catchUp(maxChars: number): void {
    const { feed } = this.#options;
    const update = feed.update(this.#position, maxChars);
    this.#position = feed.position;
    if (update === null) this.#send('base', feed.base());
    else this.#send('update', update);
  }

  #send(event: 'base' | 'update', json: string): void {
    this.#response.write(
      `event: ${event}\nid: ${this.#options.server}-${this.#position.seq}\ndata: ${json}\n\n`,
    );
  }

  #beat(): void {
    if (!this.#isFull) this.#response.write(':\n\n');
    else if (++this.#stalled >= MAX_STALLED) this.#response.destroy();
  }

  #close(): void {
    this.#listening[Symbol.dispose]();
    this.#options.loop.removeTimeout(this.#heartbeat);
  }
}

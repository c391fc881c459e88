/** One client of a fake monitor: lines in, bytes out, with the faults that concern bytes. */
import type { EventLoop } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';
import { LineReader } from '../qmp/line-reader.ts';
import type { FakeSocket } from './fake-network.ts';

/** What nobody reads: beyond it the client is cut off. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
/** QEMU reads no further while so many commands of one monitor wait (`monitor/qmp.c:QMP_REQ_QUEUE_LEN_MAX`). */
export const MAX_QUEUED_COMMANDS = 8;

/** What a client needs to know of its QEMU. */
export interface ClientHost {
  readonly loop: EventLoop;
  readonly hung: boolean;
  /** Bytes of one piece of output; null: each line at once. */
  readonly chunkBytes: number | null;
  /** How many of so many bytes may still go out; fewer than asked: the connection ends after them. */
  allowOutput(bytes: number): number;
  /** @returns whether the client may give the next line at once */
  onLine(client: FakeClient, line: string): void;
  onGone(client: FakeClient): void;
}

/** @internal */
export class FakeClient {
  /** 1 for the first client of a FakeQemu, then 2, … */
  readonly number: number;
  readonly monitor: number;
  negotiated = false;
  oob = false;
  /** In-band commands that wait; the fake takes them one after the other. */
  readonly queue: (() => undefined | Promise<void>)[] = [];
  readonly #socket: FakeSocket;
  readonly #host: ClientHost;
  readonly #reader = new LineReader();
  #out: Buffer[] = [];
  #outBytes = 0;
  #cancelTurn: (() => void) | null = null;
  #started = false;
  #inputEnded = false;
  #finishing = false;
  #gone = false;
  #running = false;
  /** Reading stopped because the queue was full. */
  #full = false;

  constructor(socket: FakeSocket, host: ClientHost, number: number, monitor: number) {
    this.#socket = socket;
    this.#host = host;
    this.number = number;
    this.monitor = monitor;
    socket.on('error', () => {});
    socket.on('close', () => this.#leave());
  }

  get gone(): boolean {
    return this.#gone;
  }

  get started(): boolean {
    return this.#started;
  }

  /** It is this client's turn: greet it and listen to it. */
  start(greeting: Buffer | null): void {
    this.#started = true;
    this.#socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      this.readOn();
    });
    this.#socket.on('end', () => {
      this.#inputEnded = true;
      this.#finishIfIdle();
    });
    if (greeting !== null) this.send(greeting);
    this.readOn();
  }

  /** Takes lines as long as there is room for them, then bytes. */
  readOn(): void {
    this.#full = false;
    if (!this.#started || this.#gone || this.#host.hung) {
      this.#socket.pause();
      return;
    }
    try {
      while (this.queue.length < MAX_QUEUED_COMMANDS && !this.#host.hung && !this.#gone) {
        const line = this.#reader.next();
        if (line === null) {
          this.#socket.resume();
          return;
        }
        this.#host.onLine(this, line.toString());
      }
      this.#full = true;
      this.#socket.pause();
    } catch {
      this.destroy();
    }
  }

  /** Adds an in-band command; they run one after the other, at once if nothing has to be waited for. */
  enqueue(command: () => undefined | Promise<void>): void {
    this.queue.push(command);
    if (!this.#running) void this.#runQueue();
  }

  async #runQueue(): Promise<void> {
    this.#running = true;
    for (let next = this.queue[0]; next !== undefined && !this.#gone; next = this.queue[0]) {
      const waiting = next();
      if (waiting !== undefined) await waiting;
      this.queue.shift();
      if (this.#full) this.readOn();
    }
    this.#running = false;
    this.#finishIfIdle();
  }

  send(bytes: Buffer): void {
    if (this.#gone || this.#finishing) return;
    if (this.#outBytes + this.#socket.writableLength + bytes.length > MAX_UNSENT_BYTES) {
      this.destroy();
      return;
    }
    this.#out.push(bytes);
    this.#outBytes += bytes.length;
    this.flush();
  }

  /** Writes what may be written now. */
  flush(): void {
    if (this.#gone || this.#host.hung || this.#cancelTurn !== null) return;
    const { chunkBytes } = this.#host;
    if (chunkBytes === null) {
      for (const bytes of this.#take(this.#outBytes)) if (!this.#write(bytes)) return;
    } else if (this.#outBytes > 0) {
      this.#cancelTurn = after(this.#host.loop, 0, () => {
        this.#cancelTurn = null;
        if (this.#gone || this.#host.hung) return;
        if (this.#write(Buffer.concat(this.#take(chunkBytes)))) this.flush();
      });
      return;
    }
    if (this.#finishing) this.#socket.destroySoon();
  }

  /** Ends the connection after all that was sent. */
  finish(): void {
    this.#finishing = true;
    this.flush();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#leave();
  }

  #finishIfIdle(): void {
    if (this.#inputEnded && this.queue.length === 0) this.finish();
  }

  /** @returns false if the connection is over */
  #write(bytes: Buffer): boolean {
    const allowed = this.#host.allowOutput(bytes.length);
    if (allowed >= bytes.length) {
      this.#socket.write(bytes);
      return true;
    }
    this.#out = [];
    this.#outBytes = 0;
    this.#finishing = true;
    if (allowed > 0) this.#socket.write(bytes.subarray(0, allowed));
    this.#socket.destroySoon();
    return false;
  }

  #take(limit: number): Buffer[] {
    if (limit >= this.#outBytes) {
      const all = this.#out;
      this.#out = [];
      this.#outBytes = 0;
      return all;
    }
    const joined = Buffer.concat(this.#out);
    this.#out = [joined.subarray(limit)];
    this.#outBytes = joined.length - limit;
    return [joined.subarray(0, limit)];
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.queue.length = 0;
    this.#out = [];
    this.#outBytes = 0;
    this.#cancelTurn?.();
    this.#host.onGone(this);
  }
}

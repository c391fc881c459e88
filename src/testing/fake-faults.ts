/** Ways for a fake QEMU to misbehave. */
import { badArgument } from '../errors.ts';
import type { ReceivedCommand } from './fake-protocol.ts';

/** What the faults need of their fake. @internal */
export interface FaultsHost {
  flush(): void;
  listen(): Promise<void>;
  unlisten(): void;
  write(bytes: Buffer): void;
}

/** Called when a command has come and before anything is done about it; awaited. */
export type CommandHook = (command: ReceivedCommand) => unknown;

/** By command, first come first served. */
class PerCommand<T> {
  readonly #byCommand = new Map<string, T[]>();

  add(command: string, value: T): void {
    const values = this.#byCommand.get(command);
    if (values === undefined) this.#byCommand.set(command, [value]);
    else values.push(value);
  }

  take(command: string): T | undefined {
    const values = this.#byCommand.get(command);
    const value = values?.shift();
    if (values?.length === 0) this.#byCommand.delete(command);
    return value;
  }

  clear(): void {
    this.#byCommand.clear();
  }
}

/**
 * The faults of one FakeQemu. What names a command concerns the next one of that name, once; calls add up.
 * All of it holds over `restart()`, until `clear()`.
 *
 * @public
 */
export class FakeFaults {
  readonly #host: FaultsHost;
  readonly #hooks = new PerCommand<CommandHook>();
  readonly #delays = new PerCommand<number | Promise<unknown>>();
  readonly #drops = new PerCommand<true>();
  readonly #deaths = new PerCommand<'before-reply' | 'after-reply'>();
  #bytesLeft: number | null = null;
  #chunkBytes: number | null = null;
  #duplicates = false;
  #greeting: Buffer | null | undefined;

  /** @internal */
  constructor(host: FaultsHost) {
    this.#host = host;
  }

  /** Connecting is refused (ECONNREFUSED), who is connected stays. @param on - false: listen again */
  async refuse(on = true): Promise<void> {
    if (on) this.#host.unlisten();
    else await this.#host.listen();
  }

  /** Ends one connection after so many further bytes of output, wherever in a line that is; 0: at the next one. */
  closeAfterBytes(bytes: number): void {
    if (!Number.isInteger(bytes) || bytes < 0) throw badArgument('bytes', 'an integer from 0 on', bytes);
    this.#bytesLeft = bytes;
  }

  /**
   * Sends the output in pieces of so many bytes, each written in a turn of its own, whatever lines they cut or
   * join; null: each line at once.
   */
  chunk(bytes: number | null): void {
    if (bytes !== null && !(Number.isInteger(bytes) && bytes > 0))
      throw badArgument('bytes', 'an integer above 0, or null', bytes);
    this.#chunkBytes = bytes;
    this.#host.flush();
  }

  /** Holds back the reply, and with it the in-band commands that follow, for milliseconds or until a promise settles. */
  delayReply(command: string, until: number | Promise<unknown>): void {
    this.#delays.add(command, until);
  }

  /** The command is carried out, but never answered. */
  dropReply(command: string): void {
    this.#drops.add(command, true);
  }

  /** Writes bytes as they are to every client that is served. */
  rubbish(bytes: string | Uint8Array): void {
    this.#host.write(Buffer.from(bytes as Uint8Array));
  }

  /** Greets the next clients with these bytes; null: with nothing; undefined: as QEMU does. */
  greeting(bytes: string | null | undefined): void {
    this.#greeting = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  }

  /** Sends each event twice. */
  duplicateEvents(on = true): void {
    this.#duplicates = on;
  }

  /** The process is killed when the command has taken effect: before its reply goes out, or right after. */
  dieAt(command: string, when: 'before-reply' | 'after-reply' = 'before-reply'): void {
    this.#deaths.add(command, when);
  }

  /** Runs the hook when the command comes, before it is carried out, so that a test can act exactly there. */
  once(command: string, hook: CommandHook): void {
    this.#hooks.add(command, hook);
  }

  /** No faults any more, but for `refuse`. */
  clear(): void {
    for (const faults of [this.#hooks, this.#delays, this.#drops, this.#deaths]) faults.clear();
    this.#bytesLeft = null;
    this.#duplicates = false;
    this.#greeting = undefined;
    this.chunk(null);
  }

  /** @internal */
  get state(): { chunkBytes: number | null; duplicates: boolean; greeting: Buffer | null | undefined } {
    return { chunkBytes: this.#chunkBytes, duplicates: this.#duplicates, greeting: this.#greeting };
  }

  /** @internal */
  takeHook(command: string): CommandHook | undefined {
    return this.#hooks.take(command);
  }

  /** @internal */
  takeDelay(command: string): number | Promise<unknown> | undefined {
    return this.#delays.take(command);
  }

  /** @internal */
  takeDrop(command: string): boolean {
    return this.#drops.take(command) ?? false;
  }

  /** @internal */
  takeDeath(command: string): 'before-reply' | 'after-reply' | undefined {
    return this.#deaths.take(command);
  }

  /** How many of so many bytes may go out. @internal */
  allowOutput(bytes: number): number {
    if (this.#bytesLeft === null) return bytes;
    if (this.#bytesLeft >= bytes) {
      this.#bytesLeft -= bytes;
      return bytes;
    }
    const allowed = this.#bytesLeft;
    this.#bytesLeft = null;
    return allowed;
  }
}

/**
 * One QMP connection over an open stream: greeting, negotiation, commands, events, end.
 *
 * Rules of this file:
 * - Reading and writing are done in turns of the event loop, never from inside a call.
 * - A message is dealt with completely, in wire order, before the next one is looked at.
 * - Whatever ends the connection goes through `#end`, once; after it every promise is settled.
 */
import type { Duplex } from 'node:stream';
import {
  BadReplyError,
  badArgument,
  CommandInterruptedError,
  ConnectError,
  GreetingError,
  messageOf,
  NegotiationError,
  ParseError,
  QemuError,
  StateError,
} from '../errors.ts';
import { ERROR, type EventLoop, HANGUP, READABLE, WRITABLE } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';
import { DEFAULT_TIMEOUTS_MS, type QmpCommands, type TimeoutClass, timeoutClassOf } from './commands.ts';
import { Exchange } from './exchange.ts';
import type { ExecuteOptions, ExecuteParameters, UnknownCommand } from './execute.ts';
import { DEFAULT_MAX_LINE_BYTES, LineReader } from './line-reader.ts';
import {
  DEFAULT_MAX_DEPTH,
  encodeArguments,
  parseMessage,
  type QmpEvent,
  type QmpGreeting,
  type QmpMessage,
} from './message.ts';

export const DEFAULT_READ_BUDGET_BYTES = 65_536;
export const DEFAULT_GREETING_TIMEOUT_MS = 5000;

/** @public */
export interface ConnectionOptions {
  readonly loop: EventLoop;
  /** @defaultValue 10 MiB */
  readonly maxLineBytes?: number;
  /** Objects and arrays within one another. @defaultValue 1024 */
  readonly maxDepth?: number;
  /** Most bytes read in one turn of the loop, so that one flood does not starve others. @defaultValue 64 KiB */
  readonly readBudgetBytes?: number;
  /** @defaultValue 5000 */
  readonly greetingTimeoutMs?: number;
  /** For a reply, from the call on. @defaultValue query 10 s, change 30 s, long 300 s */
  readonly timeoutsMs?: Partial<Record<TimeoutClass, number>>;
  /** Synchronous, in wire order, before any reply that follows on the wire; must not throw. */
  readonly onEvent: (event: QmpEvent) => void;
  /**
   * Exactly once, when the connection is over, after every open promise was settled: null for end of stream
   * or our own `close()` (then from inside it), else why.
   */
  readonly onClose: (error: QemuError | null) => void;
  /** Each message as it passes, for recordings. */
  readonly trace?: (direction: 'send' | 'reply' | 'event', message: object) => void;
  /** What a callback of ours threw. Without it, it is dropped; the connection goes on either way. */
  readonly onCallbackError?: (error: unknown) => void;
}

/** Neither control characters nor half a surrogate pair: QEMU would answer those without an id. */
const COMMAND_NAME = /^[^\p{Cc}\p{Cs}]+$/u;

type PromiseSettler = { resolve(greeting: QmpGreeting): void; reject(reason: unknown): void };
type Phase = 'greeting' | 'greeted' | 'negotiating' | 'ready' | 'closed';

/**
 * A QMP connection. Reading starts at once; `greet()`, then `negotiate()`, then `execute()`.
 *
 * Replies are matched by id. With OOB at most 7 in-band commands are under way, without it one; the others
 * wait in line. A command that timed out or was aborted keeps its place until its late reply comes.
 *
 * @public
 */
export class QmpConnection {
  readonly #stream: Duplex;
  readonly #options: ConnectionOptions;
  readonly #loop: EventLoop;
  readonly #watch: number;
  readonly #reader: LineReader;
  readonly #exchange: Exchange;
  readonly #greetingWaiters = new Set<PromiseSettler>();
  #phase: Phase = 'greeting';
  #greeting: QmpGreeting | null = null;
  #endedBy: QemuError | null = null;
  #closedByUs = false;
  #oob = false;
  #bytesReceived = 0;

  /** @param stream - open, for instance from `Runtime.connect`; belongs to the connection from here on */
  constructor(stream: Duplex, options: ConnectionOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#loop = options.loop;
    this.#reader = new LineReader(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES);
    this.#exchange = new Exchange(options.loop, () =>
      this.#loop.updateHandle(this.#watch, READABLE | WRITABLE),
    );
    this.#watch = this.#loop.addHandle(stream, READABLE, (_watch, _stream, ready) => this.#onReady(ready));
  }

  /** Whether out-of-band commands were negotiated. */
  get oob(): boolean {
    return this.#oob;
  }

  get closed(): boolean {
    return this.#phase === 'closed';
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Replies that came after a time-out or an abort, and were dropped. */
  get lateReplies(): number {
    return this.#exchange.lateReplies;
  }

  /**
   * Waits for QEMU's greeting. After a failure the connection is closed; after an abort it is not.
   *
   * @throws {GreetingError} when something else comes, nothing within `greetingTimeoutMs`, or the stream ends
   * @throws {StateError} `ERR_CLOSED` when we closed it
   */
  greet(signal?: AbortSignal): Promise<QmpGreeting> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (this.#greeting !== null) return Promise.resolve(this.#greeting);
    if (this.#phase === 'closed') return Promise.reject(this.#greetingFailure());
    const ms = this.#options.greetingTimeoutMs ?? DEFAULT_GREETING_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      const release = (): void => {
        this.#greetingWaiters.delete(waiter);
        cancelTimeout();
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: PromiseSettler = {
        resolve(greeting) {
          release();
          resolve(greeting);
        },
        reject(reason) {
          release();
          reject(reason);
        },
      };
      const onAbort = (): void => waiter.reject(signal?.reason);
      const cancelTimeout = after(this.#loop, ms, () =>
        this.#end(
          new GreetingError(
            `no QMP greeting within ${ms} ms: another client may hold this monitor (QEMU serves one at a time), or QEMU hangs`,
          ),
        ),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#greetingWaiters.add(waiter);
    });
  }

  /**
   * Leaves capabilities negotiation mode, with OOB enabled where QEMU offers it. Failed or aborted, the
   * connection is closed.
   *
   * @throws {NegotiationError} when QEMU refuses or does not answer
   * @throws {StateError} when not greeted yet, or negotiated before
   * @throws {CommandInterruptedError} when the connection ends meanwhile
   */
  async negotiate(options: { oob?: boolean; signal?: AbortSignal } = {}): Promise<void> {
    if (this.#phase !== 'greeted' || this.#greeting === null)
      throw this.#wrongPhase('negotiate()', 'greeted');
    options.signal?.throwIfAborted();
    const oob = options.oob !== false && this.#greeting.capabilities.includes('oob');
    this.#phase = 'negotiating';
    try {
      const { signal } = options;
      await this.#send('qmp_capabilities', oob ? { enable: ['oob'] } : undefined, { signal }, false);
    } catch (error) {
      if (error instanceof CommandInterruptedError || error instanceof StateError) throw error;
      const failure = new NegotiationError(`negotiation failed: ${messageOf(error)}`, { cause: error });
      const aborted = options.signal?.aborted === true && error === options.signal.reason;
      this.#end(aborted ? null : failure);
      throw aborted ? error : failure;
    }
    if (this.closed) throw this.#wrongPhase('negotiate()', 'greeted');
    this.#phase = 'ready';
    this.#oob = oob;
    if (oob) this.#exchange.enableOob();
  }

  /**
   * Sends a command and waits for its reply.
   *
   * @throws {CommandError} when QEMU says no
   * @throws {CommandTimeoutError} when no reply comes in time
   * @throws {CommandInterruptedError} when the connection ends after the command was sent
   * @throws {StateError} when the connection is not ready; code `ERR_CLOSED` when it is over
   * @throws {TypeError} when the arguments cannot be sent
   * @throws the signal's reason when aborted
   */
  execute<C extends keyof QmpCommands>(
    command: C,
    ...parameters: ExecuteParameters<C>
  ): Promise<QmpCommands[C]['return']>;
  execute<C extends string, A extends object, R>(
    command: UnknownCommand<C>,
    args?: A,
    options?: ExecuteOptions,
  ): Promise<NoInfer<R>>;
  execute<R = never>(
    command: [R] extends [never] ? never : string,
    args?: object,
    options?: ExecuteOptions,
  ): Promise<NoInfer<R>>;
  execute(command: string, args?: object, options?: ExecuteOptions): Promise<unknown> {
    return this.#execute(command, args, options, false);
  }

  /**
   * As `execute`, but resolves with the text of the reply's line, so that integers beyond 2^53 stay whole.
   *
   * @example `'{"return": {"size": 18446744073709551615}, "id": "qa-3"}'`
   */
  executeRaw(command: string, args?: object, options?: ExecuteOptions): Promise<string> {
    return this.#execute(command, args, options, true) as Promise<string>;
  }

  /** Ends the connection; calling it again does nothing. Every open promise is settled when it returns. */
  close(): void {
    if (!this.closed) this.#closedByUs = true;
    this.#end(null);
  }

  async #execute(
    command: string,
    args: object | undefined,
    options: ExecuteOptions = {},
    raw: boolean,
  ): Promise<unknown> {
    if (this.#phase !== 'ready') throw this.#wrongPhase('execute()', 'ready');
    if (options.oob === true && !this.#oob)
      throw new StateError('this monitor did not offer out-of-band commands; send it without oob: true');
    return this.#send(command, args, options, raw);
  }

  #send(command: string, args: object | undefined, options: ExecuteOptions, raw: boolean): Promise<unknown> {
    if (typeof command !== 'string' || !COMMAND_NAME.test(command))
      throw badArgument('command', "a command's name", command);
    const argumentsText = encodeArguments(args);
    const timeoutMs = options.timeoutMs ?? this.#timeoutMsOf(command);
    if (!(timeoutMs > 0)) throw badArgument('timeoutMs', 'a number above 0', timeoutMs);
    const { signal, oob = false } = options;
    return this.#exchange.add({ name: command, argumentsText, arguments: args, oob, raw, timeoutMs, signal });
  }

  #timeoutMsOf(command: string): number {
    const timeoutClass = timeoutClassOf(command);
    return this.#options.timeoutsMs?.[timeoutClass] ?? DEFAULT_TIMEOUTS_MS[timeoutClass];
  }

  /** One turn of the loop. */
  #onReady(ready: number): void {
    if ((ready & READABLE) !== 0) this.#read(this.#options.readBudgetBytes ?? DEFAULT_READ_BUDGET_BYTES);
    if ((ready & (HANGUP | ERROR)) !== 0) {
      // What came before the end counts.
      while (!this.closed && this.#stream.readableLength > 0 && this.#read(this.#stream.readableLength)) {}
      this.#end(this.#streamFailure());
    } else if ((ready & WRITABLE) !== 0 && !this.closed) this.#write();
  }

  #read(budgetBytes: number): boolean {
    const chunk: Buffer | null = this.#stream.read(Math.min(budgetBytes, this.#stream.readableLength));
    if (chunk === null) return false;
    this.#bytesReceived += chunk.length;
    try {
      this.#reader.push(chunk);
      for (let line = this.#reader.next(); line !== null; line = this.#reader.next()) {
        this.#onLine(line.toString());
        if (this.closed) return false;
      }
    } catch (error) {
      this.#end(this.#protocolFailure(error));
    }
    return true;
  }

  #write(): void {
    this.#loop.updateHandle(this.#watch, READABLE);
    for (let next = this.#exchange.take(); next !== null; next = this.#exchange.take()) {
      this.#trace('send', next.message);
      if (this.closed) return;
      this.#stream.write(next.bytes);
    }
  }

  #onLine(line: string): void {
    const message = parseMessage(line, this.#options.maxDepth ?? DEFAULT_MAX_DEPTH);
    if (this.#phase === 'greeting') this.#onGreeting(message);
    else if (message.kind === 'event') {
      this.#trace('event', message.wire);
      if (!this.closed) this.#guard(() => this.#options.onEvent(message.event));
    } else if (message.kind === 'greeting') throw new BadReplyError('a second greeting on one connection');
    else {
      this.#trace('reply', message.wire);
      if (!this.closed) this.#exchange.resolveReply(message, line);
    }
  }

  #onGreeting(message: QmpMessage): void {
    if (message.kind !== 'greeting')
      throw new GreetingError(`expected a QMP greeting, received a message of kind ${message.kind}`);
    this.#phase = 'greeted';
    this.#greeting = message.greeting;
    for (const waiter of this.#greetingWaiters) waiter.resolve(message.greeting);
  }

  #end(error: QemuError | null): void {
    if (this.closed) return;
    this.#phase = 'closed';
    this.#endedBy = error;
    this.#loop.removeHandle(this.#watch);
    // A write that fails now is nobody's concern.
    this.#stream.on('error', () => {});
    this.#stream.destroy();
    for (const waiter of this.#greetingWaiters) waiter.reject(this.#greetingFailure());
    this.#exchange.interrupt(error);
    this.#guard(() => this.#options.onClose(error));
  }

  #protocolFailure(error: unknown): QemuError {
    if (this.#phase === 'greeting' && !(error instanceof GreetingError))
      return new GreetingError(`not a QMP monitor: ${messageOf(error)}`, { cause: error });
    return error instanceof QemuError ? error : new ParseError(messageOf(error), { cause: error });
  }

  #streamFailure(): QemuError | null {
    const error: NodeJS.ErrnoException | null = this.#stream.errored;
    // A QEMU that ends leaves one of these or a clean end, as it happens: no error by itself.
    if (error === null || error.code === 'ECONNRESET' || error.code === 'EPIPE') return null;
    return new ConnectError(`the connection failed: ${error.message}`, { cause: error });
  }

  /** What `greet()` says once the connection is over. */
  #greetingFailure(): QemuError {
    const error = this.#endedBy;
    if (error instanceof GreetingError) return error;
    if (this.#closedByUs) return this.#wrongPhase('greet()', 'greeting');
    return new GreetingError(
      'the connection ended before the QMP greeting',
      error === null ? {} : { cause: error },
    );
  }

  #wrongPhase(call: string, required: Phase): StateError {
    if (this.#phase !== 'closed')
      return new StateError(`the monitor is ${this.#phase}; ${call} needs ${required}`);
    const options = this.#endedBy === null ? {} : { cause: this.#endedBy };
    return new StateError(`the monitor is closed; ${call} needs ${required}`, {
      code: 'ERR_CLOSED',
      ...options,
    });
  }

  #trace(direction: 'send' | 'reply' | 'event', message: object): void {
    const { trace } = this.#options;
    if (trace !== undefined) this.#guard(() => trace(direction, message));
  }

  /** Runs somebody else's code, whose failure must not end the connection. */
  #guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      try {
        this.#options.onCallbackError?.(error);
      } catch {}
    }
  }
}

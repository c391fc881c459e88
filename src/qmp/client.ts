/**
 * The stand-alone client: connects, negotiates, and where asked to, connects again.
 *
 * ```
 *   connect() → ready ──end of stream, protocol error──→ lost (with `reconnect`) ──→ ready
 *                 └──────────────── or close() ────────→ closed ←── close() ──┘
 * ```
 */
import { badArgument, messageOf, type QemuError, StateError } from '../errors.ts';
import { createNodeRuntime } from '../loop/node-runtime.ts';
import type { Address, Runtime } from '../loop/runtime.ts';
import { sleep } from '../loop/timeouts.ts';
import { describeAddress, openStream, parseAddress } from './address.ts';
import { type BackoffPolicy, backoffDelayMs } from './backoff.ts';
import type { QmpCommands } from './commands.ts';
import { type ConnectionOptions, QmpConnection } from './connection.ts';
import {
  type EventCallback,
  EventHub,
  type EventMatch,
  type EventStream,
  type StreamOptions,
  type WaitOptions,
} from './event-hub.ts';
import type { ExecuteOptions, ExecuteParameters, UnknownCommand } from './execute.ts';
import type { QmpEvent, QmpGreeting } from './message.ts';

/** @public */
export type ClientState = 'connecting' | 'ready' | 'lost' | 'closed';

/** @public */
export interface ClientOptions
  extends Omit<ConnectionOptions, 'loop' | 'onEvent' | 'onClose' | 'onCallbackError'> {
  /** Waiting, sockets and chance. @defaultValue Node's */
  readonly runtime?: Runtime;
  /** Ends the connecting; a client that is connected is ended by `close()`. */
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue 5000 */
  readonly connectTimeoutMs?: number;
  /** Enable out-of-band commands where QEMU offers them. @defaultValue true */
  readonly oob?: boolean;
  /** Connect again after the connection is lost, as often as it takes. @defaultValue false */
  readonly reconnect?: boolean | BackoffPolicy;
  /** After each change of `state`. */
  readonly onState?: (state: ClientState) => void;
  /** What a callback threw. @defaultValue one warning of the process for each client */
  readonly onCallbackError?: (error: unknown) => void;
}

const POSITIVE = [
  'connectTimeoutMs',
  'greetingTimeoutMs',
  'maxLineBytes',
  'maxDepth',
  'readBudgetBytes',
] as const;

function requireClientOptions(options: unknown): asserts options is ClientOptions {
  if (typeof options !== 'object' || options === null) throw badArgument('options', 'an object', options);
  const { signal } = options as ClientOptions;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badArgument('signal', 'an AbortSignal', signal);
  for (const name of POSITIVE) {
    const value = (options as ClientOptions)[name];
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      throw badArgument(name, 'a number above 0', value);
  }
}

/** How long `executeAndWaitFor` waits for the event. */
export const DEFAULT_EVENT_TIMEOUT_MS = 30_000;

/**
 * A QMP client. It keeps the process alive until it is closed.
 *
 * An event is given to callbacks, waiting calls and iterators in the order of the wire, and before the promise
 * of any reply that followed it is resolved.
 *
 * @example
 * ```ts
 * const client = await QmpClient.connect('/run/vm/web1.qmp');
 * console.log(await client.execute('query-status')); // { status: 'running', running: true, … }
 * await client.close();
 * ```
 *
 * @public
 */
export class QmpClient implements AsyncDisposable {
  /** Resolves, never rejects, when the client is closed: null after `close()` or a plain end, else why. */
  readonly closed: Promise<QemuError | null>;
  readonly #address: Address;
  readonly #options: ClientOptions;
  readonly #runtime: Runtime;
  readonly #hub: EventHub;
  /** Aborted by `close()`. */
  readonly #life = new AbortController();
  readonly #release: () => void;
  readonly #readyWaiters = new Set<() => void>();
  #connection: QmpConnection | null = null;
  #greeting: QmpGreeting | null = null;
  #state: ClientState = 'connecting';
  #lastError: QemuError | null = null;
  #resolveClosed: (error: QemuError | null) => void = () => {};
  #warned = false;

  /**
   * Connects, waits for the greeting, negotiates. Tries once, also with `reconnect`.
   *
   * @param address - a unix socket's path, or `host:port`
   * @throws {ConnectError} when nobody listens there; `cause.code` is `ENOENT`, `ECONNREFUSED`, …
   * @throws {GreetingError} when it is no QMP monitor, or another client holds it
   * @throws {NegotiationError} when QEMU refuses to negotiate
   * @throws {TypeError} when the address is none
   * @throws the signal's reason when aborted
   */
  static async connect(address: string | Address, options: ClientOptions = {}): Promise<QmpClient> {
    requireClientOptions(options);
    const client = new QmpClient(parseAddress(address), options);
    const { signal } = options;
    const onAbort = (): void => client.#life.abort(signal?.reason);
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', onAbort, { once: true });
      await client.#open();
      return client;
    } catch (error) {
      client.#finish(null);
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private constructor(address: Address, options: ClientOptions) {
    this.#address = address;
    this.#options = options;
    this.#runtime = options.runtime ?? createNodeRuntime();
    this.#hub = new EventHub(this.#runtime.loop, (error) => this.#onCallbackError(error));
    this.#release = this.#runtime.hold();
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get state(): ClientState {
    return this.#state;
  }

  /** What the last attempt to connect again met, or what ended the last connection; null if it just ended. */
  get lastError(): QemuError | null {
    return this.#lastError;
  }

  /** Of the present or last connection. */
  get greeting(): QmpGreeting {
    // `connect` gives out a client only after its first greeting.
    return this.#greeting as QmpGreeting;
  }

  /** Whether out-of-band commands were negotiated. */
  get oob(): boolean {
    return this.#connection?.oob ?? false;
  }

  /** As `QmpConnection.execute`. @throws {StateError} when the monitor is lost; `ERR_CLOSED` when closed */
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
  async execute(command: string, args?: object, options?: ExecuteOptions): Promise<unknown> {
    return this.#ready('execute()').execute(command, args, options);
  }

  /** As `execute`, but resolves with the text of the reply's line: integers beyond 2^53 stay whole. */
  async executeRaw(command: string, args?: object, options?: ExecuteOptions): Promise<string> {
    return this.#ready('executeRaw()').executeRaw(command, args, options);
  }

  /**
   * Sends a command and waits for its reply and for an event. The event counts from before the command is
   * sent, so that it cannot be missed, be it before the reply or after.
   *
   * @param options - `timeoutMs`, 30 s by default, is that of the event, from the call on; the reply has its own
   * @throws {EventTimeoutError} when the event does not come in time
   * @throws {StateError} `ERR_CLOSED` when the monitor is lost after the reply
   * @throws what `execute` throws
   */
  async executeAndWaitFor(
    command: string,
    args: object | undefined,
    event: EventMatch,
    options: Omit<WaitOptions, 'predicate'> = {},
  ): Promise<{ readonly reply: unknown; readonly event: QmpEvent }> {
    const connection = this.#ready('executeAndWaitFor()');
    const stop = new AbortController();
    const { timeoutMs = DEFAULT_EVENT_TIMEOUT_MS, signal } = options;
    const onAbort = (): void => stop.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', onAbort, { once: true });
    const waiting = this.#hub.waitFor(event, { timeoutMs, signal: stop.signal });
    // The command's own failure is the better message, and comes first if both fail.
    waiting.catch(() => {});
    try {
      const reply = await connection.execute(command, args, { signal });
      return { reply, event: await waiting };
    } finally {
      signal?.removeEventListener('abort', onAbort);
      stop.abort();
    }
  }

  /**
   * Waits for an event. Without `timeoutMs` as long as the connection holds.
   *
   * @throws {EventTimeoutError} when it does not come in time
   * @throws {StateError} `ERR_CLOSED` when the monitor is lost, as the event may come while nobody listens
   */
  async waitFor(event: EventMatch, options?: WaitOptions): Promise<QmpEvent> {
    this.#ready('waitFor()');
    return this.#hub.waitFor(event, options);
  }

  /** Calls back at each event of that name, or at all with `'*'`, also after reconnecting, until disposed. */
  on(name: string, callback: EventCallback): Disposable {
    return this.#hub.on(name, callback);
  }

  /**
   * Events, all or those of some names, from this call on, also after reconnecting. Bounded: when more than
   * `limit` wait, the oldest are dropped and counted in `lost`.
   *
   * @throws from `next()`: the signal's reason, or what ended the client if that was an error
   */
  events(names?: readonly string[], options?: StreamOptions): EventStream {
    const stream = this.#hub.events(names, options);
    if (this.#state === 'closed') stream.end();
    return stream;
  }

  /** Resolves when `state` is `ready`: after a loss, when connected again. @throws {StateError} `ERR_CLOSED` */
  async whenReady(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#state === 'ready') return;
    if (this.#state === 'closed') throw this.#wrongState('whenReady()');
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#readyWaiters.delete(onChange);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const onChange = (): void => {
        leave();
        if (this.#state === 'ready') resolve();
        else reject(this.#wrongState('whenReady()'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#readyWaiters.add(onChange);
    });
  }

  /** Ends it. Every open promise is settled, no callback is called after; calling it again does nothing. */
  async close(): Promise<void> {
    this.#finish(null);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    const { signal } = this.#life;
    const { connectTimeoutMs: timeoutMs, oob = true } = this.#options;
    const stream = await openStream(this.#runtime, this.#address, { signal, timeoutMs });
    if (signal.aborted) {
      stream.destroy();
      signal.throwIfAborted();
    }
    const connection: QmpConnection = new QmpConnection(stream, {
      ...this.#options,
      loop: this.#runtime.loop,
      onEvent: (event) => this.#hub.dispatch(event),
      onClose: (error) => {
        if (this.#connection === connection) this.#onLost(error);
      },
      onCallbackError: (error) => this.#onCallbackError(error),
    });
    try {
      this.#greeting = await connection.greet(signal);
      await connection.negotiate({ oob, signal });
      signal.throwIfAborted();
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    this.#lastError = null;
    this.#setState('ready');
    // It may have ended between the last reply and now.
    if (connection.closed) this.#onLost(null);
  }

  #onLost(error: QemuError | null): void {
    this.#connection = null;
    this.#lastError = error;
    const { reconnect = false } = this.#options;
    if (reconnect === false || this.#state === 'closed') {
      this.#finish(error);
      return;
    }
    this.#setState('lost');
    this.#hub.lose();
    void this.#reconnect(reconnect === true ? {} : reconnect);
  }

  async #reconnect(policy: BackoffPolicy): Promise<void> {
    for (let attempt = 0; !this.#life.signal.aborted; attempt++) {
      try {
        const delayMs = backoffDelayMs(attempt, this.#runtime.random(), policy);
        await sleep(this.#runtime.loop, delayMs, this.#life.signal);
        await this.#open();
        return;
      } catch (error) {
        if (!this.#life.signal.aborted) this.#lastError = error as QemuError;
      }
    }
  }

  #finish(error: QemuError | null): void {
    if (this.#state === 'closed') return;
    this.#life.abort(new StateError('the client was closed', { code: 'ERR_CLOSED' }));
    const connection = this.#connection;
    this.#connection = null;
    this.#hub.end(error);
    connection?.close();
    this.#release();
    this.#setState('closed');
    this.#resolveClosed(error);
  }

  #setState(state: ClientState): void {
    this.#state = state;
    if (state === 'ready' || state === 'closed') for (const tell of [...this.#readyWaiters]) tell();
    try {
      this.#options.onState?.(state);
    } catch (error) {
      this.#onCallbackError(error);
    }
  }

  #ready(call: string): QmpConnection {
    if (this.#connection === null) throw this.#wrongState(call);
    return this.#connection;
  }

  #wrongState(call: string): StateError {
    const options = this.#lastError === null ? {} : { cause: this.#lastError };
    return new StateError(
      `the monitor at ${describeAddress(this.#address)} is ${this.#state}; ${call} needs ready`,
      this.#state === 'closed' ? { code: 'ERR_CLOSED', ...options } : options,
    );
  }

  #onCallbackError(error: unknown): void {
    const { onCallbackError } = this.#options;
    try {
      if (onCallbackError !== undefined) onCallbackError(error);
      else if (!this.#warned) {
        this.#warned = true;
        process.emitWarning(`a QMP callback failed: ${messageOf(error)}; give onCallbackError to see all`);
      }
    } catch {
      // Nobody is left to be told.
    }
  }
}

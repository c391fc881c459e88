/** Connections and clients to test with: what they saw is in `log`, in order. */
import { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { QemuError } from '../../../src/errors.ts';
import type { EventLoop } from '../../../src/loop/event-loop.ts';
import { NodeEventLoop } from '../../../src/loop/node-event-loop.ts';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import type { Address, Runtime } from '../../../src/loop/runtime.ts';
import { type ConnectionOptions, QmpConnection } from '../../../src/qmp/index.ts';

/** Handles as in Node, but time passes only by `advance`. */
export class ManualLoop extends NodeEventLoop {
  #now = 0;
  #last = 1_000_000;
  readonly #timeouts = new Map<number, { ms: number; due: number; callback: (timer: number) => void }>();

  override addTimeout(ms: number, callback: (timer: number) => void, free?: () => void): number {
    if (ms === 0) return super.addTimeout(ms, callback, free);
    this.#timeouts.set(++this.#last, { ms, due: this.#now + ms, callback });
    return this.#last;
  }

  override removeTimeout(timer: number): boolean {
    return this.#timeouts.delete(timer) || super.removeTimeout(timer);
  }

  get pendingTimeouts(): number {
    return this.#timeouts.size;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const [timer, timeout] of [...this.#timeouts])
      if (timeout.due <= this.#now && this.#timeouts.has(timer)) {
        timeout.due += timeout.ms;
        timeout.callback(timer);
      }
  }
}

/** Some turns of Node's loop: enough for what is on its way between two sockets of this process. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns of the loop until it holds; fails after many. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 20_000; i++) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never: ${what}`);
}

export interface Seen {
  readonly connection: QmpConnection;
  /** Names of events, and `close` or `close ERR_…`. */
  readonly log: string[];
  readonly closedBy: (QemuError | null)[];
}

export function connectionOn(
  stream: Duplex,
  loop: EventLoop,
  options: Partial<ConnectionOptions> = {},
): Seen {
  const log: string[] = [];
  const closedBy: (QemuError | null)[] = [];
  const connection = new QmpConnection(stream, {
    loop,
    onEvent: (event) => log.push(event.event),
    onClose: (error) => {
      closedBy.push(error);
      log.push(error === null ? 'close' : `close ${error.code}`);
    },
    ...options,
  });
  onTestFinished(() => connection.close());
  return { connection, log, closedBy };
}

/** Over a real socket. */
export async function connect(
  address: Address,
  options: Partial<ConnectionOptions> = {},
  runtime: Runtime = createNodeRuntime(),
): Promise<Seen> {
  const stream = await runtime.connect(address, new AbortController().signal);
  return connectionOn(stream, options.loop ?? runtime.loop, options);
}

export async function ready(address: Address, options: Partial<ConnectionOptions> = {}): Promise<Seen> {
  const seen = await connect(address, options);
  await seen.connection.greet();
  await seen.connection.negotiate();
  return seen;
}

/** A stream whose other end is the test. */
export class TestStream extends Duplex {
  /** What was written, as commands. */
  readonly commands: { execute?: string; 'exec-oob'?: string; id: string; arguments?: unknown }[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    for (const line of chunk.toString().split('\r\n')) if (line !== '') this.commands.push(JSON.parse(line));
    done();
  }

  line(message: object): void {
    this.push(`${JSON.stringify(message)}\r\n`);
  }
}

export const GREETING = {
  QMP: {
    version: { qemu: { micro: 22, minor: 2, major: 7 }, package: '' },
    capabilities: ['oob'],
  },
};

export interface Scripted extends Seen {
  readonly stream: TestStream;
  readonly loop: ManualLoop;
}

/** A connection whose peer is the test, and whose time passes by `loop.advance`. */
export function scripted(options: Partial<ConnectionOptions> = {}): Scripted {
  const stream = new TestStream();
  const loop = new ManualLoop();
  return { ...connectionOn(stream, loop, options), stream, loop };
}

export async function scriptedReady(
  options: Partial<ConnectionOptions> & { offerOob?: boolean } = {},
): Promise<Scripted> {
  const scene = scripted(options);
  const offers = options.offerOob === false ? [] : ['oob'];
  scene.stream.line({ QMP: { ...GREETING.QMP, capabilities: offers } });
  await scene.connection.greet();
  const negotiated = scene.connection.negotiate();
  await until('qmp_capabilities', () => scene.stream.commands.length === 1);
  scene.stream.line({ return: {}, id: scene.stream.commands.shift()?.id });
  await negotiated;
  return scene;
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

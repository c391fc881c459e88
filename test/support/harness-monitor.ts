/**
 * A QMP client of the harness's own, and deliberately not `src/qmp`: a test must not be checked by the code that
 * it checks.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { within } from './within.ts';

export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly timestamp: { readonly seconds: number; readonly microseconds: number };
}

const TIMEOUT_MS = 60_000;

export class HarnessMonitor {
  /** All events so far. */
  readonly events: QmpEvent[] = [];
  readonly #socket: Socket;
  readonly #replies = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;
  #waitedFor = 0;

  /** @throws the system's error if nobody listens there */
  static async connect(path: string): Promise<HarnessMonitor> {
    const socket = connect(path);
    await once(socket, 'connect');
    const monitor = new HarnessMonitor(socket);
    await monitor.execute('qmp_capabilities');
    return monitor;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.#replies.values()) reject(new Error('QEMU closed the monitor'));
      this.#replies.clear();
      socket.emit('line');
    });
    let rest = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#read(JSON.parse(line));
    });
  }

  #read(message: Record<string, unknown>): void {
    if ('event' in message) this.events.push(message as unknown as QmpEvent);
    const reply = this.#replies.get(message.id as number);
    this.#replies.delete(message.id as number);
    if ('error' in message) reply?.reject(new Error(JSON.stringify(message.error)));
    else reply?.resolve(message.return);
    this.#socket.emit('line');
  }

  /** @throws Error if QEMU refuses, or closes first */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#lastId;
    if (this.#socket.destroyed) throw new Error('QEMU closed the monitor');
    const reply = new Promise((resolve, reject) => this.#replies.set(id, { resolve, reject }));
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return await within(
      TIMEOUT_MS,
      () => `no reply to ${command}`,
      () => reply,
    );
  }

  /** The first event of this name after the one that the call before returned. */
  event(name: string, timeoutMs = TIMEOUT_MS): Promise<QmpEvent> {
    return within(
      timeoutMs,
      () => `no event ${name}`,
      async (signal) => {
        for (;;) {
          const index = this.events.findIndex(({ event }, at) => at >= this.#waitedFor && event === name);
          if (index >= 0) this.#waitedFor = index + 1;
          const found = this.events[index];
          if (found !== undefined) return found;
          if (this.#socket.destroyed) throw new Error(`QEMU closed the monitor without ${name}`);
          await once(this.#socket, 'line', { signal });
        }
      },
    );
  }

  close(): void {
    this.#socket.destroy();
  }
}

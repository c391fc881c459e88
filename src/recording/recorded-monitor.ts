/**
 * The monitor of a replay: a command that a handler wants to send is matched with the next recorded one of the
 * same name, and answered when the replay comes to its reply.
 */
import type { MonitorConnection } from '../actors/environment.ts';
import { CommandError, CommandInterruptedError, CommandTimeoutError } from '../errors.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';
import { DEFAULT_TIMEOUTS_MS, type QmpCommands, timeoutClassOf } from '../qmp/commands.ts';
import type { ExecuteOptions, ExecuteParameters, UnknownCommand } from '../qmp/execute.ts';
import { parseMessage } from '../qmp/message.ts';
import { commandOf, isOwnEof, type RecordingLine } from './format.ts';
import { notRecorded } from './recording-error.ts';

interface Waiter {
  readonly command: string;
  resolve(text: string): void;
  reject(error: unknown): void;
}

export class RecordedMonitor implements MonitorConnection {
  /** Index of the line that is being played. */
  position = -1;
  readonly #lines: readonly RecordingLine[];
  readonly #loop: EventLoop;
  readonly #domain: string;
  /** Indexes of the sends that are still ahead and unused, by command. */
  readonly #ahead = new Map<string, number[]>();
  /** Index of a send → of its reply, and back. */
  readonly #replies = new Map<number, number>();
  readonly #sends = new Map<number, number>();
  /** By the index of the reply that they wait for. */
  readonly #waiting = new Map<number, Waiter>();
  /** Commands whose reply was not recorded. */
  readonly #unanswered = new Set<Waiter>();

  constructor(lines: readonly RecordingLine[], loop: EventLoop, domain: string) {
    this.#lines = lines;
    this.#loop = loop;
    this.#domain = domain;
    const open = new Map<unknown, number>();
    for (const [index, line] of lines.entries()) {
      if (line.kind === 'send') {
        const command = commandOf(line);
        const sends = this.#ahead.get(command);
        if (sends === undefined) this.#ahead.set(command, [index]);
        else sends.push(index);
        open.set(line.message.id, index);
      } else if (line.kind === 'reply') {
        const send = open.get(line.message.id);
        if (send === undefined) continue;
        open.delete(line.message.id);
        this.#replies.set(send, index);
        this.#sends.set(index, send);
      } else if (isOwnEof(line)) open.clear();
    }
    // The next one is taken from the end.
    for (const sends of this.#ahead.values()) sends.reverse();
  }

  /** The `send` that a reply answers. */
  sendOf(reply: number): RecordingLine<'send'> | null {
    const line = this.#lines[this.#sends.get(reply) ?? -1];
    return line?.kind === 'send' ? line : null;
  }

  /** Index of the reply to a send; null if there is none. */
  replyOf(send: number): number | null {
    return this.#replies.get(send) ?? null;
  }

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
  async execute(command: string, _args?: object, options: ExecuteOptions = {}): Promise<unknown> {
    const reply = parseMessage(await this.#ask(command, options));
    if (reply.kind === 'return') return reply.value;
    throw reply.kind === 'error'
      ? new CommandError(command, reply.errorClass, reply.desc, { domain: this.#domain })
      : notRecorded(`the reply to ${command}`, this.#domain);
  }

  executeRaw(command: string, _args?: object, options: ExecuteOptions = {}): Promise<string> {
    return this.#ask(command, options);
  }

  /** The replay came to a reply: whoever waits for it gets it. */
  answer(reply: number): void {
    const waiter = this.#waiting.get(reply);
    const line = this.#lines[reply];
    if (line?.kind === 'reply') waiter?.resolve(JSON.stringify(line.message));
  }

  /** The connection ended. */
  interrupt(): void {
    for (const waiter of [...this.#waiting.values(), ...this.#unanswered])
      waiter.reject(new CommandInterruptedError(waiter.command, { domain: this.#domain }));
  }

  #ask(command: string, { signal, timeoutMs }: ExecuteOptions): Promise<string> {
    const send = this.#take(command);
    if (send === null) return Promise.reject(notRecorded(command, this.#domain));
    const reply = this.replyOf(send);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (reply === null) this.#unanswered.delete(waiter);
        else this.#waiting.delete(reply);
        cancelTimeout();
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        command,
        resolve: (text) => {
          settle();
          resolve(text);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.reject(signal?.reason);
      const ms = timeoutMs ?? DEFAULT_TIMEOUTS_MS[timeoutClassOf(command)];
      const cancelTimeout = after(this.#loop, ms, () =>
        waiter.reject(new CommandTimeoutError(command, ms, { domain: this.#domain })),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      if (reply === null) this.#unanswered.add(waiter);
      else this.#waiting.set(reply, waiter);
    });
  }

  /** The next unused `send` of a command, if it comes before the end of the step and of the connection. */
  #take(command: string): number | null {
    const ahead = this.#ahead.get(command) ?? [];
    while (ahead.length > 0 && (ahead.at(-1) ?? 0) <= this.position) ahead.pop();
    const send = ahead.at(-1);
    if (send === undefined) return null;
    for (const line of this.#lines.slice(this.position + 1, send))
      if (line.kind === 'step' || isOwnEof(line)) return null;
    ahead.pop();
    return send;
  }
}

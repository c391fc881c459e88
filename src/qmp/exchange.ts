/**
 * Commands and their replies: who waits, who was sent, whose reply this is. No socket here.
 *
 * ```
 *   add() → waiting ──take()──→ sent ──resolveReply()──→ settled
 *              │                  │ time-out or abort: the caller is told, the slot stays taken,
 *              └ time-out, abort  └ because QEMU may still be at it; the late reply frees it
 * ```
 */
import {
  BadReplyError,
  CommandError,
  CommandInterruptedError,
  CommandTimeoutError,
  type QemuError,
  StateError,
} from '../errors.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';
import { encodeCommand, type JsonObject, type QmpMessage } from './message.ts';

/**
 * In-band commands sent and not yet answered, with OOB. QEMU stops reading a monitor at 8 that wait
 * (`monitor/qmp.c:QMP_REQ_QUEUE_LEN_MAX`), out-of-band ones too; at 7 it still reads those.
 */
export const IN_BAND_LIMIT_WITH_OOB = 7;
/** Without OOB QEMU reads the next command after it has answered the last. */
const IN_BAND_LIMIT = 1;
/** Out-of-band commands sent and not yet answered: only a QEMU that hangs leaves so many. */
const OOB_LIMIT = 8;

/** What `Exchange.add` needs to know of a command. */
export interface NewCommand {
  readonly name: string;
  readonly argumentsText: string | undefined;
  readonly arguments: object | undefined;
  readonly oob: boolean;
  /** The result is the text of the reply's line, not its value. */
  readonly raw: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Entry extends NewCommand {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Ends the time-out and the listening to the signal. */
  release: () => void;
  settled: boolean;
}

/** Bytes to send, and the same as an object for recordings. */
export interface Outgoing {
  readonly bytes: Buffer;
  readonly message: JsonObject;
}

type ReplyMessage = Extract<QmpMessage, { kind: 'return' | 'error' }>;

export class Exchange {
  readonly #loop: EventLoop;
  readonly #onWaiting: () => void;
  readonly #waiting = new Set<Entry>();
  readonly #waitingOob = new Set<Entry>();
  /** By id; also those whose caller has been told already. */
  readonly #sent = new Map<string, Entry>();
  #inBandSent = 0;
  #limit = IN_BAND_LIMIT;
  #lastId = 0;
  #lateReplies = 0;

  /** @param onWaiting - called when there may be something to `take()` */
  constructor(loop: EventLoop, onWaiting: () => void) {
    this.#loop = loop;
    this.#onWaiting = onWaiting;
  }

  /** Replies that came after their caller was told of a time-out or had aborted. */
  get lateReplies(): number {
    return this.#lateReplies;
  }

  /** From now on several commands may be under way. */
  enableOob(): void {
    this.#limit = IN_BAND_LIMIT_WITH_OOB;
  }

  /** The time-out counts from here. */
  add(command: NewCommand): Promise<unknown> {
    const { signal } = command;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (command.oob && this.#waitingOob.size + this.#sent.size - this.#inBandSent >= OOB_LIMIT)
      return Promise.reject(new StateError(`${OOB_LIMIT} out-of-band commands are unanswered; wait for one`));
    return new Promise((resolve, reject) => {
      const entry: Entry = { ...command, resolve, reject, release: () => {}, settled: false };
      const cancelTimeout = after(this.#loop, command.timeoutMs, () =>
        this.#settle(entry, () => reject(new CommandTimeoutError(command.name, command.timeoutMs))),
      );
      const onAbort = (): void => this.#settle(entry, () => reject(signal?.reason));
      signal?.addEventListener('abort', onAbort, { once: true });
      entry.release = () => {
        cancelTimeout();
        signal?.removeEventListener('abort', onAbort);
      };
      (command.oob ? this.#waitingOob : this.#waiting).add(entry);
      this.#onWaiting();
    });
  }

  /** The next command that may be sent now, which counts as sent from here; out-of-band ones first. */
  take(): Outgoing | null {
    const full = this.#inBandSent >= this.#limit;
    const [entry] = first(this.#waitingOob, full ? this.#quits() : this.#waiting);
    if (entry === undefined) return null;
    this.#waitingOob.delete(entry);
    this.#waiting.delete(entry);
    this.#lastId += 1;
    const id = `qa-${this.#lastId}`;
    this.#sent.set(id, entry);
    if (!entry.oob) this.#inBandSent += 1;
    const verb = entry.oob ? 'exec-oob' : 'execute';
    return {
      bytes: encodeCommand(verb, entry.name, entry.argumentsText, id),
      message: {
        [verb]: entry.name,
        ...(entry.arguments === undefined ? {} : { arguments: entry.arguments }),
        id,
      },
    };
  }

  /** Sent although others are unanswered: QEMU takes it from the socket in its turn, and nothing comes after it. */
  #quits(): ReadonlySet<Entry> {
    return new Set([...this.#waiting].filter(({ name }) => name === 'quit'));
  }

  /**
   * Gives a reply to who waits for it.
   *
   * @param line - the line it came in
   * @throws {BadReplyError} when it answers no command of ours
   */
  resolveReply(reply: ReplyMessage, line: string): void {
    const entry = typeof reply.id === 'string' ? this.#sent.get(reply.id) : undefined;
    if (entry === undefined) throw unknownReply(reply);
    this.#sent.delete(reply.id as string);
    if (!entry.oob) this.#inBandSent -= 1;
    if (entry.settled) this.#lateReplies += 1;
    else if (reply.kind === 'error')
      this.#settle(entry, () => entry.reject(new CommandError(entry.name, reply.errorClass, reply.desc)));
    else this.#settle(entry, () => entry.resolve(entry.raw ? line : reply.value));
    if (this.#waiting.size > 0) this.#onWaiting();
  }

  /**
   * The connection is over: everybody is told. Who was sent may have been carried out, who was not was not.
   *
   * @param cause - what ended the connection; null for its plain end
   */
  interrupt(cause: QemuError | null): void {
    const options = cause === null ? {} : { cause };
    for (const entry of this.#sent.values())
      this.#settle(entry, () => entry.reject(new CommandInterruptedError(entry.name, options)));
    this.#sent.clear();
    for (const entry of [...this.#waitingOob, ...this.#waiting])
      this.#settle(entry, () =>
        entry.reject(
          new StateError(`the monitor closed before ${entry.name} was sent`, {
            code: 'ERR_CLOSED',
            ...options,
          }),
        ),
      );
  }

  #settle(entry: Entry, tell: () => void): void {
    if (entry.settled) return;
    entry.settled = true;
    entry.release();
    this.#waiting.delete(entry);
    this.#waitingOob.delete(entry);
    tell();
  }
}

const first = <T>(...sets: ReadonlySet<T>[]): Iterable<T> => sets.find((set) => set.size > 0) ?? [];

/**
 * QEMU answers what it cannot parse by an error without id, any number of times, and the command itself by
 * nothing. Nobody can say whose it is; what we send is checked beforehand, so somebody else broke the stream.
 */
function unknownReply(reply: ReplyMessage): BadReplyError {
  const id = reply.id === undefined ? 'no id' : `the id ${JSON.stringify(reply.id)?.slice(0, 60)}`;
  const what = reply.kind === 'error' ? `an error (${reply.desc.slice(0, 200)})` : 'a reply';
  return new BadReplyError(`${what} with ${id}, which answers no command of ours`);
}

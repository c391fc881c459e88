/**
 * All error classes, as one family, by what the caller can do about them.
 *
 * `instanceof` looks at a registered symbol, so it also holds between two copies of this package.
 */

const brand = (name: string): symbol => Symbol.for(`qemu-actors.${name}`);

/** Facts that any error of this family may carry. */
export interface QemuErrorOptions extends ErrorOptions {
  /** Name of the domain concerned. */
  domain?: string | undefined;
  /** Incarnation (one run of a domain) concerned. */
  incarnation?: string | undefined;
}

/**
 * Base of every error that this package throws or rejects with, except `TypeError` for bad arguments.
 *
 * @public
 */
export abstract class QemuError extends Error {
  /** Stable, documented, for programs: `ERR_CONNECT`, `ERR_STATE`, … */
  abstract readonly code: string;
  readonly domain: string | undefined;
  readonly incarnation: string | undefined;
  /** Registered symbols of this class and its parents. @internal */
  protected static readonly kinds: readonly symbol[] = [brand('QemuError')];

  constructor(message: string, options: QemuErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.domain = options.domain;
    this.incarnation = options.incarnation;
    for (const kind of new.target.kinds) Object.defineProperty(this, kind, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: each subclass asks for its own kind, the last of the list
    const own = this.kinds.at(-1);
    return typeof value === 'object' && value !== null && own !== undefined && own in value;
  }
}

/** No socket: the address does not exist, refuses, or does not answer. `cause` is the system's error. */
export class ConnectError extends QemuError {
  readonly code = 'ERR_CONNECT';
  protected static override readonly kinds = [...QemuError.kinds, brand('ConnectError')];
}

/** Nobody can listen at an address: it is in use, forbidden, or not of this machine. `cause` is the system's error. */
export class ListenError extends QemuError {
  readonly code = 'ERR_LISTEN';
  protected static override readonly kinds = [...QemuError.kinds, brand('ListenError')];
}

/** The thing asked is not possible in the present state; the message names the state and the one required. */
export class StateError extends QemuError {
  readonly code: string;
  protected static override readonly kinds = [...QemuError.kinds, brand('StateError')];

  /**
   * @param code - `ERR_STATE`, or a narrower one: `ERR_DOMAIN_INACTIVE`, `ERR_NO_PROCESS`, `ERR_CLOSED`, `ERR_NO_REFERENCE`,
   *   `ERR_REFUSED` (by the guest), `ERR_TIMEOUT` (the guest did not answer).
   */
  constructor(message: string, options: QemuErrorOptions & { code?: string } = {}) {
    super(message, options);
    this.code = options.code ?? 'ERR_STATE';
  }
}

/** QEMU answered a command with an error. `errorClass` and `desc` are QEMU's own; never parse `desc`. */
export class CommandError extends QemuError {
  readonly code = 'ERR_COMMAND';
  readonly command: string;
  /** QAPI error class, for example `GenericError`, `CommandNotFound`, `DeviceNotFound`. */
  readonly errorClass: string;
  readonly desc: string;
  protected static override readonly kinds = [...QemuError.kinds, brand('CommandError')];

  constructor(command: string, errorClass: string, desc: string, options: QemuErrorOptions = {}) {
    super(`QEMU refused ${command}: ${desc} (${errorClass})`, options);
    this.command = command;
    this.errorClass = errorClass;
    this.desc = desc;
  }
}

/** No reply within the time-out. QEMU may still carry the command out; its late reply is counted and dropped. */
export class CommandTimeoutError extends QemuError {
  readonly code = 'ERR_COMMAND_TIMEOUT';
  readonly command: string;
  readonly timeoutMs: number;
  protected static override readonly kinds = [...QemuError.kinds, brand('CommandTimeoutError')];

  constructor(command: string, timeoutMs: number, options: QemuErrorOptions = {}) {
    super(`no reply to ${command} within ${timeoutMs} ms`, options);
    this.command = command;
    this.timeoutMs = timeoutMs;
  }
}

/** The monitor was closed before the reply came. Whether QEMU carried the command out is not known. */
export class CommandInterruptedError extends QemuError {
  readonly code = 'ERR_COMMAND_INTERRUPTED';
  readonly command: string;
  protected static override readonly kinds = [...QemuError.kinds, brand('CommandInterruptedError')];

  constructor(command: string, options: QemuErrorOptions = {}) {
    super(`the monitor closed before the reply to ${command}`, options);
    this.command = command;
  }
}

/** An event that was waited for did not come in time. */
export class EventTimeoutError extends QemuError {
  readonly code = 'ERR_EVENT_TIMEOUT';
  readonly timeoutMs: number;
  protected static override readonly kinds = [...QemuError.kinds, brand('EventTimeoutError')];

  constructor(what: string, timeoutMs: number, options: QemuErrorOptions = {}) {
    super(`${what} did not come within ${timeoutMs} ms`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** The host's interface under this name is not the one that was seen before: it was left alone. */
export class InterfaceChangedError extends QemuError {
  readonly code = 'ERR_INTERFACE_CHANGED';
  protected static override readonly kinds = [...QemuError.kinds, brand('InterfaceChangedError')];
}

/** A process event handler of ours failed; reported through diagnostics, never thrown at a caller. */
export class HandlerError extends QemuError {
  readonly code = 'ERR_HANDLER';
  readonly processEvent: string;
  protected static override readonly kinds = [...QemuError.kinds, brand('HandlerError')];

  constructor(processEvent: string, message: string, options: QemuErrorOptions = {}) {
    super(`handler of ${processEvent}: ${message}`, options);
    this.processEvent = processEvent;
  }
}

/** The peer does not speak QMP as it should. The connection it came on is closed. */
export abstract class ProtocolError extends QemuError {
  protected static override readonly kinds = [...QemuError.kinds, brand('ProtocolError')];
}

/** The first line was not a QMP greeting, or none came in time. */
export class GreetingError extends ProtocolError {
  readonly code = 'ERR_GREETING';
  protected static override readonly kinds = [...ProtocolError.kinds, brand('GreetingError')];
}

/** QEMU refused `qmp_capabilities`. */
export class NegotiationError extends ProtocolError {
  readonly code = 'ERR_NEGOTIATION';
  protected static override readonly kinds = [...ProtocolError.kinds, brand('NegotiationError')];
}

/** A reply that answers no command of ours, or an object that is neither event nor reply. */
export class BadReplyError extends ProtocolError {
  readonly code = 'ERR_BAD_REPLY';
  protected static override readonly kinds = [...ProtocolError.kinds, brand('BadReplyError')];
}

/** A line that is not JSON, is not an object, or is nested too deep. */
export class ParseError extends ProtocolError {
  readonly code = 'ERR_PARSE';
  protected static override readonly kinds = [...ProtocolError.kinds, brand('ParseError')];
}

/** A line longer than the limit. */
export class LineTooLongError extends ProtocolError {
  readonly code = 'ERR_LINE_TOO_LONG';
  readonly limitBytes: number;
  protected static override readonly kinds = [...ProtocolError.kinds, brand('LineTooLongError')];

  constructor(limitBytes: number, options: QemuErrorOptions = {}) {
    super(`a line of more than ${limitBytes} bytes`, options);
    this.limitBytes = limitBytes;
  }
}

/** Says what was expected and what was received, in the manner of all our `TypeError`s. */
export const badArgument = (what: string, expected: string, received: unknown): TypeError =>
  new TypeError(`${what}: expected ${expected}, received ${describeValue(received)}`);

/** A short, safe description of any value, for messages. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `'${value.slice(0, 60)}…'` : `'${value}'`;
  if (value === null || typeof value !== 'object')
    return typeof value === 'function' ? 'a function' : String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}

/** The message of anything thrown; never throws itself, though not everything can be made a string. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'something that cannot be shown';
  }
}

/** A model, or what it was made of, cannot be worked with; the message says what is missing. */
export class ModelError extends QemuError {
  readonly code: string;
  protected static override readonly kinds = [...QemuError.kinds, brand('ModelError')];

  /**
   * @param code - `ERR_MODEL`, or a narrower one: `ERR_UNSERIALISABLE`, `ERR_ENDLESS` (events, or a
   *   machine that never comes to rest), `ERR_WALK` (a walk that the machine cannot walk), `ERR_WALK_FILE` (a text that
   *   is none), `ERR_WALK_FAILED` (`WalkError`), `ERR_COVERAGE` (too little)
   */
  constructor(message: string, options: ErrorOptions & { code?: string } = {}) {
    super(message, options);
    this.code = options.code ?? 'ERR_MODEL';
  }
}

/**
 * One line ↔ one message. QMP specification: QEMU `docs/interop/qmp-spec.txt`.
 */
import { BadReplyError, badArgument, messageOf, ParseError } from '../errors.ts';

/** A JSON object as it came. Keys of the peer's choice, `__proto__` too: read it, do not merge it. */
export type JsonObject = Record<string, unknown>;

/** @example `{ major: 7, minor: 2, micro: 22, package: 'Debian 1:7.2+dfsg-7' }` */
export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  readonly package: string;
}

/** The first message on a connection. */
export interface QmpGreeting {
  /** Null if the greeting has none that can be read. */
  readonly version: QemuVersion | null;
  /** @example `['oob']` */
  readonly capabilities: readonly string[];
}

/** When QEMU saw something happen, by the host's clock. Rate-limited events carry times that run backwards. */
export interface QmpTimestamp {
  readonly seconds: number;
  readonly microseconds: number;
}

/** An event as QEMU sent it. */
export interface QmpEvent {
  readonly event: string;
  /**
   * Undefined if the event has none, or none that is an object. Integers beyond 2^53 are the nearest number; those
   * of RDMA_GID_STATUS_CHANGED are strings of digits.
   */
  readonly data: JsonObject | undefined;
  /** Null if it is missing or cannot be read; such an event counts as any other. */
  readonly timestamp: QmpTimestamp | null;
}

/** A message from QEMU. `wire` is the object that came, for recordings. */
export type QmpMessage =
  | { readonly kind: 'greeting'; readonly wire: JsonObject; readonly greeting: QmpGreeting }
  | { readonly kind: 'event'; readonly wire: JsonObject; readonly event: QmpEvent }
  | { readonly kind: 'return'; readonly wire: JsonObject; readonly id: unknown; readonly value: unknown }
  | {
      readonly kind: 'error';
      readonly wire: JsonObject;
      readonly id: unknown;
      readonly errorClass: string;
      readonly desc: string;
    };

/** QEMU's own limit for what it is sent (`qobject/json-streamer.c:MAX_NESTING`). */
export const DEFAULT_MAX_DEPTH = 1024;

/**
 * Reads one line.
 *
 * @param maxDepth - objects and arrays within one another; default 1024
 * @throws {ParseError} when the line is not JSON, not an object, or nested deeper than `maxDepth`
 * @throws {BadReplyError} when the object is neither greeting, event nor reply
 */
export function parseMessage(line: string, maxDepth: number = DEFAULT_MAX_DEPTH): QmpMessage {
  if (line.length > maxDepth && isDeeperThan(line, maxDepth))
    throw new ParseError(`a message nested deeper than ${maxDepth}`);
  const wire = parseJson(line);
  if (!isObject(wire)) throw new ParseError(`a message that is not an object: ${excerpt(line)}`);
  if (typeof wire.event === 'string') {
    if (wire.event === EXACT_EVENT) keepIntegers(line, wire);
    return { kind: 'event', wire, event: toEvent(wire.event, wire) };
  }
  if (Object.hasOwn(wire, 'return')) return { kind: 'return', wire, id: wire.id, value: wire.return };
  if (isObject(wire.error)) {
    const { class: errorClass, desc } = wire.error;
    return {
      kind: 'error',
      wire,
      id: wire.id,
      errorClass: typeof errorClass === 'string' ? errorClass : 'GenericError',
      desc: typeof desc === 'string' ? desc : 'no description',
    };
  }
  if (isObject(wire.QMP)) return { kind: 'greeting', wire, greeting: toGreeting(wire.QMP) };
  throw new BadReplyError(`a message that is neither greeting, event nor reply: ${excerpt(line)}`);
}

/**
 * The part of a command's text that does not depend on its id. Made before anything is sent, so that a value
 * that is no JSON is the caller's error at once.
 *
 * QEMU answers what it cannot parse with an error that names no command, and the command itself with nothing.
 * So what it would refuse is refused here.
 *
 * @throws {TypeError} when the arguments cannot be written as JSON, are nested too deep, or hold half of a
 * surrogate pair
 */
export function encodeArguments(args: object | undefined): string | undefined {
  if (args === undefined) return undefined;
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw badArgument('arguments', 'an object', args);
  let text: string | undefined;
  try {
    text = JSON.stringify(args);
  } catch (error) {
    throw new TypeError(`arguments: expected JSON values, ${messageOf(error)}`, { cause: error });
  }
  if (text === undefined || !text.startsWith('{')) throw badArgument('arguments', 'an object', args);
  // The message around them is one level itself.
  if (isDeeperThan(text, DEFAULT_MAX_DEPTH - 1))
    throw new TypeError(`arguments: expected less than ${DEFAULT_MAX_DEPTH} levels`);
  if (/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(text))
    throw new TypeError('arguments: expected well-formed strings, received half of a surrogate pair');
  return text;
}

/** Command → bytes: compact JSON and CRLF, as libvirt writes it. */
export function encodeCommand(
  verb: 'execute' | 'exec-oob',
  name: string,
  argumentsText: string | undefined,
  id: string,
): Buffer {
  const args = argumentsText === undefined ? '' : `,"arguments":${argumentsText}`;
  return Buffer.from(`{"${verb}":${JSON.stringify(name)}${args},"id":"${id}"}\r\n`);
}

/** The one event whose integers need all of their 64 bits: they are addresses. */
const EXACT_EVENT = 'RDMA_GID_STATUS_CHANGED';

/** Such an event is some hundred characters long; in a longer line nothing is replaced. */
const MAX_EXACT_LENGTH = 65_536;

/** A string, or a number of digits alone that JavaScript may not hold. */
const STRING_OR_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Makes digits of the integers in an event's data that are beyond 2^53, so that none of theirs is lost.
 *
 * The line is JSON, or it would have been refused. So, from its beginning on, each quote that is not in a string
 * taken already begins one: whatever a string holds is taken with it, and what is left are numbers. The line with
 * quotes around some of them has the same objects and members.
 */
function keepIntegers(line: string, wire: JsonObject): void {
  if (line.length > MAX_EXACT_LENGTH || !isObject(wire.data)) return;
  if (Object.values(wire.data).every((value) => !isInexact(value))) return;
  const quoted = line.replace(STRING_OR_INTEGER, (text) =>
    text.startsWith('"') || !isInexact(Number(text)) ? text : `"${text}"`,
  );
  wire.data = (JSON.parse(quoted) as JsonObject).data;
}

const isInexact = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value);

function toEvent(event: string, wire: JsonObject): QmpEvent {
  const { timestamp, data } = wire;
  return {
    event,
    data: isObject(data) ? data : undefined,
    timestamp:
      isObject(timestamp) && isNumber(timestamp.seconds) && isNumber(timestamp.microseconds)
        ? { seconds: timestamp.seconds, microseconds: timestamp.microseconds }
        : null,
  };
}

function toGreeting(qmp: JsonObject): QmpGreeting {
  const qemu = isObject(qmp.version) ? qmp.version.qemu : undefined;
  const packageName = isObject(qmp.version) ? qmp.version.package : undefined;
  return {
    version:
      isObject(qemu) && isNumber(qemu.major) && isNumber(qemu.minor) && isNumber(qemu.micro)
        ? {
            major: qemu.major,
            minor: qemu.minor,
            micro: qemu.micro,
            package: typeof packageName === 'string' ? packageName : '',
          }
        : null,
    capabilities: Array.isArray(qmp.capabilities)
      ? qmp.capabilities.filter((each): each is string => typeof each === 'string')
      : [],
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new ParseError(`a line that is not JSON: ${excerpt(line)}`, { cause: error });
  }
}

/** Whether objects and arrays are nested deeper. Looks at brackets only; for what is no JSON it may say either. */
export function isDeeperThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > limit) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** The beginning of a line, with control characters made visible: the peer must not write to a terminal. */
const excerpt = (line: string): string => JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);

/** QMP as the server speaks it: QEMU 7.2's words for what it does not understand. */
import { messageOf } from '../errors.ts';
import { isDeeperThan } from '../qmp/message.ts';
import { FakeCommandError } from './fake-qemu-commands.ts';

/** A command as it came. */
export interface ReceivedCommand {
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly id: unknown;
  readonly oob: boolean;
  /** Which client sent it: 1 for the first one of this fake, also over restarts, then 2, … */
  readonly connection: number;
  /** Which monitor socket it came by, from 0. */
  readonly monitor: number;
}

type ParsedCommand = Pick<ReceivedCommand, 'command' | 'arguments' | 'id' | 'oob'>;

/** An answer that names its command by the id, if it had one that could be read. */
interface Refusal {
  readonly refused: FakeCommandError;
  readonly id?: unknown;
}

const generic = (desc: string): FakeCommandError => new FakeCommandError('GenericError', desc);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Line → command, or QEMU's refusal (`qapi/qmp-dispatch.c:qmp_dispatch_check_obj`). */
export function parseCommand(line: string, oobNegotiated: boolean): ParsedCommand | Refusal {
  if (isDeeperThan(line, 1024)) return { refused: generic('JSON nesting depth limit exceeded') };
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return { refused: generic(`JSON parse error, invalid keyword '${line.slice(0, 40)}'`) };
  }
  if (!isObject(parsed)) return { refused: generic('QMP input must be a JSON object') };
  const id = Object.hasOwn(parsed, 'id') ? { id: parsed.id } : {};
  const refuse = (desc: string): Refusal => ({ refused: generic(desc), ...id });
  let command: string | undefined;
  for (const [member, value] of Object.entries(parsed)) {
    if (member === 'execute' || (member === 'exec-oob' && oobNegotiated)) {
      if (typeof value !== 'string') return refuse(`QMP input member '${member}' must be a string`);
      if (command !== undefined) return refuse("QMP input member 'execute' clashes with 'exec-oob'");
      command = value;
    } else if (member === 'arguments') {
      if (!isObject(value)) return refuse("QMP input member 'arguments' must be an object");
    } else if (member !== 'id') return refuse(`QMP input member '${member}' is unexpected`);
  }
  if (command === undefined) return refuse("QMP input lacks member 'execute'");
  const args = isObject(parsed.arguments) ? parsed.arguments : {};
  return { command, arguments: args, id: parsed.id, oob: !Object.hasOwn(parsed, 'execute') };
}

/** What a handler threw, as QEMU's answer. */
export function errorReply(error: unknown): object {
  const errorClass = error instanceof FakeCommandError ? error.errorClass : 'GenericError';
  return { error: { class: errorClass, desc: messageOf(error) } };
}

/** The answer to a command, with its id if it had one. */
export const withId = (reply: object, id: unknown): object => (id === undefined ? reply : { ...reply, id });

/** Each line of QEMU ends in CR LF. */
export const toLine = (message: object): Buffer => Buffer.from(`${JSON.stringify(message)}\r\n`);

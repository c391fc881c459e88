/**
 * Commands and events by name, as QEMU itself describes them, and how long a reply may take.
 *
 * A command that is not here works all the same; its types are then the caller's word.
 */
import type { Commands, Events } from './schema.generated.ts';

export type { None, RunState, RxFilterInfo, RxState } from './schema.generated.ts';

/**
 * Arguments and return value of each command, from the introspection of the QEMU versions that
 * `schema.generated.ts` names. That a command is here does not say that the QEMU at hand has it: `probe` does.
 *
 * Integers are numbers; beyond 2^53 only `executeRaw` has them whole.
 *
 * @example
 * ```ts
 * declare module 'qemu-actors/qmp' {
 *   interface QmpCommands {
 *     'x-foo': { arguments: { id: string }; return: { size: number } };
 *   }
 * }
 * ```
 *
 * @public
 */
export interface QmpCommands extends Commands {}

/**
 * The `data` of each event; `None` for one that has none, whose `data` may be missing.
 *
 * @example `QmpEvents['DEVICE_DELETED'] // { device?: string; path: string }`
 * @public
 */
export interface QmpEvents extends Events {}

/** A command whose types are known. */
export type KnownCommand = keyof QmpCommands;

/** How long a reply may take: a question, a change, or work on memory and disks. */
export type TimeoutClass = 'query' | 'change' | 'long';

/** In milliseconds. */
export const DEFAULT_TIMEOUTS_MS: Readonly<Record<TimeoutClass, number>> = {
  query: 10_000,
  change: 30_000,
  long: 300_000,
};

const LONG = new Set([
  'device_add',
  'dump-guest-memory',
  'human-monitor-command',
  'migrate',
  'migrate-incoming',
  'object-add',
  'pmemsave',
  'memsave',
  'savevm',
  'loadvm',
  'snapshot-save',
  'snapshot-load',
  'snapshot-delete',
  'screendump',
  'transaction',
]);
const LONG_PREFIXES = ['blockdev-', 'block-', 'block_', 'nbd-server-', 'x-blockdev-'];
const QUERIES = new Set([
  'qmp_capabilities',
  'qom-get',
  'qom-list',
  'qom-list-types',
  'device-list-properties',
]);

/**
 * The time-out class of a command, by its name.
 *
 * @example `timeoutClassOf('query-status') // 'query'`
 */
export function timeoutClassOf(command: string): TimeoutClass {
  if (command.startsWith('query-') || QUERIES.has(command)) return 'query';
  if (LONG.has(command) || LONG_PREFIXES.some((prefix) => command.startsWith(prefix))) return 'long';
  return 'change';
}

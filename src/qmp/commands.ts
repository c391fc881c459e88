/**
 * Commands by name: arguments, return value, how long a reply may take. QAPI `qapi/*.json` of QEMU 7.2.
 *
 * A command that is not here works all the same; its types are then the caller's word.
 */
import type { JsonObject } from './message.ts';

/** QAPI `RunState`, `qapi/run-state.json`. */
export type RunState =
  | 'debug'
  | 'inmigrate'
  | 'internal-error'
  | 'io-error'
  | 'paused'
  | 'postmigrate'
  | 'prelaunch'
  | 'finish-migrate'
  | 'restore-vm'
  | 'running'
  | 'save-vm'
  | 'shutdown'
  | 'suspended'
  | 'watchdog'
  | 'guest-panicked'
  | 'colo';

/** QAPI `RxFilterInfo`, `qapi/net.json`, since 1.6. */
export interface RxFilterInfo {
  name: string;
  promiscuous: boolean;
  multicast: RxState;
  unicast: RxState;
  vlan: RxState;
  'broadcast-allowed': boolean;
  'multicast-overflow': boolean;
  'unicast-overflow': boolean;
  'main-mac': string;
  'vlan-table': number[];
  'unicast-table': string[];
  'multicast-table': string[];
}

/** QAPI `RxState`. */
export type RxState = 'normal' | 'none' | 'all';

/** No arguments. */
export type None = Record<never, never>;

/** What is known of a command's types. `interface`, so that users may add to it. */
export interface QmpCommands {
  'query-status': {
    arguments: None;
    return: { status: RunState; running: boolean; singlestep?: boolean };
  };
  'query-name': { arguments: None; return: { name?: string } };
  'query-uuid': { arguments: None; return: { UUID: string } };
  'query-version': {
    arguments: None;
    return: { qemu: { major: number; minor: number; micro: number }; package: string };
  };
  'query-commands': { arguments: None; return: { name: string }[] };
  'query-rx-filter': { arguments: { name?: string }; return: RxFilterInfo[] };
  stop: { arguments: None; return: None };
  cont: { arguments: None; return: None };
  quit: { arguments: None; return: None };
  system_reset: { arguments: None; return: None };
  system_powerdown: { arguments: None; return: None };
  system_wakeup: { arguments: None; return: None };
  device_del: { arguments: { id: string }; return: None };
  'human-monitor-command': {
    arguments: { 'command-line': string; 'cpu-index'?: number };
    return: string;
  };
  'set-action': {
    arguments: {
      reboot?: 'reset' | 'shutdown';
      shutdown?: 'poweroff' | 'pause';
      panic?: 'pause' | 'shutdown' | 'exit-failure' | 'none';
      watchdog?: 'reset' | 'shutdown' | 'poweroff' | 'pause' | 'debug' | 'none' | 'inject-nmi';
    };
    return: None;
  };
  qmp_capabilities: { arguments: { enable?: 'oob'[] }; return: None };
  'query-qmp-schema': { arguments: None; return: JsonObject[] };
}

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

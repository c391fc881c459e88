/** A QMP client that can be used alone: the wire, commands, events. No domains, no actors. */

export type {
  KnownCommand,
  None,
  QmpCommands,
  RunState,
  RxFilterInfo,
  RxState,
  TimeoutClass,
} from './commands.ts';
export { DEFAULT_TIMEOUTS_MS, timeoutClassOf } from './commands.ts';
export type { ConnectionOptions, ExecuteOptions, ExecuteParameters } from './connection.ts';
export { QmpConnection } from './connection.ts';
export { LineReader } from './line-reader.ts';
export type { JsonObject, QemuVersion, QmpEvent, QmpGreeting, QmpMessage, QmpTimestamp } from './message.ts';
export { parseMessage } from './message.ts';

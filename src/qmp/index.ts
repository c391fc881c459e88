/** A QMP client that can be used alone: the wire, commands, events. No domains, no actors. */

export {
  BadReplyError,
  CommandError,
  CommandInterruptedError,
  CommandTimeoutError,
  ConnectError,
  EventTimeoutError,
  GreetingError,
  LineTooLongError,
  NegotiationError,
  ParseError,
  ProtocolError,
  QemuError,
  StateError,
} from '../errors.ts';
export type { Address } from '../loop/runtime.ts';
export { DEFAULT_CONNECT_TIMEOUT_MS, describeAddress, openStream, parseAddress } from './address.ts';
export { type BackoffPolicy, backoffDelayMs } from './backoff.ts';
export { type ClientOptions, type ClientState, DEFAULT_EVENT_TIMEOUT_MS, QmpClient } from './client.ts';
export {
  DEFAULT_TIMEOUTS_MS,
  type KnownCommand,
  type None,
  type QmpCommands,
  type QmpEvents,
  type RunState,
  type RxFilterInfo,
  type RxState,
  type TimeoutClass,
  timeoutClassOf,
} from './commands.ts';
export {
  type ConnectionOptions,
  DEFAULT_GREETING_TIMEOUT_MS,
  DEFAULT_READ_BUDGET_BYTES,
  QmpConnection,
} from './connection.ts';
export type {
  EventCallback,
  EventMatch,
  EventStream,
  StreamOptions,
  WaitOptions,
} from './event-hub.ts';
export { IN_BAND_LIMIT_WITH_OOB } from './exchange.ts';
export type { ExecuteOptions, ExecuteParameters, UnknownCommand } from './execute.ts';
export { DEFAULT_MAX_LINE_BYTES, LineReader } from './line-reader.ts';
export {
  DEFAULT_MAX_DEPTH,
  type JsonObject,
  parseMessage,
  type QemuVersion,
  type QmpEvent,
  type QmpGreeting,
  type QmpMessage,
  type QmpTimestamp,
} from './message.ts';
export {
  type Askable,
  ProbeCache,
  type ProbeCacheOptions,
  type ProbeOptions,
  probe,
  type QemuAbilities,
} from './probe.ts';
/** All types of QEMU's schema: `Qapi.BlockInfo`, `Qapi.BlockdevOptions`, … */
export type * as Qapi from './schema.generated.ts';

/**
 * libvirt's QEMU event handling inside a Node process, without libvirtd.
 *
 * @packageDocumentation
 */

export type { ServiceRequest, Services } from './actors/services.ts';
export type { Dashboard, DashboardLimits, DashboardOptions } from './dashboard/index.ts';
export type { DropCounters } from './diagnostics.ts';
export {
  Domain,
  type DomainEvent,
  type DomainSnapshot,
  type EjectOptions,
  type EventArgs,
  type EventId,
  type StateStream,
  type WaitOptions,
  type WatchOptions,
} from './domain.ts';
export type { DomainInfo } from './domain-info.ts';
export { DomainHandle } from './doors/domain-handle.ts';
export type { MonitorEventFilter } from './doors/name-filter.ts';
export type { RegisteredCallback, RegisteredEvent, RegistrationOptions } from './doors/registrations.ts';
export type { SubscriptionOptions } from './doors/subscribe.ts';
export { type AttachOptions, Driver, openDriver } from './driver.ts';
export type { DriverOptions } from './driver-options.ts';
export {
  BadReplyError,
  CommandError,
  CommandInterruptedError,
  CommandTimeoutError,
  ConnectError,
  EventTimeoutError,
  GreetingError,
  HandlerError,
  InterfaceChangedError,
  LineTooLongError,
  ListenError,
  NegotiationError,
  ParseError,
  ProtocolError,
  QemuError,
  StateError,
} from './errors.ts';
export type { DomainDevice, DomainDevices, NetDevice } from './events/devices.ts';
export type { DomainEventArgs, DomainEventId } from './events/domain-events.ts';
export type { DomainState, Lifecycle } from './events/domain-state.ts';
export type { DomainFacts } from './events/facts.ts';
export type { HostChange, RxFilter } from './events/nic.ts';
export type { MonitorState, ReportArgs, ReportId } from './events/reports.ts';
export type { HostInterface, HostNetwork, HostRxFilter } from './host/host-network.ts';
export { inspectDomain } from './inspect.ts';
export {
  ERROR,
  type EventLoop,
  HANGUP,
  type HandleCallback,
  READABLE,
  type TimeoutCallback,
  WRITABLE,
} from './loop/event-loop.ts';
export { NodeEventLoop } from './loop/node-event-loop.ts';
export { createNodeRuntime } from './loop/node-runtime.ts';
export {
  addHandle,
  addTimeout,
  registerDefaultEventLoop,
  registerEventLoop,
  removeHandle,
  removeTimeout,
  runDefaultEventLoop,
  updateHandle,
  updateTimeout,
} from './loop/process-event-loop.ts';
export type { Address, Runtime } from './loop/runtime.ts';
export { StreamPoll } from './loop/stream-poll.ts';
export type { OperationOptions } from './operate.ts';
export type { EventStream, EventStreamOptions, Lost, Overflow } from './subscriptions/event-stream.ts';

/** Domain: the handle that users hold. */

import type { DomainActor, DomainRecord } from './actors/environment.ts';
import { traceCommand } from './actors/trace-command.ts';
import { type DomainInfo, whenLooked } from './domain-info.ts';
import { badArgument, CommandInterruptedError, type QemuError, StateError } from './errors.ts';
import type { DomainDevice } from './events/devices.ts';
import type { DomainEventArgs, DomainEventId } from './events/domain-events.ts';
import type { DomainState } from './events/domain-state.ts';
import type { MonitorState, ReportArgs, ReportId } from './events/reports.ts';
import type { OperationData, OperationName } from './machines/domain-operations.ts';
import { reportedState } from './machines/reported-state.ts';
import { type OperationOptions, operate } from './operate.ts';
import type { QmpCommands } from './qmp/commands.ts';
import type { ExecuteOptions, ExecuteParameters, UnknownCommand } from './qmp/execute.ts';
import type { EventStream, EventStreamOptions } from './subscriptions/event-stream.ts';

/** Arguments of everything that can be subscribed to: libvirt's domain events, and our reports. */
export type EventArgs = DomainEventArgs & ReportArgs;
export type EventId = DomainEventId | ReportId;

/** What a subscriber gets. */
export type DomainEvent<I extends EventId = EventId> = {
  [K in I]: {
    readonly type: K;
    readonly args: EventArgs[K];
    readonly domain: Domain;
    /** Of the domain, when the event was made. */
    readonly name: string;
    /** Of the QEMU that it was; null if that has none. */
    readonly uuid: string | null;
    /** libvirt's small domain id of the run that it belongs to; null if it belongs to none. */
    readonly id: number | null;
    readonly incarnation: string | null;
    /** Found by comparing after a gap. */
    readonly reconstructed: boolean;
  };
}[I];

/** What a domain is now. */
export interface DomainSnapshot {
  /** libvirt's word: `shutdown` means shutting down, `shutoff` off. */
  readonly state: DomainState;
  readonly reason: string;
  /** There is a QEMU process, as far as is known. */
  readonly active: boolean;
  /** libvirt's small domain id; null while inactive. */
  readonly id: number | null;
  readonly incarnation: string | null;
  readonly monitor: MonitorState;
}

export interface EjectOptions extends OperationOptions {
  /** Opens the tray although the guest locked it. @defaultValue false */
  readonly force?: boolean;
}

export interface WatchOptions {
  /** Ends it, without an error. */
  readonly signal?: AbortSignal;
}

/** The states of a domain, one after the other; leaving it, by whatever way, ends it. */
export type StateStream = AsyncIterableIterator<DomainSnapshot> & AsyncDisposable;

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Without it only the signal, or the domain's end, bounds the wait. */
  readonly timeoutMs?: number;
}

/** What a domain needs of its driver. @internal */
export interface DomainHost {
  readonly record: DomainRecord;
  nextOperation(): string;
  detach(): Promise<void>;
  streamEvents<I extends EventId>(
    domain: Domain,
    types: readonly I[],
    options: EventStreamOptions,
  ): EventStream<DomainEvent<I>>;
  watchState(domain: Domain, options: WatchOptions): StateStream;
  waitFor<I extends EventId>(
    domain: Domain,
    type: I,
    predicate: (event: DomainEvent<I>) => boolean,
    options: WaitOptions,
  ): Promise<DomainEvent<I>>;
}

/**
 * One domain: a QEMU, and the ones that come after it on the same monitor.
 *
 * @public
 */
export class Domain implements AsyncDisposable {
  readonly #host: DomainHost;
  #detached = false;

  /** @internal */
  constructor(host: DomainHost) {
    this.#host = host;
  }

  get name(): string {
    return this.#host.record.name;
  }

  /** Null if QEMU was started without `-uuid`. */
  get uuid(): string | null {
    return this.#host.record.uuid;
  }

  get state(): DomainSnapshot {
    const snapshot = this.actor.getSnapshot();
    const { reason, incarnation, monitor } = snapshot.context;
    return {
      state: reportedState(snapshot),
      reason,
      active: incarnation !== null,
      id: incarnation?.id ?? null,
      incarnation: incarnation?.uuid ?? null,
      monitor,
    };
  }

  /** Null if they were not told. */
  get devices(): readonly DomainDevice[] | null {
    return this.actor.getSnapshot().context.devices;
  }

  /**
   * What is known beside the state: devices, what the guest has of memory, trays, channels, jobs, clients, … Waits
   * for the look that is made at attach, unless QEMU does not answer; later ones are at once.
   *
   * @throws StateError once it is closed; the signal's reason
   */
  async info(options: { readonly signal?: AbortSignal } = {}): Promise<DomainInfo> {
    if (this.#detached) throw this.#closed();
    await whenLooked(this.actor, options.signal);
    const { devices, facts } = this.actor.getSnapshot().context;
    return { ...facts, devices, abilities: this.#host.record.abilities };
  }

  /** The XState actor, to look at. Send it nothing. */
  get actor(): DomainActor {
    return this.#host.record.actor;
  }

  /** Why the monitor was lost, or could not be reached the last time. */
  get lastError(): QemuError | null {
    return this.#host.record.lastError;
  }

  /**
   * Sends a QMP command as it is. A `stop` sent so is not our `suspend()`: its reason is then `unknown`.
   *
   * @throws StateError when the monitor is lost; CommandError, CommandTimeoutError, CommandInterruptedError;
   *   the signal's reason
   */
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
  async execute(command: string, args?: object, options?: ExecuteOptions): Promise<unknown> {
    const connection = this.#connection();
    return this.#send(command, () => connection.execute(command, args, options));
  }

  /** As `execute`, with the text of the reply's line: integers beyond 2^53 stay whole. */
  async executeRaw(command: string, args?: object, options?: ExecuteOptions): Promise<string> {
    const connection = this.#connection();
    return this.#send(command, () => connection.executeRaw(command, args, options));
  }

  /** Pauses the guest; does nothing if it is paused. libvirt `virDomainSuspend` */
  suspend(options?: OperationOptions): Promise<void> {
    return this.#operate('suspend', {}, options);
  }

  /** Lets a paused guest run. libvirt `virDomainResume` @throws StateError if it runs */
  resume(options?: OperationOptions): Promise<void> {
    return this.#operate('resume', {}, options);
  }

  /**
   * Resets the guest; it stays as it is, running or not, but one that crashed is paused then. libvirt
   * `virDomainReset`
   */
  reset(options?: OperationOptions): Promise<void> {
    return this.#operate('reset', {}, options);
  }

  /**
   * Asks the guest to power off, by ACPI; whether it does is the guest's affair. libvirt `virDomainShutdown`
   *
   * @throws StateError unless it runs
   */
  shutdown(options?: OperationOptions): Promise<void> {
    return this.#operate('shutdown', {}, options);
  }

  /**
   * Asks the guest to power off, by ACPI, and resets it then: a reboot, unless the policy `onReboot` is another.
   * libvirt `virDomainReboot`
   *
   * @throws StateError without the policy `onPoweroff`, by which QEMU is told to outlive a power-off
   */
  reboot(options?: OperationOptions): Promise<void> {
    return this.#operate('reboot', {}, options);
  }

  /** Wakes a guest that is asleep. libvirt `virDomainPMWakeup` @throws CommandError if it is not */
  wakeup(options?: OperationOptions): Promise<void> {
    return this.#operate('wakeup', {}, options);
  }

  /** Sends the guest a non-maskable interrupt. libvirt `virDomainInjectNMI` @throws CommandError */
  injectNmi(options?: OperationOptions): Promise<void> {
    return this.#operate('injectNmi', {}, options);
  }

  /**
   * Takes a device from the guest, and waits up to 5 s until it gave it back: `device-removed` is told, and what
   * stood behind it is removed from QEMU. libvirt `virDomainDetachDeviceAlias`
   *
   * @param alias - QEMU's id of the device
   * @throws StateError for an unknown alias; `ERR_REFUSED` if the guest says no; `ERR_TIMEOUT` if it does not answer:
   *   `device-removed` then comes when it does, after a reset at the latest; CommandError if QEMU refuses
   */
  detachDevice(alias: string, options?: OperationOptions): Promise<void> {
    return this.#onDevice('detachDevice', { alias }, options);
  }

  /**
   * Opens the tray of a disk drive, and waits up to 5 s until it is open. libvirt `virDomainUpdateDeviceFlags`, of
   * which it is the first step
   *
   * @param alias - QEMU's id of the drive
   * @param options.force - does not ask a guest that locked it
   * @throws StateError for an unknown alias, or one without a tray; `ERR_REFUSED` if the guest does not open it
   */
  eject(alias: string, options: EjectOptions = {}): Promise<void> {
    const { force = false } = options ?? {};
    if (typeof force !== 'boolean') return Promise.reject(badArgument('force', 'a boolean', force));
    return this.#onDevice('eject', { alias, force }, options);
  }

  /**
   * Ends QEMU, guest and all: `quit`, then, where its process is known, signals. From the call on nothing
   * more is started for the domain. libvirt `virDomainDestroy`
   *
   * @throws StateError `ERR_NO_PROCESS` if `quit` does not help and the process is not known
   */
  destroy(options?: OperationOptions): Promise<void> {
    return this.#operate('destroy', {}, { timeoutMs: 60_000, ...options });
  }

  /**
   * Tells that a helper program of QEMU ended, which the caller started: it is asked to start it again, by the
   * driver's `services`, in the order of the domain's other work. Means nothing once the domain is off or detached.
   *
   * @param alias - of the disk that it serves
   */
  serviceExited(service: 'nbdkit', alias: string): void {
    if (service !== 'nbdkit') throw badArgument('service', "'nbdkit'", service);
    if (typeof alias !== 'string' || alias === '') throw badArgument('alias', 'an alias', alias);
    if (!this.#detached) this.actor.send({ type: 'service.exited', service, alias });
  }

  /**
   * Events of this domain, from now on, in order, until it is detached. The types are libvirt's domain event ids and
   * our reports.
   *
   * @throws TypeError for an unknown type or a bad option; StateError `ERR_CLOSED`
   * @example `for await (const event of vm.events(['lifecycle'], { signal })) …`
   */
  events<I extends EventId>(
    types: readonly I[],
    options: EventStreamOptions = {},
  ): EventStream<DomainEvent<I>> {
    if (this.#detached) throw this.#closed();
    return this.#host.streamEvents(this, types, options);
  }

  /**
   * First the present state, then the present one after each change, until it is detached: no gap between, and what
   * changed meanwhile comes as one.
   *
   * @throws TypeError for a bad option; StateError `ERR_CLOSED`
   */
  watchState(options: WatchOptions = {}): StateStream {
    if (this.#detached) throw this.#closed();
    return this.#host.watchState(this, options);
  }

  /**
   * The first event of a type that satisfies the predicate. It listens from the call on, so that what the caller does
   * next cannot be missed.
   *
   * @throws EventTimeoutError after `timeoutMs`; StateError `ERR_CLOSED` when it is detached, or the driver closed;
   *   the signal's reason; what the predicate throws; TypeError
   * @example
   * ```ts
   * const stopped = vm.waitFor('lifecycle', ({ args }) => args.event === 'stopped');
   * await vm.destroy();
   * await stopped;
   * ```
   */
  waitFor<I extends EventId>(
    type: I,
    predicate: (event: DomainEvent<I>) => boolean = () => true,
    options: WaitOptions = {},
  ): Promise<DomainEvent<I>> {
    if (this.#detached) return Promise.reject(this.#closed());
    return this.#host.waitFor(this, type, predicate, options);
  }

  /** Lets go: QEMU is left as it is, nothing more is heard of it. A second call does nothing. */
  async detach(): Promise<void> {
    if (this.#detached) return;
    this.#detached = true;
    await this.#host.detach();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.detach();
  }

  #closed(cause?: unknown): StateError {
    return new StateError(`domain ${this.name} is closed`, { domain: this.name, code: 'ERR_CLOSED', cause });
  }

  #connection() {
    if (this.#detached) throw this.#closed();
    const { connection, name } = this.#host.record;
    if (connection === null)
      throw new StateError(`the monitor of ${name} is lost; execute() needs it ready`, {
        domain: name,
        ...(this.lastError === null ? {} : { cause: this.lastError }),
      });
    return connection;
  }

  /** What is under way when we let go is closed by us, not interrupted by QEMU. */
  async #send<R>(command: string, run: () => Promise<R>): Promise<R> {
    try {
      return await traceCommand(this.#host.record, command, run);
    } catch (error) {
      if (!this.#detached || !(error instanceof CommandInterruptedError)) throw error;
      throw this.#closed(error);
    }
  }

  #onDevice<N extends 'detachDevice' | 'eject'>(
    operation: N,
    data: OperationData[N],
    options: OperationOptions | undefined,
  ): Promise<void> {
    const { alias } = data;
    if (typeof alias !== 'string' || alias === '')
      return Promise.reject(badArgument('alias', 'an alias', alias));
    return this.#operate(operation, data, options);
  }

  #operate<N extends OperationName>(
    operation: N,
    data: OperationData[N],
    options: OperationOptions = {},
  ): Promise<void> {
    if (this.#detached) return Promise.reject(this.#closed());
    const { record } = this.#host;
    return operate(record, operation, data, options, () => this.#host.nextOperation());
  }
}

/** openDriver(): the registry of domains, and what they share. */
import { resolve as resolvePath } from 'node:path';
import type { z } from 'zod';
import { createDomainLogic } from './actors/domain.ts';
import { dumpPathOf } from './actors/dump-path.ts';
import { askToEnd, endProcess } from './actors/end-process.ts';
import type { DomainRecord, Environment, Told } from './actors/environment.ts';
import { Attachment, closedError } from './attachment.ts';
import { attachSchema, parseOptions } from './config.ts';
import type { Dashboard, DashboardOptions } from './dashboard/index.ts';
import { DropCounters, domainEventChannel, dropChannel } from './diagnostics.ts';
import { Domain, type DomainEvent, type EventId } from './domain.ts';
import type { MonitorEventFilter } from './doors/name-filter.ts';
import { type RegisteredCallback, type RegistrationOptions, Registrations } from './doors/registrations.ts';
import { streamEvents, waitFor, watchState } from './doors/streams.ts';
import { type SubscriptionOptions, subscribe } from './doors/subscribe.ts';
import {
  callbackErrors,
  type DriverOptions,
  hostOf,
  requireDriverOptions,
  warnOnce,
} from './driver-options.ts';
import { badArgument, messageOf, StateError } from './errors.ts';
import { type DomainEventId, domainEvents } from './events/domain-events.ts';
import { KeepAlive } from './keep-alive.ts';
import { createNodeRuntime } from './loop/node-runtime.ts';
import { after } from './loop/timeouts.ts';
import type { domainMachine } from './machines/domain-machine.ts';
import { describeAddress, parseAddress } from './qmp/address.ts';
import { ProbeCache } from './qmp/probe.ts';
import { EventState } from './subscriptions/event-state.ts';
import { Taps } from './taps.ts';

export interface AttachOptions extends z.input<typeof attachSchema> {
  /** Ends the attempt; it does not detach later. */
  readonly signal?: AbortSignal;
  /** Each QMP message as it passes, for recordings. @internal */
  readonly trace?: DomainRecord['trace'];
}

/**
 * Opens a driver. Nothing is connected yet.
 *
 * @public
 */
export async function openDriver(options: DriverOptions = {}): Promise<Driver> {
  return new Driver(options);
}

/**
 * A registry of domains with one queue of events.
 *
 * @public
 */
export class Driver implements AsyncDisposable {
  readonly #environment: Environment;
  readonly #logic: typeof domainMachine;
  readonly #events: EventState<DomainEvent>;
  readonly #closeTimeoutMs: number;
  readonly #domains = new Map<string, Domain>();
  readonly #registrations: Registrations;
  /** Every domain that was ever attached here. */
  readonly #own = new WeakSet<Domain>();
  /** Active domains, and calls that wait. */
  readonly #alive: KeepAlive;
  readonly #taps = new Taps();
  #sequence = 0;
  #lastId = 0;
  #operations = 0;
  #closed: Promise<void> | null = null;

  /** @internal Use `openDriver`. */
  constructor(options: DriverOptions) {
    requireDriverOptions(options);
    const { eventLoop, runtime = createNodeRuntime(eventLoop), closeTimeoutMs = 5000 } = options;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#alive = new KeepAlive(() => runtime.hold());
    this.#events = new EventState(runtime.loop, {
      // A domain without uuid is known by its attachment.
      keysOf: ({ domain, uuid }) => (uuid === null ? [domain] : [domain, uuid]),
      onCallbackError: callbackErrors(options.onCallbackError ?? warnOnce()),
      onUndelivered: (event) => this.#undelivered(event),
    });
    this.#registrations = new Registrations(this.#events, (domain) => this.#requireOwn(domain));
    const probes = new ProbeCache({ loop: runtime.loop });
    this.#environment = {
      runtime,
      host: hostOf(options.host ?? 'off', runtime),
      counters: new DropCounters(),
      records: new Map(),
      work: new Set(),
      nextId: () => ++this.#lastId,
      services: options.services ?? {},
      dumpPath: (record) => dumpPathOf(options.dumpDirectory, record, runtime),
      probe: async (record, connection, signal) => {
        record.abilities = await probes.probe(connection, { signal }).catch(() => null);
        signal.throwIfAborted();
        return record.abilities;
      },
      askToEnd: (record, by) => askToEnd(runtime, by, record),
      endProcess: (by, record) => endProcess(runtime, by, record),
      wants: () => this.#events.isWanted || this.#taps.isOpen,
      tell: (record, told) => this.#tell(record, told),
    };
    this.#logic = createDomainLogic(this.#environment);
  }

  /** All domains, in the order in which they were attached. */
  get domains(): readonly Domain[] {
    return [...this.#domains.values()];
  }

  /** How often QEMU events and process events were dropped, and why. */
  get drops(): DropCounters {
    return this.#environment.counters;
  }

  /**
   * Attaches to a QEMU that somebody started: reads who it is and how it is, and follows it from then on, and
   * those that come after it on the same monitor.
   *
   * @param options.monitor - path of a unix socket, or `host:port`
   * @param options.control - the domain may be changed through us; without it, it is only observed
   * @param options.onPoweroff, onReboot, onCrash - with `control`: what becomes of the domain then. QEMU is told by
   *   `set-action` what it needs for that, each time it is attached
   * @param options.wait - waits for a monitor that is not there, or does not answer, instead of failing
   * @throws ConnectError when nobody listens; GreetingError when what listens does not speak QMP, or is held
   *   by another client; TypeError; StateError when it is attached already; the signal's reason
   */
  async attach(options: AttachOptions): Promise<Domain> {
    if (typeof options !== 'object' || options === null)
      throw badArgument('attach', 'an object of options', options);
    const { signal, trace, ...rest } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw badArgument('signal', 'an AbortSignal', signal);
    const checked = parseOptions(attachSchema, 'attach', rest);
    for (const policy of ['onPoweroff', 'onReboot', 'onCrash'] as const)
      if (checked[policy] !== undefined && checked.control !== true)
        throw new TypeError(`attach: ${policy} needs control: true; without it the domain is only observed`);
    // What the guest resets would be a power-off, and that a reboot. libvirt 9.0.0 `qemu_validate.c:qemuValidateLifecycleAction`
    if (checked.onPoweroff === 'restart' && checked.onReboot === 'destroy')
      throw new TypeError("attach: onPoweroff 'restart' does not go with onReboot 'destroy'");
    this.#requireOpen();
    const address = parseAddress(checked.monitor);
    const where = 'path' in address ? resolvePath(address.path) : describeAddress(address);
    for (const { address: other, name } of this.#environment.records.values())
      if (('path' in other ? resolvePath(other.path) : describeAddress(other)) === where)
        throw new StateError(`${where} is attached already, as ${name}`, { domain: name });
    signal?.throwIfAborted();
    const key = `domain-${++this.#sequence}`;
    const pass: DomainRecord['trace'] = (direction, message) => {
      trace?.(direction, message);
      if (this.#taps.isOpen) this.#taps.passed(key, direction, message);
    };
    const attachment = new Attachment(this.#environment, this.#logic, key, address, checked, pass, {
      uniqueName: (name) => this.#uniqueName(name, key),
      onActive: (active) => this.#alive.set(key, active),
      onFailure: (error) => {
        process.emitWarning(`domain ${attachment.name} failed: ${messageOf(error)}`, 'QemuActorsWarning');
        void this.#domains.get(key)?.detach();
      },
    });
    return this.#start(attachment, checked.pid, signal);
  }

  /**
   * Calls back for each event of a type: libvirt's domain event ids, and our reports. Delivery is in a later
   * turn of the loop, in the order in which things happened; never inside a machine's step.
   *
   * @returns closes the subscription; no call comes after it
   * @throws TypeError for an unknown type, or a domain of another driver; StateError `ERR_CLOSED`
   */
  on<I extends EventId>(
    type: I,
    callback: (event: DomainEvent<I>) => unknown,
    options: SubscriptionOptions = {},
  ): Disposable {
    this.#requireOpen();
    if (options?.domain !== undefined) this.#requireOwn(options.domain);
    return subscribe(this.#events, type, callback, options);
  }

  /**
   * Registers a callback for a domain event, as libvirt's `virConnectDomainEventRegisterAny` does: with an id, a
   * handle that is lent to each call, and `free`. [What is guaranteed](../docs/subscriptions.md)
   *
   * @param domain - only events of the domains with its uuid (of the domain itself, if it has none); null: of all
   * @returns the id, for `domainEventDeregisterAny`: a number from 0 on that is never used again
   * @throws StateError if the same callback is registered for the same; TypeError
   */
  domainEventRegisterAny<I extends DomainEventId, O = undefined>(
    domain: Domain | null,
    type: I,
    callback: RegisteredCallback<I, O>,
    options: RegistrationOptions<O> = {},
  ): number {
    this.#requireOpen();
    return this.#registrations.registerAny(domain, type, callback, options);
  }

  /** libvirt `virConnectDomainEventDeregisterAny` @throws StateError if nothing is registered with the id; TypeError */
  domainEventDeregisterAny(id: number): void {
    this.#registrations.deregister(id);
  }

  /** For `lifecycle` of all domains. libvirt `virConnectDomainEventRegister` @throws as `domainEventRegisterAny` */
  domainEventRegister<O = undefined>(
    callback: RegisteredCallback<'lifecycle', O>,
    options: RegistrationOptions<O> = {},
  ): void {
    this.#requireOpen();
    this.#registrations.registerLegacy(callback, options);
  }

  /** Of `domainEventRegister` only. libvirt `virConnectDomainEventDeregister` @throws StateError if it is not; TypeError */
  domainEventDeregister<O>(callback: RegisteredCallback<'lifecycle', O>): void {
    this.#registrations.deregisterLegacy(callback);
  }

  /**
   * Registers a callback for QEMU's own events, known or not, as they come. libvirt
   * `virConnectDomainQemuMonitorEventRegister`
   *
   * @returns the id, of the same numbers as those of `domainEventRegisterAny`
   * @throws TypeError if the name is to be a regular expression and is none; as `domainEventRegisterAny`
   */
  monitorEventRegister<O = undefined>(
    domain: Domain | null,
    filter: MonitorEventFilter,
    callback: RegisteredCallback<'monitor-event', O>,
    options: RegistrationOptions<O> = {},
  ): number {
    this.#requireOpen();
    return this.#registrations.registerMonitor(domain, filter, callback, options);
  }

  /** libvirt `virConnectDomainQemuMonitorEventDeregister` @throws StateError if nothing is registered with the id */
  monitorEventDeregister(id: number): void {
    this.#registrations.deregister(id);
  }

  /**
   * Serves the live view of this driver's domains to browsers, until it or the driver is closed. [What it shows, and
   * who may see it](../docs/dashboard.md)
   *
   * @throws ListenError if nobody can listen there; TypeError; StateError `ERR_CLOSED`
   */
  async dashboard(options: DashboardOptions = {}): Promise<Dashboard> {
    this.#requireOpen();
    // Who does not use it loads nothing of it.
    const { openDashboard } = await import('./dashboard/index.ts');
    const { runtime, records, counters } = this.#environment;
    const domainOf = (key: string) => this.#domains.get(key);
    const requireOpen = () => this.#requireOpen();
    return openDashboard({ runtime, records, counters, taps: this.#taps, domainOf, requireOpen }, options);
  }

  /** Lets the process end although domains are attached. */
  unref(): void {
    this.#alive.unref();
  }

  /**
   * Lets go of all domains; their QEMUs are left as they are. What waits is settled with a `StateError`, what
   * was queued is delivered, what is registered is freed, and nobody is called afterwards. A second call waits for
   * the first.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#alive.set('close', true);
    await this.#taps.close();
    await Promise.all(this.domains.map((domain) => domain.detach()));
    // By now no callback is running, even if one of them closed the driver.
    this.#events.flush();
    await this.#workEnds();
    this.#events.close();
    this.#alive.clear();
  }

  /** What handlers still wait for is a host command that is let end; it is bounded, and so is the wait. */
  async #workEnds(): Promise<void> {
    const { work, runtime } = this.#environment;
    if (work.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = after(runtime.loop, this.#closeTimeoutMs, resolve);
      void Promise.allSettled(work).then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #start(
    attachment: Attachment,
    pid: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Domain> {
    const { records } = this.#environment;
    const { key } = attachment;
    const detach = async (): Promise<void> => {
      if (!records.has(key)) return;
      attachment.stop();
      records.delete(key);
      this.#domains.delete(key);
      this.#alive.set(key, false);
    };
    const domain = new Domain({
      record: attachment,
      detach,
      nextOperation: () => `operation#${++this.#operations}`,
      streamEvents: (of, types, options) => streamEvents(this.#events, of, types, options),
      watchState: (of, options) => watchState(this.#events, of, options),
      waitFor: (of, type, predicate, options) =>
        waitFor(this.#events, this.#environment.runtime.loop, of, type, predicate, options),
    });
    this.#own.add(domain);
    records.set(key, attachment);
    this.#domains.set(key, domain);
    this.#alive.set(key, true);
    this.#taps.attached(attachment);
    const onAbort = (): void => void domain.detach();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      // Registered before the first wait: a second attach, a close and an abort meanwhile find it.
      if (pid !== undefined && (await this.#environment.runtime.processes.identify(pid)) === null)
        throw new StateError(`there is no process ${pid}`, { code: 'ERR_NO_PROCESS' });
      if (records.has(key)) attachment.start();
      await attachment.firstContact;
      return domain;
    } catch (error) {
      await domain.detach();
      throw signal?.aborted === true ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #requireOpen(): void {
    if (this.#closed !== null) throw closedError('the driver');
  }

  #requireOwn(domain: Domain): void {
    if (!(domain instanceof Domain)) throw badArgument('domain', 'a Domain', domain);
    if (!this.#own.has(domain)) throw badArgument('domain', 'a Domain of this driver', domain.name);
  }

  #uniqueName(name: string, key: string): string {
    const taken = new Set<string>();
    for (const record of this.#environment.records.values())
      if (record.key !== key && record.isNamed) taken.add(record.name);
    let unique = name;
    for (let n = 2; taken.has(unique); n += 1) unique = `${name}-${n}`;
    return unique;
  }

  #tell(record: DomainRecord, told: Told): void {
    if (told.type === 'drop') this.#environment.counters.add(told.args.reason, told.args.event);
    const channel = told.type === 'drop' ? dropChannel : domainEventChannel;
    if (channel.hasSubscribers && (told.type === 'drop' || Object.hasOwn(domainEvents, told.type)))
      channel.publish({
        domain: record.name,
        incarnation: told.incarnation?.uuid ?? null,
        ...(told.type === 'drop' ? told.args : { type: told.type, args: told.args }),
      });
    this.#taps.told(record, told);
    if (!this.#events.isWanted) return;
    const domain = this.#domains.get(record.key);
    if (domain === undefined) return;
    this.#events.queue({
      type: told.type,
      args: told.args,
      domain,
      name: record.name,
      uuid: record.uuidOf(told.incarnation),
      id: told.incarnation?.id ?? null,
      incarnation: told.incarnation?.uuid ?? null,
      reconstructed: 'reconstructed' in told,
      // Type and arguments come together from the item.
    } as DomainEvent);
  }

  /** libvirt loses it silently. */
  #undelivered({ name, incarnation, type }: DomainEvent): void {
    this.#environment.counters.add('unsubscribed', type);
    dropChannel.publish({ domain: name, incarnation, reason: 'unsubscribed', event: type });
  }
}

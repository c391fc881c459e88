/** One attached domain: its actor, its record, and the first contact that attach() waits for. */
import { createActor } from 'xstate';
import type { z } from 'zod';
import type {
  DomainActor,
  DomainRecord,
  Environment,
  MonitorConnection,
  MonitorTimes,
} from './actors/environment.ts';
import type { attachSchema } from './config.ts';
import { ConnectError, type QemuError, StateError } from './errors.ts';
import type { Outcome } from './events/outcome.ts';
import { policiesOf } from './events/policies.ts';
import type { Address, FileIdentity, ProcessIdentity } from './loop/runtime.ts';
import { createClock } from './loop/timeouts.ts';
import type { Incarnation } from './machines/domain-context.ts';
import type { domainMachine } from './machines/domain-machine.ts';
import type { Contact } from './machines/monitor-machine.ts';
import { describeAddress } from './qmp/address.ts';
import type { QemuAbilities } from './qmp/probe.ts';
import { StateReporter } from './state-reporter.ts';

const DEFAULT_TIMES: MonitorTimes = { greetingMs: 5000, pingIntervalMs: 5000, pingTimeoutMs: 5000 };

export type CheckedAttachOptions = z.output<typeof attachSchema>;

/** What an attachment tells its driver. */
export interface AttachmentHooks {
  /** Makes a name that no other domain has. */
  uniqueName(name: string): string;
  /** The domain became active or inactive. */
  onActive(active: boolean): void;
  /** The actor failed: our own bug. */
  onFailure(error: unknown): void;
}

interface Settleable {
  resolve(): void;
  reject(error: unknown): void;
}

export const closedError = (what: string): StateError =>
  new StateError(`${what} is closed`, { code: 'ERR_CLOSED' });

export class Attachment implements DomainRecord {
  readonly key: string;
  readonly address: Address;
  readonly control: boolean;
  readonly times: MonitorTimes;
  readonly trace: DomainRecord['trace'];
  readonly actor: DomainActor;
  readonly pending: DomainRecord['pending'] = new Map();
  /** Resolves at the first contact; rejects when there can be none. */
  readonly firstContact: Promise<void>;
  name: string;
  uuid: string | null = null;
  saidUuid: string | null = null;
  process: ProcessIdentity | null = null;
  socket: FileIdentity | null = null;
  connection: MonitorConnection | null = null;
  abilities: QemuAbilities | null = null;
  lastError: QemuError | null = null;
  readonly #environment: Environment;
  readonly #options: CheckedAttachOptions;
  readonly #hooks: AttachmentHooks;
  readonly #baseName: string;
  readonly #inactive = new Set<() => void>();
  #contact: Settleable | null = null;
  /** Who the QEMU before this one was: what is still to be said of it carries its uuid. */
  #earlier: { readonly incarnation: string | null; readonly uuid: string | null } | null = null;

  constructor(
    environment: Environment,
    logic: typeof domainMachine,
    key: string,
    address: Address,
    options: CheckedAttachOptions,
    trace: DomainRecord['trace'],
    hooks: AttachmentHooks,
  ) {
    this.key = key;
    this.address = address;
    this.control = options.control ?? false;
    this.times = { ...DEFAULT_TIMES, ...withoutUndefined(options.times ?? {}) };
    this.trace = trace;
    this.#environment = environment;
    this.#options = options;
    this.#hooks = hooks;
    this.#baseName = options.name ?? baseNameOf(address);
    this.name = this.#baseName;
    this.firstContact = new Promise((resolve, reject) => {
      this.#contact = { resolve, reject };
    });
    // Whoever attaches may not wait for it yet when it is refused.
    this.firstContact.catch(() => {});
    this.actor = createActor(logic, {
      input: { key, devices: options.devices ?? null, policies: policiesOf(options), monitored: true },
      clock: createClock(environment.runtime.loop),
    });
  }

  start(): void {
    const states = new StateReporter();
    this.actor.on('*', (emitted) => {
      if (emitted.type === 'operation.ended') this.#answer(emitted.id, emitted.outcome);
      else this.#environment.tell(this, emitted);
    });
    let present: string | null = null;
    this.actor.subscribe({
      next: (snapshot) => {
        const now = snapshot.context.incarnation?.uuid ?? null;
        // Another QEMU may answer in the same step in which this one's end becomes known.
        if (present !== null && now !== present) this.#tellInactive();
        present = now;
        const told = states.report(snapshot);
        if (told === null) return;
        this.#environment.tell(this, told);
        this.#hooks.onActive(told.args.active);
      },
      error: (error) => this.#hooks.onFailure(error),
    });
    this.actor.start();
  }

  /** Lets go: QEMU is left as it is, whatever waits is told so. */
  stop(): void {
    const { incarnation, work } = this.actor.getSnapshot().context;
    this.actor.stop();
    for (const { event } of work.running === null ? work.waiting : [work.running, ...work.waiting])
      this.#environment.tell(this, {
        type: 'outcome',
        args: { type: event.type, status: 'ignored', why: 'detached' },
        incarnation,
      });
    const error = closedError(`domain ${this.name}`);
    for (const { reject } of [...this.pending.values()]) reject(error);
    this.#settleContact((contact) => contact.reject(error));
    this.#environment.tell(this, { type: 'detached', args: {}, incarnation });
  }

  met({ name, uuid }: Pick<Contact, 'name' | 'uuid'>): void {
    const { name: expectedName, uuid: expectedUuid } = this.#options;
    if (expectedName !== undefined && name !== null && name !== expectedName)
      throw new StateError(`this QEMU is named ${name}, not ${expectedName}`);
    if (expectedUuid !== undefined && uuid !== null && uuid !== expectedUuid.toLowerCase())
      throw new StateError(`this QEMU has the uuid ${uuid}, not ${expectedUuid}`);
    this.#earlier = {
      incarnation: this.actor.getSnapshot().context.incarnation?.uuid ?? null,
      uuid: this.uuid,
    };
    this.uuid = uuid ?? expectedUuid ?? null;
    this.saidUuid = uuid;
    if (this.#contact !== null) this.name = this.#hooks.uniqueName(name ?? this.#baseName);
    this.#settleContact((contact) => contact.resolve());
  }

  /** Somebody answered here before: the name is its own. */
  get isNamed(): boolean {
    return this.#contact === null;
  }

  uuidOf(incarnation: Incarnation | null): string | null {
    const isEarlier = incarnation !== null && incarnation.uuid === this.#earlier?.incarnation;
    const isPresent = incarnation?.uuid === this.actor.getSnapshot().context.incarnation?.uuid;
    return isEarlier && !isPresent ? (this.#earlier?.uuid ?? null) : this.uuid;
  }

  attemptFailed(error: QemuError | null): void {
    this.lastError = error;
    if (this.#options.wait === true && !(error instanceof StateError)) return;
    const why =
      error ?? new ConnectError(`${describeAddress(this.address)}: closed before it said who it is`);
    this.#settleContact((contact) => contact.reject(why));
  }

  async readPid(): Promise<number | null> {
    const { pid, pidFile } = this.#options;
    if (pidFile === undefined) return pid ?? null;
    const text = await this.#environment.runtime.files.read(pidFile).catch(() => '');
    const number = Number.parseInt(text, 10);
    return number > 0 ? number : null;
  }

  whenInactive(): Promise<void> {
    if (this.actor.getSnapshot().context.incarnation === null) return Promise.resolve();
    return new Promise((resolve) => this.#inactive.add(resolve));
  }

  #tellInactive(): void {
    for (const resolve of this.#inactive) resolve();
    this.#inactive.clear();
  }

  #settleContact(settle: (contact: Settleable) => void): void {
    const contact = this.#contact;
    this.#contact = null;
    if (contact !== null) settle(contact);
  }

  #answer(id: string, outcome: Outcome): void {
    const caller = this.pending.get(id);
    const { status, why = 'failed' } = outcome;
    if (status === 'done') caller?.resolve();
    else caller?.reject(new StateError(`${this.name}: ${why}`, { domain: this.name, ...codeOf(outcome) }));
  }
}

/** An operation that was ignored was overtaken by the end of its domain; one may also fail for want of time. */
function codeOf({ status, retry }: Outcome): { code?: string } {
  if (status === 'ignored') return { code: 'ERR_DOMAIN_INACTIVE' };
  return retry === true ? { code: 'ERR_TIMEOUT' } : {};
}

/** @example `/run/vm/web1.qmp` → `web1` */
const baseNameOf = (address: Address): string =>
  'path' in address
    ? address.path.replace(/^.*\//, '').replace(/(?<=.)\.[^.]*$/, '')
    : `${address.host}:${address.port}`;

const withoutUndefined = <T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

/**
 * The domain of a replay: the same actor, handlers and routes as a live one; only its monitor is the recording.
 */
import { createActor } from 'xstate';
import { createDomainLogic } from '../actors/domain.ts';
import type { DomainActor, DomainRecord, Environment, MonitorTimes, Told } from '../actors/environment.ts';
import { routeEvent } from '../actors/route-event.ts';
import type { DropCounters } from '../diagnostics.ts';
import type { EventArgs, EventId } from '../domain.ts';
import type { QemuError } from '../errors.ts';
import { noPolicies, policiesOf } from '../events/policies.ts';
import { createClock } from '../loop/timeouts.ts';
import type { Incarnation } from '../machines/domain-context.ts';
import { reportedState } from '../machines/reported-state.ts';
import { parseMessage } from '../qmp/message.ts';
import { ProbeCache } from '../qmp/probe.ts';
import { StateReporter } from '../state-reporter.ts';
import type { RecordingLine } from './format.ts';
import type { Recording } from './reader.ts';
import { RecordedMonitor } from './recorded-monitor.ts';
import { ReplayLoop } from './replay-loop.ts';
import { createReplayHost, createReplayRuntime } from './replay-runtime.ts';

/** What a subscriber of a live driver gets, with the step of the recording that it belongs to. */
export type ReplayItem<I extends EventId = EventId> = {
  [K in I]: {
    readonly type: K;
    readonly args: EventArgs[K];
    readonly domain: { readonly name: string; readonly uuid: string | null };
    readonly uuid: string | null;
    readonly id: number | null;
    readonly incarnation: string | null;
    readonly reconstructed: boolean;
    /** Null before the first step; a recording of an observer has none. */
    readonly step: number | null;
  };
}[I];

export type Identity = ReplayItem['domain'];

/** A live monitor's; a replay has no silence to watch. */
const TIMES: MonitorTimes = { greetingMs: 5000, pingIntervalMs: 5000, pingTimeoutMs: 5000 };

export class ReplayDomain implements DomainRecord {
  saidUuid: string | null = null;
  readonly isNamed = true;
  readonly key = 'domain-1';
  /** A QEMU on this machine: when nobody listens any more, it is gone. */
  readonly address = { path: 'recording' };
  readonly control: boolean;
  readonly times = TIMES;
  readonly trace = undefined;
  readonly actor: DomainActor;
  abilities: DomainRecord['abilities'] = null;
  readonly process = null;
  readonly socket = null;
  readonly pending: DomainRecord['pending'] = new Map();
  connection: RecordedMonitor | null = null;
  lastError: QemuError | null = null;
  readonly loop = new ReplayLoop();
  readonly monitor: RecordedMonitor;
  readonly counters: DropCounters;
  /** The step that what is told belongs to. */
  step: number | null = null;
  /** What is told is found by comparing after a gap. */
  reconstructing = false;
  /** Hears what is told at once, inside the machine's step. */
  onTold: ((told: Told) => void) | null = null;
  readonly #environment: Environment;
  readonly #tellsStates: boolean;
  #identity: Identity;
  #items: ReplayItem[] = [];
  #failure: { readonly error: unknown } | null = null;
  #lastId = 0;

  constructor({ domain, lines }: Recording, counters: DropCounters) {
    this.#identity = { name: domain.name ?? 'domain', uuid: domain.uuid ?? null };
    this.control = domain.mode === 'manager';
    this.#tellsStates = domain.mode === 'observer';
    this.counters = counters;
    this.monitor = new RecordedMonitor(lines, this.loop, this.name);
    const probes = new ProbeCache({ loop: this.loop });
    this.#environment = {
      runtime: createReplayRuntime(this.loop, this.name),
      host: createReplayHost(lines, this.name),
      counters,
      records: new Map([[this.key, this]]),
      work: new Set(),
      nextId: () => ++this.#lastId,
      dumpPath: () => 'recorded',
      services: {},
      // In a manager's recording it is left out.
      probe: async (_, connection, signal) => {
        if (!this.#tellsStates) return null;
        const abilities = await probes.probe(connection, { signal }).catch(() => null);
        signal.throwIfAborted();
        this.abilities = abilities;
        return abilities;
      },
      // What comes of it is recorded.
      askToEnd: async () => {},
      endProcess: async () => {},
      wants: () => true,
      tell: (_, told) => this.#tell(told),
    };
    this.actor = createActor(createDomainLogic(this.#environment), {
      input: {
        key: this.key,
        devices: domain.devices ?? null,
        policies: this.control ? policiesOf(domain) : noPolicies,
        monitored: false,
        followedJobs: this.control ? 'registered' : 'all',
      },
      clock: createClock(this.loop),
    });
  }

  get name(): string {
    return this.#identity.name;
  }

  uuidOf(): string | null {
    return this.uuid;
  }

  get uuid(): string | null {
    return this.#identity.uuid;
  }

  /** Whose the items are from now on. */
  set uuid(uuid: string | null) {
    this.#identity = { name: this.name, uuid };
  }

  /** A QEMU event from before the run state was read, which is in it. */
  dropEarly(event: string): void {
    this.#tell({ type: 'drop', args: { reason: 'ignored-in-state', event }, incarnation: null });
  }

  /** The present run; null while inactive. */
  get incarnation(): Incarnation | null {
    return this.actor.getSnapshot().context.incarnation;
  }

  start(): void {
    const states = new StateReporter();
    this.actor.on('*', (emitted) => {
      if (emitted.type !== 'operation.ended') this.#tell(emitted);
    });
    this.actor.subscribe({
      next: (snapshot) => {
        const told = states.report(snapshot);
        if (told !== null && this.#tellsStates) this.#tell(told);
      },
      error: (error) => {
        this.#failure = { error };
      },
    });
    this.actor.start();
  }

  stop(): void {
    this.actor.stop();
  }

  /** A fresh run, deterministic. */
  newIncarnation(): Incarnation {
    return { uuid: this.#environment.runtime.uuid(), id: this.#environment.nextId() };
  }

  /** Plays a QEMU event of a run. */
  route({ message }: RecordingLine<'event'>, incarnation: Incarnation): void {
    const parsed = parseMessage(JSON.stringify(message));
    if (parsed.kind === 'event') routeEvent(this.#environment, this, incarnation, parsed.event);
  }

  /** The monitor answers. @param managed - it is a manager's, back at its own QEMU */
  contact(incarnation: Incarnation, runState: string, managed = false): void {
    this.connection = this.monitor;
    this.actor.send({
      type: 'monitor.ready',
      contact: {
        incarnation: incarnation.uuid,
        id: incarnation.id,
        runState,
        name: null,
        uuid: this.uuid,
        managed,
      },
    });
  }

  /** The connection ended. @param gone - nobody listens any more, so the process is gone */
  lose(gone: boolean, protocolError = false): void {
    this.connection = null;
    this.monitor.interrupt();
    this.actor.send({ type: 'monitor.lost', protocolError });
    if (gone) this.actor.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
  }

  /** The present state, as an item of its own. */
  tellState(): void {
    const snapshot = this.actor.getSnapshot();
    const { reason, monitor, incarnation } = snapshot.context;
    const active = incarnation !== null;
    this.#tell({
      type: 'state',
      args: { state: reportedState(snapshot), reason, active, monitor },
      incarnation,
    });
  }

  /** What was told since the last call. @throws what the domain's actor failed with: our own bug */
  take(): ReplayItem[] {
    if (this.#failure !== null) throw this.#failure.error;
    const items = this.#items;
    this.#items = [];
    return items;
  }

  met(): void {}

  attemptFailed(): void {}

  async readPid(): Promise<null> {
    return null;
  }

  async whenInactive(): Promise<void> {}

  #tell(told: Told): void {
    if (told.type === 'drop') this.counters.add(told.args.reason, told.args.event);
    this.onTold?.(told);
    this.#items.push({
      type: told.type,
      args: told.args,
      domain: this.#identity,
      id: told.incarnation?.id ?? null,
      uuid: this.uuid,
      incarnation: told.incarnation?.uuid ?? null,
      reconstructed: this.reconstructing || 'reconstructed' in told,
      step: this.step,
      // Type and arguments come together from the item.
    } as ReplayItem);
  }
}

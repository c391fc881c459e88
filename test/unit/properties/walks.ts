/** Random walks of the bare machine: any events in any state, and then everything heals. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type DomainDevice, memoryModels } from '../../../src/events/devices.ts';
import { stateOfRunState } from '../../../src/events/domain-state.ts';
import type { Outcome } from '../../../src/events/outcome.ts';
import { crashActions, decidedActions, type Policies } from '../../../src/events/policies.ts';
import { jobStatuses } from '../../../src/events/qemu-events.ts';
import type { DomainMachineEvent } from '../../../src/machines/index.ts';
import { anyEvent, type WireEvent } from './arbitraries.ts';
import { type Counts, Invariants, isIdle } from './invariants.ts';
import { pendingOf, type Work, World } from './world.ts';

/** What stepping decides by itself comes as it may: whatever cannot be now is left out. */
type Step =
  | {
      readonly do: 'qemu';
      readonly of: 'present' | 'earlier' | 'none';
      readonly events: readonly WireEvent[];
    }
  | { readonly do: 'contact'; readonly runState: string; readonly same: boolean }
  | { readonly do: 'lost'; readonly protocolError: boolean }
  | { readonly do: 'attempt'; readonly attempt: 'refused' | 'missing' | 'failed' }
  | { readonly do: 'unresponsive' | 'responsive' }
  | {
      readonly do: 'request';
      readonly operation: 'suspend' | 'resume' | 'destroy' | 'reset' | 'detachDevice';
    }
  | { readonly do: 'cancel' | 'timeOut' | 'takeOver'; readonly which: number }
  | { readonly do: 'end'; readonly which: number; readonly how: EndOf }
  | { readonly do: 'manager'; readonly event: object }
  | { readonly do: 'managerStarts'; readonly paused: boolean };

interface EndOf {
  readonly status: Outcome['status'];
  readonly retry: boolean;
  /** Whether it says the most that its kind can say. */
  readonly says: boolean;
}

const runStates = Object.keys(stateOfRunState);

const devices: readonly DomainDevice[] = [
  {
    type: 'net',
    alias: 'net0',
    mac: '52:54:00:00:00:01',
    trustGuestRxFilters: true,
    host: null,
    backend: 'passt',
  },
  {
    type: 'disk',
    alias: 'disk0',
    target: 'vda',
    source: '/a.img',
    nodes: ['libvirt-1-format', 'libvirt-1-storage', 'libvirt-2-storage'],
    paths: {},
    qomName: null,
    bus: 'virtio',
    reservations: 'managed',
  },
  {
    type: 'disk',
    alias: 'disk1',
    target: null,
    source: null,
    nodes: [],
    paths: {},
    qomName: null,
    bus: null,
    reservations: null,
  },
  { type: 'memory', alias: 'ua-mem', model: memoryModels[3], sizeKiB: null },
  { type: 'channel', alias: 'channel0', name: 'org.qemu.guest_agent.0' },
  { type: 'watchdog', alias: 'watchdog0', action: 'dump' },
  { type: 'serial', alias: 'serial0' },
];

export interface Setting {
  readonly devices: readonly DomainDevice[] | null;
  readonly policies: Policies;
}

const settings: fc.Arbitrary<Setting> = fc.record({
  devices: fc.constantFrom(devices, devices, null, []),
  policies: fc.record({
    onPoweroff: fc.constantFrom(null, null, ...decidedActions),
    onReboot: fc.constantFrom(null, ...decidedActions),
    onCrash: fc.constantFrom(null, ...crashActions),
  }),
});

const which = fc.nat({ max: 5 });

const managerEvent = fc.oneof(
  fc.constantFrom<object>(
    { type: 'manager.defined', detail: 'added' },
    { type: 'manager.undefined', detail: 'removed' },
    { type: 'manager.jobBegan', kind: 'migration-out' },
    { type: 'manager.jobBegan', kind: 'migration-in' },
    { type: 'manager.jobBegan', kind: 'save' },
    { type: 'manager.jobBegan', kind: 'snapshot' },
    { type: 'manager.jobEnded' },
    { type: 'manager.announced', item: { type: 'device-added', args: { alias: 'net9' } } },
    { type: 'manager.deviceChanged', device: { type: 'other', alias: 'net0' }, added: true },
    { type: 'manager.thresholdSet', node: 'libvirt-1-format', indexed: true },
    { type: 'manager.channels', channels: { channel0: 'connected' } },
    { type: 'manager.jobRegistered', id: 'job0', job: { type: 'copy', disk: 'disk0', becomes: null } },
    { type: 'manager.jobRegistered', id: 'job0', job: null },
    { type: 'manager.jobAsked', id: 'job0', intent: 'pivot' },
    { type: 'manager.stopping', detail: 'saved', reason: 'saved' },
    { type: 'manager.stopping', detail: 'destroyed', reason: 'destroyed' },
    { type: 'manager.startFailed' },
  ),
  fc.constantFrom<object>(
    { type: 'command.stop', reason: 'user' },
    { type: 'command.stop', reason: 'save' },
    { type: 'command.cont', reason: 'restored' },
    { type: 'command.cont', reason: 'migrated' },
    { type: 'command.settled' },
    { type: 'command.reset' },
    { type: 'command.powerdown', reboot: true },
    { type: 'command.powerdown', reboot: false },
    { type: 'service.exited', service: 'nbdkit', alias: 'disk0' },
  ),
);

const qemu = (of: fc.Arbitrary<'present' | 'earlier' | 'none'>, events: fc.Arbitrary<WireEvent[]>) =>
  fc.record({ do: fc.constant('qemu' as const), of, events });

/** One event, one that comes twice, or several in any order. */
const bursts = fc.oneof(
  { weight: 6, arbitrary: anyEvent.map((event) => [event]) },
  { weight: 1, arbitrary: anyEvent.map((event) => [event, event]) },
  { weight: 1, arbitrary: fc.array(anyEvent, { minLength: 2, maxLength: 5 }) },
);

/** A QEMU job goes on, in any order: events of one id would come together too seldom. */
const jobSteps = fc
  .tuple(
    fc.constantFrom('job0', 'job1', '__proto__'),
    fc.array(fc.constantFrom(...jobStatuses), { minLength: 1, maxLength: 5 }),
  )
  .map(([id, words]) =>
    words.map((status): WireEvent => ({ event: 'JOB_STATUS_CHANGE', data: { id, status } })),
  );

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: qemu(fc.constant('present'), bursts) },
  { weight: 2, arbitrary: qemu(fc.constant('present'), jobSteps) },
  { weight: 1, arbitrary: qemu(fc.constantFrom('earlier', 'none'), bursts) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('contact' as const),
      runState: fc.oneof(fc.constantFrom(...runStates), fc.constant('colo')),
      same: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lost' as const), protocolError: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('attempt' as const),
      attempt: fc.constantFrom('refused' as const, 'missing' as const, 'failed' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('unresponsive' as const, 'responsive' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      operation: fc.constantFrom(
        'suspend' as const,
        'resume' as const,
        'reset' as const,
        'detachDevice' as const,
        'destroy' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'timeOut' as const, 'takeOver' as const),
      which,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which,
      how: fc.record({
        status: fc.constantFrom('done' as const, 'done' as const, 'ignored' as const, 'failed' as const),
        retry: fc.boolean(),
        says: fc.boolean(),
      }),
    }),
  },
  { weight: 3, arbitrary: managerEvent.map((event) => ({ do: 'manager' as const, event })) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('managerStarts' as const), paused: fc.boolean() }) },
);

/** What a handler of a type may bring home at most. */
function sayingsOf({ type }: Work, world: World): Partial<Outcome> {
  const [job] = Object.entries(world.context.qemuJobs.byId);
  const found = job === undefined ? [] : [{ id: job[0], actor: job[1].actor }];
  switch (type) {
    case 'monitorEof':
      return { facts: { gone: true } };
    case 'guestPanic':
      return { facts: { end: { detail: 'crashed', reason: 'crashed' } } };
    case 'shutdownOrReboot':
      return world.context.power === 'none'
        ? { facts: { end: { detail: 'shutdown', reason: 'shutdown' } } }
        : { facts: { rebooted: true } };
    case 'guestCrashloaded':
      return { emits: [{ type: 'lifecycle', args: { event: 'crashed', detail: 'crashloaded' } }] };
    case 'deviceDeleted':
    case 'detachDevice':
      return {
        facts: { removedDevices: ['net0'] },
        emits: [{ type: 'device-removed', args: { alias: 'net0' } }],
      };
    case 'nicRxFilterChanged':
      return { facts: { nic: { alias: 'net0', seen: { mac: '52:54:00:00:00:02' } } } };
    case 'jobCreated':
      return {
        facts: {
          qemuJobs: found.map((one) => ({
            found: 'work' as const,
            ...one,
            type: 'copy' as const,
            disk: 'disk0',
          })),
        },
      };
    case 'jobStatusChange':
      return {
        facts: {
          qemuJobs: found.map((one) => ({ found: 'told' as const, ...one })),
          changedDisk: { alias: 'disk0', source: '/b.img', nodes: ['n'], paths: {} },
        },
      };
    case 'attached':
      return {
        facts: {
          devices: [...devices],
          known: { balloonKiB: 1024, trays: { disk0: 'open' } },
          qemuJobs: [
            { found: 'status', id: 'job1', from: null, status: 'running' },
            ...found.map(({ id }) => ({
              found: 'status' as const,
              id,
              from: world.context.facts.jobs[id]?.status ?? null,
              status: 'concluded' as const,
            })),
          ],
        },
      };
    default:
      return { facts: { known: { rtcOffsetSeconds: 5 } } };
  }
}

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)];

/** Walks, with everything checked after each transition. */
export class Walk {
  readonly world: World;
  readonly invariants = new Invariants();
  /** QEMU events that were sent, and those of them that did not get past their row. */
  sent = 0;
  dropped = 0;
  /** The run whose `manager.started` is still due. */
  #starting: string | null = null;

  constructor({ devices: known, policies }: Setting) {
    this.world = new World({ devices: known, policies }, this.invariants.check);
  }

  step(step: Step): void {
    const { world } = this;
    const { context } = world;
    const { monitor } = context;
    switch (step.do) {
      case 'qemu':
        for (const event of step.events) this.qemu(event, step.of);
        return;
      case 'contact':
        if (monitor === 'lost') world.contact(step.runState, step.same);
        return;
      case 'lost':
        if (monitor !== 'lost') world.send({ type: 'monitor.lost', protocolError: step.protocolError });
        return;
      case 'attempt':
        if (monitor === 'lost') world.send({ type: 'monitor.attemptFailed', attempt: step.attempt });
        return;
      case 'unresponsive':
        if (monitor === 'ready') world.send({ type: 'monitor.unresponsive' });
        return;
      case 'responsive':
        if (monitor === 'unresponsive') world.send({ type: 'monitor.responsive' });
        return;
      case 'request':
        world.request(step.operation, step.operation === 'detachDevice' ? { alias: 'net0' } : {});
        return;
      case 'cancel': {
        const id = pick(Object.keys(context.work.operations), step.which);
        if (id !== undefined) world.send({ type: 'operation.canceled', id, why: 'aborted' });
        return;
      }
      case 'takeOver': {
        const id = pick(Object.keys(context.work.operations), step.which);
        if (id !== undefined) world.send({ type: 'takeover.begun', id, key: 'removal:net0' });
        return;
      }
      case 'timeOut': {
        const work = pick(world.work, step.which);
        if (work !== undefined) world.timeOut(work.id);
        return;
      }
      case 'end': {
        const running = world.work.filter(({ phase }) => phase === 'running');
        const work = pick(running, step.which);
        if (work !== undefined) world.end(work.id, outcomeOf(work, step.how, world));
        return;
      }
      case 'manager':
        this.#manager(step.event as DomainMachineEvent);
        return;
      case 'managerStarts':
        this.#managerStarts(step.paused);
    }
  }

  /** A QEMU event comes: each is an effect or exactly one drop. */
  qemu(event: WireEvent, of: 'present' | 'earlier' | 'none'): void {
    const { counts } = this.invariants;
    const before = counts.effects + counts.drops;
    const present = this.world.context.incarnation?.uuid ?? 'run-0';
    const dropped = this.world.qemu(event, of === 'present' ? present : of === 'earlier' ? 'run-0' : '');
    this.sent += 1;
    if (dropped !== null) this.dropped += 1;
    assert.equal(counts.effects + counts.drops, before + (dropped === null ? 1 : 0));
  }

  /** A manager does what is possible: it starts what is off, and starts once. */
  #managerStarts(paused: boolean): void {
    const { incarnation } = this.world.context;
    if (incarnation === null) {
      this.world.starting();
      this.#starting = this.world.context.incarnation?.uuid ?? null;
    } else if (incarnation.uuid === this.#starting && !this.world.isStopping) {
      this.#starting = null;
      this.world.send({
        type: 'manager.started',
        detail: 'booted',
        paused: paused ? { reason: 'user', detail: 'paused' } : null,
      });
      this.world.send({ type: 'manager.jobEnded' });
    }
  }

  #manager(event: DomainMachineEvent): void {
    const { incarnation } = this.world.context;
    if (event.type === 'manager.startFailed' && (incarnation === null || incarnation.uuid !== this.#starting))
      return;
    this.world.send(event);
  }

  /** The monitor is back, what runs comes to its end, a manager's job too: then nothing is left to be done. */
  heal(): void {
    const { world } = this;
    const { monitor, incarnation } = world.context;
    if (monitor === 'unresponsive') world.send({ type: 'monitor.responsive' });
    if (incarnation !== null && monitor === 'lost') world.contact('running', true);
    world.send({ type: 'manager.jobEnded' });
    this.settle();
    assert(isIdle(world), `stuck: ${JSON.stringify(world.context.work)}`);
    if (!world.isStopping) assert.deepEqual(world.work, [], 'an actor that nobody knows goes on');
  }

  /** All that runs comes to a good end, that of a destroy excepted: it waits for the end of its QEMU. */
  settle(): void {
    const { world } = this;
    for (let rounds = 0; ; rounds += 1) {
      assert(rounds < 5000, `there is no end of work: ${JSON.stringify(world.context.work.running)}`);
      const next = world.work.find(({ phase }) => phase === 'running');
      if (next === undefined) return;
      world.end(next.id, { status: 'done' });
    }
  }

  /** It can still be stopped, whatever it has been through: one `stopped` if it began, and it is off. */
  stop(): void {
    const { world } = this;
    if (world.context.incarnation === null) world.contact('running', false);
    if (!world.isStopping) world.request('destroy');
    assert(world.isStopping, 'destroy() is refused');
    if (world.context.monitor !== 'lost') world.send({ type: 'monitor.lost', protocolError: false });
    world.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
    for (let rounds = 0; world.state !== 'shutoff'; rounds += 1) {
      assert(rounds < 10, `not stopped: ${JSON.stringify(world.context.work)}`);
      const eof = world.work.find(({ type }) => type === 'monitorEof');
      if (eof !== undefined) world.end(eof.id, { status: 'done', facts: { gone: true } });
      else world.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
    }
    this.settle();
    assert.deepEqual(pendingOf(world.context), []);
    assert.deepEqual(world.children, [], 'an actor outlives its domain');
    const { told, submitted } = this.invariants.outcomes;
    assert.equal(told, submitted, '23: an outcome for each process event');
    const { effects, drops } = this.invariants.counts;
    assert.equal(effects + drops + this.dropped, this.sent, 'promise 1: the counters add up');
  }
}

function outcomeOf(work: Work, { status, retry, says }: EndOf, world: World): Outcome {
  if (status === 'failed') return { status, why: 'it failed', ...(retry ? { retry: true } : {}) };
  if (status === 'ignored') return { status, why: 'it means nothing' };
  return says ? { status, ...sayingsOf(work, world) } : { status };
}

/** What walks have reached, added up over many. */
export class Reached {
  readonly kinds = new Map<string, number>();
  events = 0;
  effects = 0;
  drops = 0;

  add({ sent, dropped, invariants }: Walk, { effects, drops, reached }: Counts = invariants.counts): void {
    this.events += sent;
    this.effects += effects;
    this.drops += drops + dropped;
    for (const [kind, count] of reached) this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + count);
  }
}

/** Any sequence of any events, in any state; then everything heals, and it can be stopped. */
export const anyWalk = (reached = new Reached(), maxLength = 60) =>
  fc.property(settings, fc.array(anyStep, { minLength: 1, maxLength, size: 'max' }), (setting, steps) => {
    const walk = new Walk(setting);
    walk.step({ do: 'contact', runState: 'running', same: false });
    for (const step of steps) walk.step(step);
    walk.heal();
    walk.stop();
    reached.add(walk);
  });

/** As `anyWalk`, from a domain that nobody has met yet. */
export const anyWalkFromOff = (reached = new Reached(), maxLength = 40) =>
  fc.property(settings, fc.array(anyStep, { minLength: 1, maxLength, size: 'max' }), (setting, steps) => {
    const walk = new Walk(setting);
    for (const step of steps) walk.step(step);
    walk.heal();
    walk.stop();
    reached.add(walk);
  });

/** State, reason and lifecycle after each QEMU event: what handlers announce at their end is theirs. */
function course(
  setting: Setting,
  events: readonly WireEvent[],
  progress: (walk: Walk, at: number) => void,
): string[] {
  const walk = new Walk(setting);
  walk.step({ do: 'contact', runState: 'running', same: false });
  return events.map((event, at) => {
    progress(walk, at);
    walk.qemu(event, 'present');
    return `${event.event}: ${walk.world.state} ${walk.world.context.reason}`;
  });
}

/** 28: the state after QEMU events does not depend on how far handlers have come between them. */
export const sameWhateverTheTime = () =>
  fc.property(
    settings,
    fc.array(anyEvent, { minLength: 1, maxLength: 20 }),
    fc.infiniteStream(fc.nat({ max: 3 })),
    (setting, events, times) => {
      const quick = course(setting, events, (walk) => walk.settle());
      const never = course(setting, events, () => {});
      const somehow = course(setting, events, (walk) => {
        for (let n = times.next().value ?? 0; n > 0; n -= 1) {
          const next = walk.world.work.find(({ phase }) => phase === 'running');
          if (next !== undefined) walk.world.end(next.id, { status: 'done' });
        }
      });
      assert.deepEqual(quick, never);
      assert.deepEqual(somehow, never);
    },
  );

/**
 * Random lives of a whole driver with a fake QEMU on a socket: any events, faults, restarts and calls of the API, and
 * then everything heals. Each QEMU event that was read is followed to its effect or its one drop.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Domain, type DomainEvent, type EventLoop, openDriver } from '../../../src/index.ts';
import { NodeEventLoop } from '../../../src/loop/node-event-loop.ts';
import type { DomainContext } from '../../../src/machines/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { Lifecycles } from '../../../src/testing/simulation/lifecycles.ts';
import { trustedNic } from '../../support/fake-host.ts';
import { Seen } from '../../support/seen.ts';
import { anyEvent, type WireEvent } from './arbitraries.ts';

type Call = 'suspend' | 'resume' | 'reset' | 'destroy' | 'shutdown' | 'wakeup' | 'execute';

type LifeStep =
  | { readonly do: 'events'; readonly events: readonly WireEvent[] }
  | { readonly do: 'turn' | 'kill' | 'restart' | 'terminate' | 'hang' | 'rubbish' | 'guest' }
  | { readonly do: 'cut' | 'chunk'; readonly bytes: number }
  | { readonly do: 'duplicates'; readonly on: boolean }
  | { readonly do: 'call'; readonly call: Call };

const anyCall = fc.constantFrom<Call>(
  'suspend',
  'resume',
  'reset',
  'shutdown',
  'wakeup',
  'execute',
  'execute',
  'destroy',
);

const anyStep: fc.Arbitrary<LifeStep> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('events' as const),
      events: fc.array(anyEvent, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('call' as const), call: anyCall }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'kill' as const,
        'restart' as const,
        'terminate' as const,
        'hang' as const,
        'rubbish' as const,
        'guest' as const,
        'guest' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('cut' as const, 'chunk' as const),
      bytes: fc.integer({ min: 1, max: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('duplicates' as const), on: fc.boolean() }) },
);

/** How it ends: 25, several enders at once. */
const anyEnd = fc.constantFrom(
  'destroy',
  'destroy twice',
  'destroy and kill',
  'destroy and terminate',
  'kill',
);

const anyPolicies = fc.record({
  onPoweroff: fc.constantFrom(undefined, 'destroy' as const, 'restart' as const),
  onCrash: fc.constantFrom(undefined, 'destroy' as const, 'restart' as const, 'preserve' as const),
});

/** What became of the QEMU events of many lives. */
export class LifeCounts {
  lives = 0;
  events = 0;
  effects = 0;
  drops = 0;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits are twenty times shorter, so that reconnecting takes no time. */
function quickLoop(): EventLoop {
  const loop = new NodeEventLoop();
  const quick = (ms: number): number => (ms > 0 && ms <= 5000 ? Math.max(1, Math.floor(ms / 20)) : ms);
  return {
    addHandle: (stream, events, callback, free) => loop.addHandle(stream, events, callback, free),
    updateHandle: (watch, events) => loop.updateHandle(watch, events),
    removeHandle: (watch) => loop.removeHandle(watch),
    addTimeout: (ms, callback, free) => loop.addTimeout(quick(ms), callback, free),
    updateTimeout: (timer, ms) => loop.updateTimeout(timer, quick(ms)),
    removeTimeout: (timer) => loop.removeTimeout(timer),
  };
}

/** Each QEMU event that reaches the machine is an effect or exactly one drop. */
class Accounts {
  effects = 0;
  drops = 0;

  constructor({ actor }: Domain) {
    let emitted: { readonly type: string; readonly args?: object }[] = [];
    actor.on('*', (item) => {
      emitted.push(item);
    });
    const send = actor.send.bind(actor);
    actor.send = (event) => {
      emitted = [];
      const before = actor.getSnapshot();
      send(event);
      if (!event.type.startsWith('qemu.')) return;
      const after = actor.getSnapshot();
      const drops = emitted.filter(({ type }) => type === 'drop').length;
      assert(drops <= 1, `promise 1: ${event.type} was dropped ${drops} times`);
      if (drops === 1) this.drops += 1;
      else {
        const isChanged = !isSame(before.context, after.context) || before.value !== after.value;
        assert(emitted.length > 0 || isChanged, `promise 1: ${event.type} was lost silently`);
        this.effects += 1;
      }
    };
  }
}

const isSame = (one: DomainContext, other: DomainContext): boolean =>
  (['facts', 'devices', 'work', 'qemuJobs', 'power', 'reason'] as const).every(
    (name) => one[name] === other[name],
  );

/** What was told of each incarnation is in order. */
function follow(seen: readonly DomainEvent[], vm: { incarnation: string | null; id: number | null }): void {
  const lifecycles = new Lifecycles();
  if (vm.incarnation !== null) lifecycles.met(vm.incarnation, vm.id, 'met');
  for (const event of seen) {
    if (event.type === 'lifecycle') lifecycles.tell(event);
    if (event.type !== 'state') continue;
    if (event.args.active && event.incarnation !== null && !lifecycles.runs.has(event.incarnation))
      lifecycles.met(event.incarnation, event.id, 'managed');
    // One that was never seen running owes no `stopped`.
    if (event.args.active) continue;
    for (const run of lifecycles.runs.values()) if (run.begin === 'managed') run.stopped = true;
  }
  const unstopped = [...lifecycles.runs.values()].filter(({ stopped }) => !stopped);
  assert.deepEqual(unstopped, [], '4: a STOPPED for each that began');
  for (const { told } of lifecycles.runs.values()) {
    const stops = told.filter((one) => one.startsWith('stopped'));
    assert(stops.length <= 1 && (stops.length === 0 || told.at(-1) === stops[0]), '1, 2');
  }
}

class Life {
  readonly qemu: FakeQemu;
  readonly vm: Domain;
  readonly calls: Promise<unknown>[] = [];

  constructor(qemu: FakeQemu, vm: Domain) {
    this.qemu = qemu;
    this.vm = vm;
  }

  async step(step: LifeStep): Promise<void> {
    const { qemu } = this;
    switch (step.do) {
      case 'events':
        for (const { event, data } of step.events) qemu.emit(event, data);
        return;
      case 'turn':
        return turn();
      case 'kill':
        return qemu.kill();
      case 'restart':
        return qemu.restart();
      case 'terminate':
        return qemu.terminate();
      case 'hang':
        qemu.hang();
        await turn();
        return qemu.resume();
      case 'rubbish':
        return qemu.faults.rubbish('no JSON\n');
      case 'guest':
        qemu.setRxFilter('net0', { promiscuous: false });
        qemu.guestReset();
        return qemu.watchdog('pause');
      case 'cut':
        return qemu.faults.closeAfterBytes(step.bytes);
      case 'chunk':
        return qemu.faults.chunk(step.bytes);
      case 'duplicates':
        return qemu.faults.duplicateEvents(step.on);
      case 'call':
        this.calls.push(this.call(step.call));
    }
  }

  /** Never rejects: how it ended is not for a life to say. */
  call(name: Call): Promise<'done' | unknown> {
    const { vm } = this;
    const called = name === 'execute' ? vm.execute('query-status') : vm[name]();
    return called.then(
      () => 'done',
      (error: unknown) => error,
    );
  }

  /** The QEMU lives, its monitor answers, and all that runs comes to its end. */
  async heal(): Promise<void> {
    const { qemu, vm } = this;
    qemu.faults.clear();
    qemu.resume();
    if (!qemu.alive) await qemu.restart();
    // Its loss may not be known yet: that QEMU answers is what counts.
    do await this.until('the monitor is back', () => vm.state.active && vm.state.monitor === 'ready', true);
    while ((await this.call('execute')) !== 'done');
    await this.until('nothing is left to be done', () => isIdle(vm));
    for (const call of this.calls) await call;
  }

  /** @param alive - QEMU is started again when it is gone */
  async until(what: string, isTrue: () => boolean, alive = false): Promise<void> {
    const deadline = performance.now() + 5_000;
    while (!isTrue()) {
      if (alive && !this.qemu.alive) await this.qemu.restart();
      if (performance.now() > deadline) {
        const { context, value } = this.vm.actor.getSnapshot();
        throw new Error(`stuck before ${what}: ${JSON.stringify([value, context])}`);
      }
      await turn();
    }
  }

  /** 24: on a paused domain suspend() asks QEMU nothing, on a running one resume() is refused; nothing changes. */
  async idle(): Promise<void> {
    const { vm, qemu } = this;
    const { state, reason } = vm.state;
    const asked = qemu.received.length;
    if (state === 'paused') assert.equal(await this.call('suspend'), 'done');
    else if (state === 'running') assert(await this.call('resume'), 'resume() of a running domain');
    else return;
    const commands = qemu.received.slice(asked).map(({ command }) => command);
    assert(!commands.includes('stop') && !commands.includes('cont'), '24: nothing is sent');
    // QEMU's own state is another than that of the events that a life makes up: it may be told meanwhile.
    if (vm.state.monitor === 'ready')
      assert.deepEqual([vm.state.state, vm.state.reason], [state, reason], '24');
  }

  /** 25: whoever ends it, and however many at once. */
  async end(how: string): Promise<void> {
    const { qemu, vm } = this;
    if (how.startsWith('kill')) qemu.kill();
    const enders = how.startsWith('destroy') ? [this.call('destroy')] : [];
    if (how.endsWith('twice')) enders.push(this.call('destroy'));
    if (how.endsWith('kill')) qemu.kill();
    if (how.endsWith('terminate')) await qemu.terminate();
    const results = await Promise.all(enders);
    assert(results.filter((result) => result === 'done').length <= 1, '25: at most one destroy() succeeds');
    await this.until('it is off', () => !vm.state.active);
    await turn();
  }
}

function isIdle({ actor }: Domain): boolean {
  const { waiting, running, operations } = actor.getSnapshot().context.work;
  return running === null && waiting.length === 0 && Object.keys(operations).length === 0;
}

const sum = (counts: Readonly<Record<string, Readonly<Record<string, number>>>>, without: string[]): number =>
  Object.entries(counts)
    .filter(([reason]) => !without.includes(reason))
    .reduce((all, [, events]) => Object.values(events).reduce((total, count) => total + count, all), 0);

/** One life: everything that was read from QEMU is accounted for, and each incarnation ends once. */
async function live(
  steps: readonly LifeStep[],
  policies: { readonly onPoweroff: 'destroy' | 'restart' | undefined; readonly onCrash: string | undefined },
  how: string,
  counts: LifeCounts,
): Promise<void> {
  await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }], devices: ['disk0'] });
  await using driver = await openDriver({ eventLoop: quickLoop() });
  const seen = new Seen(driver);
  let arrived = 0;
  const vm: Domain = await driver.attach({
    monitor: qemu.path,
    control: true,
    ...policies,
    devices: [trustedNic, { type: 'disk', alias: 'disk0' }],
    times: { greetingMs: 6000, pingIntervalMs: 6000, pingTimeoutMs: 6000 },
    trace: (direction) => {
      if (direction === 'event') arrived += 1;
    },
  } as Parameters<typeof driver.attach>[0]);
  const { incarnation, id } = vm.state;
  const accounts = new Accounts(vm);
  const life = new Life(qemu, vm);
  for (const step of steps) await life.step(step);
  await life.heal();
  await life.idle();
  await life.end(how);
  follow(seen.all, { incarnation, id });
  const outcomes = seen.of('outcome').length;
  const { sequence, running, waiting } = vm.actor.getSnapshot().context.work;
  assert.deepEqual([running, waiting], [null, []]);
  assert(outcomes <= sequence * 2 + 1000, '23');
  // Those of process events are of what a QEMU event had led to.
  const dropped = sum(driver.drops.toJSON(), ['coalesced', 'overflow']);
  const coalesced = sum(driver.drops.toJSON(), []) - dropped;
  const accounted = accounts.effects + dropped + coalesced;
  assert.equal(accounted, arrived, 'promise 1: the counters add up');
  counts.lives += 1;
  counts.events += accounted;
  counts.effects += accounts.effects;
  counts.drops += dropped + coalesced;
}

export const anyLife = (counts = new LifeCounts()) =>
  fc.asyncProperty(
    fc.array(anyStep, { minLength: 1, maxLength: 25 }),
    anyPolicies,
    anyEnd,
    (steps, policies, how) => live(steps, policies, how, counts),
  );

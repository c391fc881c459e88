/**
 * What must hold of a domain after each transition, whatever came. The numbers are libvirt's invariants as they were
 * found (reference "domain states", section 6); those that libvirt itself violates hold here where our design says so.
 *
 * 1–23, 27 and 29 are here; 24 and 25 (calls of the API) in `lives.ts`, 28 in `walks.ts`; 26 has no counterpart, as no
 * domain is transient.
 */
import assert from 'node:assert/strict';
import {
  domainStates,
  type Lifecycle,
  type PausedReason,
  suspendedDetail,
} from '../../../src/events/domain-state.ts';
import { type ProcessEvent, processEvents } from '../../../src/events/process-events.ts';
import type { DomainContext, DomainEmitted, DomainMachineEvent } from '../../../src/machines/index.ts';
import { Lifecycles } from '../../../src/testing/simulation/lifecycles.ts';
import { pendingOf, type Transition, type World } from './world.ts';

/** Of (STOPPED detail, SHUTOFF reason); `failed` for what came to no start. */
const endings: Readonly<Record<string, string>> = {
  shutdown: 'shutdown',
  destroyed: 'destroyed',
  crashed: 'crashed',
  failed: 'crashed',
  migrated: 'migrated',
  saved: 'saved',
  'from-snapshot': 'from-snapshot',
};

const isManagers = ({ type }: DomainMachineEvent): boolean => type.startsWith('manager.');
const isQemus = ({ type }: DomainMachineEvent): boolean => type.startsWith('qemu.');
const lifecyclesOf = (emitted: readonly DomainEmitted[]) =>
  emitted.filter((item) => item.type === 'lifecycle');
const isOfPresentRun = (event: DomainMachineEvent, { incarnation }: DomainContext): boolean =>
  'incarnation' in event && incarnation !== null && event.incarnation === incarnation.uuid;

/** How many QEMU events of those that came to the machine did something, and how many were dropped. */
export interface Counts {
  effects: number;
  drops: number;
  /** Of its own kinds, by what happened: what a walk has reached. */
  readonly reached: Map<string, number>;
}

/** Follows the transitions of a bare machine. */
export class Invariants {
  readonly counts: Counts = { effects: 0, drops: 0, reached: new Map() };
  readonly lifecycles = new Lifecycles();
  /** Outcomes, and process events of which one is due. */
  readonly outcomes = { told: 0, submitted: 0 };
  #reboots = 0;
  #resets = 0;
  /** It was found shutting down. */
  #foundShutdown = false;

  readonly check = (step: Transition): void => {
    this.#reach(step);
    if (isQemus(step.event)) this.#accountFor(step);
    this.#structure(step);
    this.#deferred(step);
    this.#lifecycle(step);
    this.#changes(step);
    this.#guards(step);
  };

  #reach({ event, from, emitted }: Transition): void {
    const kinds = [`${from} ${event.type}`, ...emitted.map(({ type }) => `told ${type}`)];
    for (const kind of kinds) this.counts.reached.set(kind, (this.counts.reached.get(kind) ?? 0) + 1);
  }

  /** Promise 1: an effect, or exactly one drop; and 19: what was dropped has changed nothing but its hint. */
  #accountFor({ event, before, after, from, to, emitted }: Transition): void {
    const drops = emitted.filter((item) => item.type === 'drop');
    const told = emitted.length - drops.length;
    const changed = (['facts', 'devices', 'work', 'qemuJobs', 'power', 'reason'] as const).filter(
      (name) => before[name] !== after[name],
    );
    const hasEffect = told > 0 || changed.length > 0 || from !== to;
    assert(drops.length <= 1, `promise 1: ${event.type} was dropped ${drops.length} times`);
    const [drop] = drops;
    if (drop === undefined) {
      assert(hasEffect, `promise 1: ${event.type} was lost silently in ${from}`);
      this.counts.effects += 1;
      return;
    }
    const { reason } = drop.args;
    this.counts.drops += 1;
    if (reason === 'coalesced' || reason === 'overflow') return;
    assert.equal(reason, isOfPresentRun(event, before) ? 'ignored-in-state' : 'stale');
    assert.deepEqual([told, changed, from], [0, [], to], `19: ${event.type} is counted as ${reason}`);
    if (reason === 'stale') assert.equal(after, before, 'promise 3: a stale event touches nothing');
  }

  #structure({ before, after, to, started }: Transition): void {
    assert.equal(after.incarnation === null, to === 'shutoff', '11: no incarnation iff shut off');
    const reasons: readonly string[] = domainStates[to];
    assert(reasons.includes(after.reason), `${after.reason} is no reason of ${to}`);
    const { work, qemuJobs, facts, monitor } = after;
    const live = [...Object.keys(work.operations), ...(work.running === null ? [] : [work.running.id])];
    const { holder, async, waiters } = work.jobs;
    const holders = [holder, async?.holder ?? null, ...waiters.map(({ id }) => id)];
    for (const id of holders) assert(id === null || live.includes(id), `the job is held for nobody: ${id}`);
    for (const { operation } of Object.values(work.takeovers))
      assert(live.includes(operation), `something waits for ${operation}, which is over`);
    assert.deepEqual(Object.keys(qemuJobs.byId), Object.keys(facts.jobs), 'two tables of one kind of job');
    if (to === 'shutoff') {
      assert.deepEqual(work.waiting, []);
      assert.deepEqual([holder, waiters, qemuJobs.byId], [null, [], {}]);
    }
    if (monitor === 'ready') return;
    const type = work.running?.event.type;
    if (type !== undefined && started.includes(work.running?.id ?? ''))
      assert(processEvents[type].overtakes, `${type} is started without a monitor`);
    if (before.monitor !== 'lost' && monitor === 'lost' && work.running !== null)
      assert(processEvents[work.running.event.type].overtakes, 'promise 3: a lease outlives its monitor');
  }

  /** 23: what was submitted waits, or has exactly one outcome, or is dealt with by the operation that waited for it. */
  #deferred({ before, after, emitted }: Transition): void {
    const old = pendingOf(before);
    const now = pendingOf(after);
    const ran = before.work.running;
    const isAgain = ran !== null && ran !== after.work.running && after.work.running?.id !== ran.id;
    const left = old.filter((event) => !now.includes(event) || (isAgain && event === ran.event));
    const came = now.filter((event) => !old.includes(event));
    const outcomes = emitted.filter((item) => item.type === 'outcome').map(({ args }) => args.type);
    const byOperation = emitted.some((item) => item.type === 'operation.ended') ? takenIn(before) : [];
    const due = left.filter((event) => !byOperation.includes(event)).map(({ type }) => type);
    assert.deepEqual([...outcomes].sort(), [...due].sort(), '23: one outcome for each that ended');
    this.outcomes.told += outcomes.length + (left.length - due.length);
    this.outcomes.submitted += came.length + left.filter((event) => now.includes(event)).length;
  }

  #lifecycle({ event, before, after, emitted }: Transition): void {
    const { incarnation } = after;
    const begins = incarnation !== null && before.incarnation?.uuid !== incarnation.uuid;
    const own = lifecyclesOf(emitted).filter(() => event.type !== 'manager.announced');
    const ended = before.incarnation !== null && after.incarnation?.uuid !== before.incarnation.uuid;
    // What never ran is owed nothing.
    const run =
      ended && before.begun !== 'yes' ? this.lifecycles.runs.get(before.incarnation.uuid) : undefined;
    if (run !== undefined) run.stopped = true;
    for (const item of own) {
      const last =
        item.incarnation === null ? [] : (this.lifecycles.runs.get(item.incarnation.uuid)?.told ?? []);
      // The one lifecycle event that changes no state (T10).
      const changes = last.filter((one) => one !== 'crashed crashloaded');
      this.#ending(item.args, { before, after, last: changes.at(-1), event });
      this.lifecycles.tell({
        args: item.args,
        incarnation: item.incarnation?.uuid ?? null,
        id: item.incarnation?.id ?? null,
      });
    }
    const stops = own.filter(({ args }) => args.event === 'stopped');
    if (!ended) assert.equal(stops.length, 0, '4: STOPPED is the end of an incarnation');
    else assert.equal(stops.length, before.begun === 'yes' ? 1 : 0, '4, 5: one STOPPED for each that began');
    if (!begins) return;
    this.#foundShutdown = event.type === 'monitor.ready' && event.contact.runState === 'shutdown';
    if (!own.some(({ args }) => args.event === 'started'))
      this.lifecycles.met(incarnation.uuid, incarnation.id, after.begun === 'yes' ? 'met' : 'managed');
  }

  /** 13–16: how it ends. */
  #ending(
    { event: told, detail }: Lifecycle,
    about: {
      before: DomainContext;
      after: DomainContext;
      last: string | undefined;
      event: DomainMachineEvent;
    },
  ): void {
    if (told !== 'stopped') return;
    const { before, after, last } = about;
    const asked = endAsked(about.event);
    if (after.incarnation === null)
      assert.equal(after.reason, endings[detail], '16: detail and reason agree');
    if (before.ending !== null || asked) return;
    const wasShutdown = last?.startsWith('shutdown') ?? this.#foundShutdown;
    assert.equal(
      detail,
      wasShutdown ? 'shutdown' : 'failed',
      '13, 14, 15: clean after SHUTDOWN, else failed',
    );
  }

  /** 8–10, 16–18, 22: what is told, and what changed. */
  #changes(step: Transition): void {
    const { event, before, after, from, to, emitted } = step;
    const own = lifecyclesOf(emitted).filter(() => event.type !== 'manager.announced');
    for (const item of own) {
      const { args } = item;
      if ('reconstructed' in item || isManagers(event)) continue;
      if (args.event === 'suspended' && !args.detail.startsWith('postcopy') && args.detail !== 'api-error')
        assert.equal(from, 'running', '8: SUSPENDED only if it was running');
      if (args.event === 'resumed' && !args.detail.startsWith('postcopy') && !isOutcome(event))
        assert.notEqual(from, 'running', '9: RESUMED only if it was not running');
      if (args.event === 'pmsuspended') assert.equal(from, 'running', '10: PMSUSPENDED only from running');
      if (args.detail === 'wakeup') assert.equal(from, 'pmsuspended', '7: WAKEUP only from there');
      if (args.event === 'suspended' && to === 'paused') this.#pausedReason(args.detail, after.reason);
    }
    if (from !== to && isAnnounced(step))
      assert(own.length > 0, `17: ${from} to ${to} by ${event.type} is not announced`);
    const isNews = own.some(
      ({ args }) =>
        !['defined', 'undefined'].includes(args.event) &&
        !['crashloaded', 'api-error'].includes(args.detail) &&
        (args.event !== 'started' || args.detail === 'wakeup') &&
        // Each panic is told (reference, T9).
        !(args.event === 'crashed' && from === 'crashed'),
    );
    if (isNews && !isManagers(event) && !isOutcome(event))
      assert(
        from !== to || before.reason !== after.reason || before.incarnation !== after.incarnation,
        `18: ${JSON.stringify(own[0]?.args)} in ${from} changes nothing`,
      );
    if (before.incarnation !== null || after.incarnation !== null || isManagers(event)) return;
    const domainEvents = emitted.filter(
      ({ type }) => type !== 'drop' && type !== 'outcome' && type !== 'operation.ended',
    );
    assert.deepEqual(domainEvents, [], '22: nothing is told of an inactive domain');
  }

  #pausedReason(detail: string, reason: string): void {
    if (detail === 'ioerror' || detail === 'watchdog') assert.equal(reason, detail, '16');
    else assert.equal(detail, suspendedDetail(reason as PausedReason), '16: detail and reason agree');
  }

  /** 19–21, 27, 29: what single QEMU events do. */
  #guards({ event, before, after, from, to, emitted }: Transition): void {
    if (!isQemus(event) || !isOfPresentRun(event, before)) return;
    if (event.type === 'qemu.STOP') {
      assert.equal(after.pausedReason, null, '19: each STOP empties the hint');
      if (from !== 'running') assert.deepEqual([to, after.reason], [from, before.reason], '20, 27');
    }
    if (event.type === 'qemu.RESUME') {
      assert.equal(after.runningReason, null, '19: each RESUME empties the hint');
      const isPlain =
        before.begun === 'yes' && before.runningReason === null && !before.reason.startsWith('postcopy');
      if (from !== 'running' && to === 'running' && isPlain) assert.equal(after.reason, 'unpaused', '29');
    }
    if (event.type === 'qemu.RESET') {
      this.#resets += before.reason === 'starting-up' ? 0 : 1;
      this.#reboots += emitted.filter(({ type }) => type === 'reboot').length;
      assert.equal(this.#reboots, this.#resets, '21: one REBOOT for each RESET');
    }
  }
}

const takenIn = ({ work }: DomainContext): ProcessEvent[] =>
  Object.values(work.takeovers).flatMap(({ came }) => (came === null || came === 'refused' ? [] : [came]));

const endAsked = (event: DomainMachineEvent): boolean =>
  event.type === 'processEvent.ended' && event.outcome.facts?.end !== undefined;

/** What a handler brought home may announce what it wants. */
const isOutcome = ({ type }: DomainMachineEvent): boolean => type === 'processEvent.ended';

/** 17: the exceptions, which libvirt has too: a reset of a crashed domain, a start, and the end of what did not run. */
function isAnnounced({ event, before, from }: Transition): boolean {
  if (event.type === 'command.reset' && from === 'crashed') return false;
  if (event.type === 'manager.starting' || before.begun !== 'yes') return false;
  return true;
}

/** Nothing is left to be done, and nobody holds or waits for a job. */
export function isIdle(world: World): boolean {
  const { waiting, running, operations, takeovers, jobs } = world.context.work;
  const counts = [waiting, Object.keys(operations), Object.keys(takeovers), jobs.waiters];
  return running === null && jobs.holder === null && counts.every(({ length }) => length === 0);
}

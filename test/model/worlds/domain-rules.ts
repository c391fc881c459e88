/** Promises 1, 3 and 4 of the design, as they are checked in every state of a world around a domain. */

import { isAsyncJob, type JobKind } from '../../../src/events/jobs.ts';
import type { Outcome } from '../../../src/events/outcome.ts';
import { type ProcessEventType, processEvents } from '../../../src/events/process-events.ts';
import type { DomainContext } from '../../../src/machines/domain-context.ts';
import type { ProcessEventContext } from '../../../src/machines/process-event-machine.ts';
import type { Happening, Observer, WorldOptions, WorldView } from '../../../src/model/index.ts';

/** What is emitted and is no domain event. */
const REPORTS = ['drop', 'outcome', 'operation.ended'];

/** QEMU events that are work for a handler, and nothing else. */
const submittedBy: Readonly<Record<string, ProcessEventType>> = {
  DEVICE_DELETED: 'deviceDeleted',
  NIC_RX_FILTER_CHANGED: 'nicRxFilterChanged',
};

interface Emitted {
  readonly type: string;
  readonly args: Readonly<Record<string, string>>;
  readonly incarnation: { readonly uuid: string } | null;
  /** Of `operation.ended`. */
  readonly id?: string;
  readonly outcome?: Outcome;
}

/** One step of the domain: what it handled, and what it told. */
interface DomainStep {
  readonly came: Readonly<Record<string, unknown>>;
  readonly emitted: readonly Emitted[];
  /** Paths of actors that it stopped. */
  readonly stopped: readonly string[];
}

/** Without mailboxes, a step of the world may be several of the domain. */
function domainSteps(happenings: readonly Happening[]): DomainStep[] {
  const steps: { came: DomainStep['came']; emitted: Emitted[]; stopped: string[] }[] = [];
  for (const one of happenings) {
    if (one.what === 'stopped') steps.at(-1)?.stopped.push(one.actor);
    if (one.actor !== 'domain') continue;
    if (one.what === 'came') steps.push({ came: { ...one.event }, emitted: [], stopped: [] });
    if (one.what === 'emitted') steps.at(-1)?.emitted.push(one.event as unknown as Emitted);
  }
  return steps;
}

/** An observer of a domain's steps. */
const ofDomain = <Memory>({
  see,
  ...observer
}: Omit<Observer<Memory>, 'see'> & {
  see: (memory: Memory, step: DomainStep) => Memory;
}): Observer<Memory> => ({
  ...observer,
  see: (memory, happenings) => domainSteps(happenings).reduce(see, memory),
});

/** An observer that remembers nothing: it says at once what is wrong in a step. */
const inEachStep = (wrong: (step: DomainStep) => string | null): Observer<string | null> =>
  ofDomain<string | null>({
    start: null,
    see: (memory, step) => memory ?? wrong(step),
    broken: (memory) => memory,
  });

const contextOf = (world: WorldView): DomainContext => world.snapshot('domain')?.context as DomainContext;

/** How much of each kind came from QEMU and was not accounted for yet. */
type Open = Readonly<Record<string, number>>;

const plus = (open: Open, type: string | undefined, count: number): Open => {
  if (type === undefined) return open;
  const { [type]: before = 0, ...others } = open;
  return before + count === 0 ? others : { ...others, [type]: before + count };
};

/** Undefined: it does not come of QEMU events alone. */
const countedOf = (type: string): string | undefined =>
  Object.values(submittedBy).find((counted) => counted === type);

const openEvents = ofDomain<Open>({
  start: {},
  see(memory, { came, emitted }) {
    let open = plus(memory, submittedBy[String(came.type).replace('qemu.', '')], 1);
    for (const { type, args, outcome } of emitted) {
      const dropped = String(args?.event);
      if (type === 'drop') open = plus(open, submittedBy[dropped] ?? countedOf(dropped), -1);
      // An operation that waited for it has handled it.
      if (type === 'operation.ended' && outcome?.facts?.removedDevices !== undefined)
        open = plus(open, 'deviceDeleted', -1);
      if (type === 'outcome') open = plus(open, countedOf(String(args.type)), -1);
    }
    return open;
  },
});

/** Operations that were asked for, and whether they ended. */
interface Operations {
  readonly hasMonitor: boolean;
  /** `alone`: asked while there was no monitor, which has not come since. */
  readonly byId: Readonly<Record<string, 'asked' | 'alone' | 'ended' | 'ended twice'>>;
}

const operations = ofDomain<Operations>({
  start: { hasMonitor: false, byId: {} },
  see(memory, { came, emitted }) {
    let { hasMonitor, byId } = memory;
    if (came.type === 'monitor.lost') hasMonitor = false;
    if (came.type === 'monitor.ready') {
      hasMonitor = true;
      byId = Object.fromEntries(
        Object.entries(byId).map(([id, how]) => [id, how === 'alone' ? 'asked' : how]),
      );
    }
    if (came.type === 'operation.requested')
      byId = { ...byId, [String(came.id)]: hasMonitor ? 'asked' : 'alone' };
    for (const { type, id = '' } of emitted)
      if (type === 'operation.ended' && !id.startsWith('operation#end-'))
        byId = { ...byId, [id]: isUnderWay(byId[id]) ? 'ended' : 'ended twice' };
    return { hasMonitor, byId };
  },
  broken({ byId }) {
    const twice = Object.entries(byId).find(([, how]) => how === 'ended twice');
    return twice === undefined ? null : `${twice[0]} ended, and was not under way`;
  },
});

const isUnderWay = (how: string | undefined): boolean => how === 'asked' || how === 'alone';

/** Runs of QEMU that began here, and whether their end was told. */
type Lives = {
  readonly [run in string]?: 'began' | 'stopped' | 'told after stopped' | 'began again';
};

const lives = ofDomain<Lives>({
  start: {},
  see(memory, { came, emitted }) {
    let now = memory;
    for (const { type, args, incarnation } of emitted) {
      if (REPORTS.includes(type) || type === 'job-completed' || incarnation === null) continue;
      const { uuid } = incarnation;
      const isStopped = type === 'lifecycle' && args.event === 'stopped';
      if (now[uuid] === 'stopped') now = { ...now, [uuid]: 'told after stopped' };
      else now = { ...now, [uuid]: isStopped ? 'stopped' : 'began' };
    }
    // What a contact makes of the one before is told first.
    if (came.type === 'monitor.ready') {
      const { incarnation } = came.contact as { readonly incarnation: string };
      if (now[incarnation] === 'stopped') now = { ...now, [incarnation]: 'began again' };
      else now = { ...now, [incarnation]: now[incarnation] ?? 'began' };
    }
    return now;
  },
  broken(memory) {
    const wrong = Object.entries(memory).find(([, how]) => how !== 'began' && how !== 'stopped');
    return wrong === undefined ? null : `${wrong[0]}: ${wrong[1]}`;
  },
});

const PROMISE_1 = 'promise 1: each process event and each operation ends exactly once';
const PROMISE_1_EVENTS = 'promise 1: what came from QEMU is done, under way, or told as dropped';
const PROMISE_4 = 'promise 4: one stopped for each incarnation that began, and nothing of it afterwards';

export const livesOf = (world: WorldView): Lives => world.memory<Lives>(PROMISE_4);

export const observers: NonNullable<WorldOptions['observers']> = {
  [PROMISE_1]: operations,
  [PROMISE_1_EVENTS]: openEvents,
  [PROMISE_4]: lives,
  'promise 1: what was ended before has no outcome any more': inEachStep(({ came, emitted, stopped }) => {
    if (came.type !== 'processEvent.ended' || stopped.includes(`domain/${came.id}`)) return null;
    const told = emitted.find(({ type }) => type !== 'drop');
    return told === undefined ? null : `${came.id} was ended before: ${told.type} is told`;
  }),
  'promise 1: a QEMU event becomes a domain event, starts a handler, or is told as dropped': inEachStep(
    ({ came, emitted }) => {
      const type = String(came.type);
      const isTold = submittedBy[type.replace('qemu.', '')] !== undefined || emitted.length > 0;
      return type.startsWith('qemu.') && !isTold ? `${type} does nothing` : null;
    },
  ),
  'promise 3: nothing of an earlier incarnation touches a later one': inEachStep(({ came, emitted }) => {
    if (typeof came.incarnation !== 'string') return null;
    const touched = emitted.find(
      ({ type, incarnation }) => !REPORTS.includes(type) && incarnation?.uuid !== came.incarnation,
    );
    return touched === undefined
      ? null
      : `${came.type} of ${came.incarnation}: ${touched.type} of ${touched.incarnation?.uuid}`;
  }),
  'EOF is not death: stopped comes when the process is known to be gone': inEachStep(({ came, emitted }) => {
    const stopped = emitted.find(({ type, args }) => type === 'lifecycle' && args.event === 'stopped');
    if (stopped === undefined) return null;
    const { type, outcome, contact } = came as {
      readonly type?: string;
      readonly outcome?: { readonly facts?: { readonly gone?: true } };
      readonly contact?: { readonly incarnation: string };
    };
    if (type === 'processEvent.ended' && outcome?.facts?.gone === true) return null;
    if (type === 'monitor.ready' && contact?.incarnation !== stopped.incarnation?.uuid) return null;
    return `${stopped.incarnation?.uuid} is told as stopped at ${type}`;
  }),
};

/** A process event or an operation whose handler holds a lease now. */
function* leases(world: WorldView): Generator<ProcessEventContext> {
  for (const path of world.actors) {
    if (!path.endsWith('/handler') || world.snapshot(path)?.status !== 'active') continue;
    yield world.snapshot(path.slice(0, -'/handler'.length))?.context as ProcessEventContext;
  }
}

/** These go on: they hold no lease that could do harm, and find the end of the process, or make it. */
const goesOn = (type: string): boolean =>
  type === 'destroy' || processEvents[type as ProcessEventType]?.overtakes === true;

export const invariants: NonNullable<WorldOptions['invariants']> = {
  [PROMISE_1_EVENTS]: (world) => {
    const { waiting, running, takeovers } = contextOf(world).work;
    let open = world.memory<Open>(PROMISE_1_EVENTS);
    const underWay = [...waiting, ...(running === null ? [] : [running])].map(({ event }) => event.type);
    for (const { came } of Object.values(takeovers))
      if (came !== null && came !== 'refused') underWay.push(came.type);
    for (const type of underWay) open = plus(open, countedOf(type), -1);
    const [wrong] = Object.entries(open);
    return wrong === undefined ? null : `${wrong[0]}: ${wrong[1]} unaccounted for`;
  },
  [PROMISE_1]: (world) => {
    const underWay = contextOf(world).work.operations;
    const { byId } = world.memory<Operations>(PROMISE_1);
    const lost = Object.entries(byId).find(([id, how]) => isUnderWay(how) && underWay[id] === undefined);
    return lost === undefined ? null : `${lost[0]} never ends`;
  },
  'promise 1: a domain job is held by what is under way': (world) => {
    const { jobs, operations: all, running } = contextOf(world).work;
    const holders = [jobs.holder, jobs.async?.holder ?? null, ...jobs.waiters.map(({ id }) => id)];
    const dead = holders.find((id) => id !== null && all[id] === undefined && running?.id !== id);
    return dead == null ? null : `${dead} has the job, and is over`;
  },
  'promise 3: nothing is done for a domain that is gone, ends, or has lost its monitor': (world) => {
    const { incarnation, monitor } = contextOf(world);
    const { value } = world.snapshot('domain') ?? {};
    const { byId } = world.memory<Operations>(PROMISE_1);
    for (const { id, type, incarnation: of } of leases(world)) {
      if (goesOn(type)) continue;
      if (value === 'shutoff' || value === 'stopping') return `${id} (${type}) runs while ${value}`;
      if (incarnation?.uuid !== of) return `${id} (${type}) of ${of} runs for ${incarnation?.uuid}`;
      // One that is asked for without a monitor is refused by its lease.
      if (monitor === 'lost' && byId[id] !== 'alone') return `${id} (${type}) runs without a monitor`;
    }
    return null;
  },
  'promise 3: one handler runs at a time that needs the domain job': (world) => {
    const { holder, async } = contextOf(world).work.jobs;
    for (const { id, job } of leases(world))
      if (job !== null && holder !== id && !(isAsyncJob(job as JobKind) && async?.holder === id))
        return `${id} runs, and has no job`;
    return null;
  },
  [PROMISE_4]: (world) => {
    const { incarnation } = contextOf(world);
    for (const [run, how] of Object.entries(livesOf(world)))
      if (how !== (run === incarnation?.uuid ? 'began' : 'stopped'))
        return `${run} ${how}, and ${incarnation?.uuid ?? 'none'} is there`;
    return null;
  },
};

export const atRest: NonNullable<WorldOptions['atRest']> = {
  'promise 1: nothing waits for what never comes': (world) => {
    const { waiting, running, operations: underWay, jobs } = contextOf(world).work;
    const stuck = [...(running === null ? [] : [running.id]), ...Object.keys(underWay)];
    if (stuck.length > 0) return `${stuck.join(', ')} never ends`;
    if (jobs.waiters.length > 0 || jobs.holder !== null) return 'the job is not released';
    const { incarnation, monitor } = contextOf(world);
    return waiting.length > 0 && (incarnation === null || monitor === 'ready')
      ? `${waiting.length} process events wait for nothing`
      : null;
  },
};

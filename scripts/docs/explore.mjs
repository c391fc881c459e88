// What the bare domain machine makes of each QEMU event. It is run, by XState's `transition()`, in each of its states
// and in what it may be in besides, so that a page made of this says what is so.

import { initialTransition, transition } from 'xstate';
import { variantsOf } from './fields.mjs';

/** @typedef {import('../../src/machines/domain-context.ts').DomainMachineEvent} DomainMachineEvent */
/** @typedef {import('../../src/events/devices.ts').DomainDevice} DomainDevice */
/** @typedef {import('xstate').SnapshotFrom<typeof import('../../src/machines/domain-machine.ts').domainMachine>} Snapshot */
/** @typedef {{ snapshot: Snapshot, jobs: Map<string, any> }} Place - `jobs`: the actors of QEMU jobs, by their names */
/** @typedef {{ emitted: string[], dropped: string[], submitted: string[], known: string[], before: string, after: string, place: Place }} Step - `known`: what is told anew by `vm.info()` */
/** @typedef {{ situation: string, state: string, data: any, step: Step }} Seen */

const RUN = 'run-1';

const noPolicies = { onPoweroff: null, onReboot: null, onCrash: null };
const allPolicies = { onPoweroff: 'destroy', onReboot: 'destroy', onCrash: 'destroy' };

/** How each state is reached: the run state that it is found in, or what a manager does. */
export const STATES = /** @type {const} */ ([
  'starting',
  'running',
  'paused',
  'pmsuspended',
  'crashed',
  'shutdown',
  'stopping',
]);
const RUN_STATES = /** @type {Record<string, string>} */ ({
  running: 'running',
  paused: 'paused',
  pmsuspended: 'suspended',
  crashed: 'guest-panicked',
  shutdown: 'shutdown',
});

/**
 * What a domain may be in besides its state. The first is the plain one; what only shows in another carries its name.
 *
 * @type {Record<string, { policies?: object, watchdog?: string, first?: readonly object[], last?: readonly object[], states?: readonly string[], within?: string }>}
 */
const SITUATIONS = {
  '': {},
  'with policies': { policies: allPolicies },
  'with a watchdog that is to dump': { watchdog: 'dump' },
  'in a reboot of ours': { last: [{ type: 'command.powerdown', reboot: true }] },
  'after the power-off of a reboot of ours': {
    within: 'in a reboot of ours',
    last: [
      { type: 'command.powerdown', reboot: true },
      { type: 'qemu.SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' } },
    ],
  },
  'while a manager migrates it away': {
    first: [{ type: 'manager.jobBegan', kind: 'migration-out' }],
    states: ['running'],
  },
  'paused by the migration': {
    first: [
      { type: 'manager.jobBegan', kind: 'migration-out' },
      { type: 'qemu.STOP', data: {} },
    ],
    within: 'while a manager migrates it away',
    states: ['running'],
  },
  'paused in a post-copy that failed': {
    first: [
      { type: 'manager.jobBegan', kind: 'migration-out' },
      { type: 'qemu.STOP', data: {} },
      { type: 'qemu.MIGRATION', data: { status: 'postcopy-active' } },
      { type: 'qemu.MIGRATION', data: { status: 'postcopy-paused' } },
    ],
    within: 'while a manager migrates it away',
    states: ['running'],
  },
  'running in a post-copy that failed': {
    first: [
      { type: 'manager.jobBegan', kind: 'migration-out' },
      { type: 'qemu.STOP', data: {} },
      { type: 'qemu.MIGRATION', data: { status: 'postcopy-active' } },
      { type: 'qemu.MIGRATION', data: { status: 'postcopy-paused' } },
      { type: 'qemu.RESUME', data: {} },
    ],
    within: 'while a manager migrates it away',
    states: ['running'],
  },
  'with a QEMU job that is followed': {
    last: [
      { type: 'qemu.JOB_STATUS_CHANGE', data: { id: 'job0', status: 'created' } },
      { type: 'qemu.JOB_STATUS_CHANGE', data: { id: 'job0', status: 'running' } },
    ],
  },
};

/** The situation that another is a part of. @param {string} situation */
export const within = (situation) => SITUATIONS[situation]?.within ?? '';

/**
 * Runs everything once.
 *
 * @param {any} tables - the exports of src/events
 * @param {any} machines - the exports of src/machines
 * @param {readonly DomainDevice[]} devices - one of each kind, of the names in `fields.mjs`
 * @returns {ReadonlyMap<string, readonly Seen[]>} by QEMU event
 */
export function explore(tables, machines, devices) {
  /** @type {{ situation: string, state: string, place: Place }[]} */
  const places = [];
  for (const [situation, { policies, watchdog, first = [], last = [], states = STATES }] of Object.entries(
    SITUATIONS,
  ))
    for (const reached of states) {
      let place = reach(machines, reached, policies ?? noPolicies, devicesWith(devices, watchdog ?? 'none'));
      for (const event of [...first, ...last]) place = send(machines, place, event).place;
      const state = machineState(place.snapshot);
      places.push({ situation, state, place });
    }
  return new Map(
    Object.entries(tables.qemuEvents).map(([name, row]) => [
      name,
      variantsOf(name, row).flatMap((data) =>
        places.map(({ situation, state, place }) => ({
          situation,
          state,
          data,
          step: send(machines, place, { type: `qemu.${name}`, data }),
        })),
      ),
    ]),
  );
}

/**
 * Process events that no QEMU event submits, and what does.
 *
 * @param {any} machines - the exports of src/machines
 * @param {readonly DomainDevice[]} devices
 * @returns {ReadonlyMap<string, readonly string[]>} by process event
 */
export function exploreOthers(machines, devices) {
  const input = { key: 'k', devices: devicesWith(devices, 'none'), policies: noPolicies, monitored: false };
  const [snapshot] = initialTransition(machines.domainMachine, input);
  const contact = { incarnation: RUN, id: 1, name: null, uuid: null, runState: 'running' };
  const met = send(machines, { snapshot, jobs: new Map() }, { type: 'monitor.ready', contact });
  const lost = send(machines, met.place, { type: 'monitor.lost', protocolError: false });
  const steps = {
    'a QEMU that answers': met,
    'an attempt to connect again that failed': send(machines, lost.place, {
      type: 'monitor.attemptFailed',
      attempt: 'refused',
    }),
    'a program of the host that ended': send(machines, met.place, {
      type: 'service.exited',
      alias: 'virtio-disk0',
    }),
  };
  /** @type {Map<string, string[]>} */
  const by = new Map();
  for (const [what, { submitted }] of Object.entries(steps))
    for (const type of submitted) by.set(type, [...(by.get(type) ?? []), what]);
  return by;
}

/** @param {readonly DomainDevice[]} devices @param {string} watchdog @returns {DomainDevice[]} */
const devicesWith = (devices, watchdog) =>
  devices.map((device) => (device.type === 'watchdog' ? { ...device, action: watchdog } : device));

/**
 * @param {any} machines @param {string} state @param {object} policies @param {readonly DomainDevice[]} devices
 * @returns {Place}
 */
function reach(machines, state, policies, devices) {
  const input = { key: 'k', devices, policies, monitored: false };
  const [snapshot] = initialTransition(machines.domainMachine, input);
  const off = { snapshot, jobs: new Map() };
  if (state === 'starting')
    return send(machines, off, { type: 'manager.starting', incarnation: { uuid: RUN, id: 1 } }).place;
  const contact = {
    incarnation: RUN,
    id: 1,
    name: null,
    uuid: null,
    runState: RUN_STATES[state] ?? 'running',
  };
  const met = send(machines, off, { type: 'monitor.ready', contact }).place;
  return state === 'stopping'
    ? send(machines, met, { type: 'manager.stopping', detail: 'destroyed', reason: 'destroyed' }).place
    : met;
}

/**
 * One event, and what the actors of QEMU jobs make of it. Handlers end at once, as done, before the next.
 *
 * @param {any} machines @param {Place} from @param {any} event @returns {Step}
 */
function send(machines, from, event) {
  const before = reportedAs(from.snapshot);
  /** @type {{ emitted: string[], dropped: string[], submitted: string[] }} */
  const told = { emitted: [], dropped: [], submitted: [] };
  const place = { snapshot: from.snapshot, jobs: new Map(from.jobs) };
  const waiting = [{ timestamp: null, incarnation: RUN, ...event }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
    waiting.push(...step(machines, place, next, told));
  const after = reportedAs(place.snapshot);
  const known = changed(from.snapshot.context.facts, place.snapshot.context.facts);
  for (let left = worksOf(place.snapshot); left.running !== null; left = worksOf(place.snapshot)) {
    const { id, incarnation } = left.running;
    step(
      machines,
      place,
      { type: 'processEvent.ended', id, incarnation, outcome: { status: 'done', ...foundJob(left.running) } },
      { emitted: [], dropped: [], submitted: [] },
    );
  }
  return { ...told, known, before, after, place };
}

/** What the look at a QEMU job finds, so that there is something to announce of it. @param {any} running */
function foundJob({ event }) {
  if (event.type !== 'jobCreated') return {};
  const { id, actor } = event.data;
  return { facts: { qemuJobs: [{ found: 'work', id, actor, type: null, disk: 'virtio-disk0' }] } };
}

/**
 * @param {any} machines @param {Place} place @param {any} event
 * @param {{ emitted: string[], dropped: string[], submitted: string[] }} told
 * @returns {any[]} what actors of QEMU jobs answer
 */
function step({ domainMachine, qemuJobMachine }, place, event, told) {
  const before = worksOf(place.snapshot).all;
  const [next, actions] = transition(domainMachine, place.snapshot, event);
  place.snapshot = /** @type {Snapshot} */ (next);
  told.submitted.push(
    ...worksOf(place.snapshot)
      .all.filter((work) => !before.includes(work))
      .map(({ type }) => type),
  );
  return /** @type {{ type: string, params: any }[]} */ (actions).flatMap(({ type, params }) => {
    if (type === 'xstate.emit') tell(params.event, told);
    if (type === 'xstate.spawnChild' && params.src === 'qemuJob')
      place.jobs.set(params.id, initialTransition(qemuJobMachine, { ...params.input, domain: nobody })[0]);
    if (type !== 'xstate.sendTo' || !place.jobs.has(params.targetId)) return [];
    const [job, answers] = transition(qemuJobMachine, place.jobs.get(params.targetId), params.event);
    place.jobs.set(params.targetId, job);
    return /** @type {{ type: string, params: any }[]} */ (answers)
      .filter((answer) => answer.type === 'xstate.sendTo')
      .map((answer) => answer.params.event);
  });
}

/** What an actor of a QEMU job tells is read off its actions. */
const nobody = { id: 'domain', sessionId: 'nobody', send() {} };

/** @param {any} item @param {{ emitted: string[], dropped: string[] }} told */
function tell(item, told) {
  if (item.type === 'drop') told.dropped.push(item.args.reason);
  else if (item.type === 'lifecycle') told.emitted.push(`lifecycle ${item.args.event} ${item.args.detail}`);
  else if (item.type !== 'outcome' && item.type !== 'operation.ended') told.emitted.push(item.type);
}

/** @param {Snapshot} snapshot */
function worksOf({ context: { work } }) {
  const running = work.running === null ? [] : [work.running.event];
  return { running: work.running, all: [...running, ...work.waiting.map(({ event }) => event)] };
}

/** @param {any} before @param {any} after */
const changed = (before, after) => Object.keys(after).filter((name) => after[name] !== before[name]);

/** `active.running` → `running` @param {Snapshot} snapshot */
const machineState = ({ value }) => (typeof value === 'object' ? String(value.active) : String(value));

/** As it is told: `paused (ioerror)`. @param {Snapshot} snapshot */
function reportedAs(snapshot) {
  const state = machineState(snapshot);
  const told = state === 'starting' ? 'paused' : state === 'stopping' ? snapshot.context.stoppingFrom : state;
  return `${told} (${snapshot.context.reason})`;
}

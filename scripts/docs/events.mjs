// The page of all events: the rows of the tables, and where the domain machine answers them.

import { answersOf, pathOf } from './machines.mjs';
import { code, GENERATED, page, table } from './text.mjs';
import { describeType, membersOfInterface } from './types.mjs';

/**
 * @param {string} root
 * @param {any} tables - the exports of src/events
 * @param {import('xstate').AnyStateMachine} domainMachine
 */
export function eventsPage(root, tables, domainMachine) {
  const file = (/** @type {string} */ name) => `${root}src/events/${name}.ts`;
  return page(
    GENERATED,
    '# Events',
    "Four kinds, told apart by their names: a *QEMU event* is what QEMU says, a *process event* is work that it leaves for a handler, a *domain event* is what subscribers hear in libvirt's words, a *report* is what they hear beside it. [How one becomes another](event-handlers.md).",
    '## QEMU events (Table 1)',
    'From `src/events/qemu-events.ts`. A QEMU event without a row is counted as `unknown`; as every QEMU event, it is told as a `monitor-event`. "Dropped" is counted, with the reason `missing-field` or `wrong-type`. What no state answers is counted as `ignored-in-state`, what is of another incarnation as `stale`.',
    table(
      ['event', 'members that are read', 'what it tells', 'answered in', 'source'],
      sorted(tables.qemuEvents).map(([name, row]) => [
        code(name),
        members(row.shape),
        row.summary,
        answers(domainMachine, `qemu.${name}`),
        row.source,
      ]),
    ),
    '## Process events (Table 2)',
    'From `src/events/process-events.ts`; the handler of each is `src/actors/handlers/`. Of one domain one runs at a time, in order. *Coalesced*: while one waits, another with the same members is dropped and counted. *Overtakes*: runs although the monitor is lost, ahead of what waits. *Must run*: after a time-out it is submitted again, and after an overflow of the queue all NICs are read again.',
    table(
      ['type', 'members', 'what it is for', 'job', 'coalesced', 'overtakes', 'must run', 'time-out'],
      sorted(tables.processEvents).map(([name, row]) => [
        code(name),
        describeType(membersOfInterface(file('process-events'), 'ProcessEventData').get(name)),
        row.summary,
        row.job === null ? 'none' : code(row.job),
        yes(row.coalesceKey !== null),
        yes(row.overtakes),
        yes(row.mustRun),
        `${row.timeoutMs / 1000} s`,
      ]),
    ),
    '## Domain events (Table 3)',
    'From `src/events/domain-events.ts`. Ids as `virsh event --list` prints them.',
    table(
      ['id', '`args`', 'what it tells', 'source'],
      sorted(tables.domainEvents).map(([name, row]) => [
        code(name),
        describeType(membersOfInterface(file('domain-events'), 'DomainEventArgs').get(name)),
        row.summary,
        row.source,
      ]),
    ),
    '`Lifecycle` is `{ event, detail }`, in the words below. `RxFilter` and `HostChange` are in `src/events/nic.ts`.',
    `\`watchdogActions\`: ${tables.watchdogActions.map(code).join(', ')}.`,
    '## Reports',
    'From `src/events/reports.ts`. Subscribed to as domain events are.',
    table(
      ['id', '`args`', 'what it tells'],
      sorted(tables.reports).map(([name, summary]) => [
        code(name),
        describeType(membersOfInterface(file('reports'), 'ReportArgs').get(name)),
        summary,
      ]),
    ),
    '## Words',
    "From `src/events/domain-state.ts`: libvirt's constants in lower case, in their order. Not all of them are set by what is here so far.",
    words('state', 'reasons', tables.domainStates),
    words('`lifecycle` event', 'details', tables.lifecycleDetails),
    "What a domain is found as at attach, by QEMU's run state; a run state that is not here is `paused`, `unknown`:",
    table(
      ['run state', 'state', 'reason'],
      sorted(tables.stateOfRunState).map(([runState, { state, reason }]) =>
        [runState, state, reason].map(code),
      ),
    ),
  );
}

/** @param {Record<string, any>} rows */
const sorted = (rows) => Object.entries(rows).sort(([one], [other]) => (one < other ? -1 : 1));

/** @param {boolean} is */
const yes = (is) => (is ? 'yes' : '');

/** @param {Record<string, { kind: string, missing?: unknown, invalid?: unknown, words?: string[] }>} shape */
function members(shape) {
  const all = Object.entries(shape).map(([name, field]) => {
    const type = field.words === undefined ? field.kind : field.words.join('\\|');
    const missing = 'missing' in field ? `missing: ${value(field.missing)}` : 'missing: dropped';
    const wrong = 'invalid' in field ? `wrong: ${value(field.invalid)}` : 'wrong: dropped';
    return `\`${name}: ${type.replaceAll('\\|', ' or ')}\` (${missing}; ${wrong})`;
  });
  return all.join('<br>') || 'none';
}

/** @param {unknown} fallback */
const value = (fallback) => code(fallback === null ? 'null' : fallback);

/** @param {import('xstate').AnyStateMachine} machine @param {string} event */
function answers(machine, event) {
  const found = answersOf(machine.root, event).map(({ state, targets }) => {
    const to = targets.map(
      (/** @type {import('xstate').AnyStateNode} */ target) => ` → ${code(pathOf(target))}`,
    );
    return `${code(pathOf(state))}${to.join('')}`;
  });
  return [...new Set(found)].join('<br>') || 'none';
}

/** @param {string} one @param {string} many @param {Record<string, readonly string[]>} lists */
const words = (one, many, lists) =>
  table(
    [one, many],
    Object.entries(lists).map(([name, list]) => [code(name), list.map(code).join(', ')]),
  );

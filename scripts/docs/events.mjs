// The page of all events: the rows of the tables, and what the domain machine makes of each QEMU event when it is run.

import { existsSync, readFileSync } from 'node:fs';
import { STATES, within } from './explore.mjs';
import { describeMembers } from './fields.mjs';
import { code, GENERATED, page, sorted, table } from './text.mjs';
import { describeType, membersOfInterface } from './types.mjs';

/** @typedef {import('./explore.mjs').Seen} Seen */

/**
 * @param {string} root
 * @param {any} tables - the exports of src/events
 * @param {ReadonlyMap<string, readonly Seen[]>} seen - by QEMU event
 * @param {ReadonlyMap<string, readonly string[]>} others - what else submits a process event
 */
export function eventsPage(root, tables, seen, others) {
  const file = (/** @type {string} */ name) => `${root}src/events/${name}.ts`;
  return page(
    GENERATED,
    '# Events',
    "Four kinds, told apart by their names: a *QEMU event* is what QEMU says, a *process event* is work that it leaves for a handler, a *domain event* is what subscribers hear in libvirt's words, a *report* is what they hear beside it. [How one becomes another](event-handlers.md), and [what the states mean](states.md).",
    '## QEMU events (Table 1)',
    'What each does to a domain, found by running the domain machine with it in every state. A state or condition in brackets: only there. Without one: in every state of a domain that is active, but for the two at the edges: while a manager starts it `RESET` says nothing, and while it is being ended only `SHUTDOWN` and `RESET` do. What an event does nothing in is counted as `ignored-in-state`, what is of another incarnation as `stale`. Every QEMU event, these or not, is also told as a `monitor-event`.',
    table(
      ['event', 'what it tells', 'state becomes', 'announces', 'leaves for a handler', 'told by `vm.info()`'],
      sorted(tables.qemuEvents).map(([name, row]) => {
        const all = seen.get(name) ?? [];
        return [
          code(name),
          row.summary,
          moves(all),
          listed(all, ({ step }) => step.emitted),
          listed(all, ({ step }) => step.submitted),
          listed(all, ({ step }) => step.known),
        ];
      }),
    ),
    '### What is read of each',
    'From the rows in `src/events/qemu`. Other members are not looked at. Without a note a member must be there and of its type, else the event is dropped and counted, as `missing-field` or `wrong-type`; `else` says what stands in for it. Strings of more than 4096 characters are none.',
    table(
      ['event', 'members', 'source'],
      alike(sorted(tables.qemuEvents).map(([name, row]) => [name, describeMembers(row.shape), row.source])),
    ),
    '### Ignored',
    'From `src/events/qemu/ignored.ts`. QEMU events that libvirt has no handler for, and why they mean nothing to a domain here: counted as `ignored-in-state`. A name that is in neither table is counted as `unknown`.',
    table(
      ['event', 'why'],
      sorted(tables.ignoredQemuEvents).map(([name, why]) => [code(name), why]),
    ),
    ...evidence(root),
    '## Process events (Table 2)',
    'From `src/events/process-events.ts`. Of one domain one runs at a time, in order.',
    table(
      ['type', 'what it is for', 'members', 'submitted by', 'handler'],
      sorted(tables.processEvents).map(([name, row]) => [
        code(name),
        row.summary,
        describeType(membersOfInterface(file('process-events'), 'ProcessEventData').get(name)),
        submitters(name, seen, others),
        handlerOf(root, name),
      ]),
    ),
    '### How each runs',
    '*Job*: the domain job that it holds meanwhile. *Commands*: a QEMU that lacks one is not asked; the outcome is `ignored`, `not supported by this QEMU`. *Coalesced*: while one waits, another of the same key is dropped and counted. *Taken over*: an operation that waits for just that gets it instead. *Overtakes*: runs although the monitor is lost, ahead of what waits. *Must run*: after a time-out it is submitted again, and after an overflow of the queue all is read again.',
    table(
      ['type', 'job', 'commands', 'coalesced', 'taken over', 'overtakes', 'must run', 'time-out'],
      sorted(tables.processEvents).map(([name, row]) => [
        code(name),
        row.job === null ? 'none' : code(row.job),
        (row.commands ?? []).map(code).join(', '),
        yes(row.coalesceKey != null),
        yes(row.takeoverKey != null),
        yes(row.overtakes),
        yes(row.mustRun),
        row.timeoutMs % 3_600_000 === 0 ? `${row.timeoutMs / 3_600_000} h` : `${row.timeoutMs / 1000} s`,
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
    "From `src/events/domain-state.ts`: libvirt's constants in lower case, in their order. [What the states and reasons mean, and which are used](states.md).",
    words('state', 'reasons', tables.domainStates),
    words('`lifecycle` event', 'details', tables.lifecycleDetails),
  );
}

/** @param {boolean} is */
const yes = (is) => (is ? 'yes' : '');

/** Rows that differ in their names only are one. @param {readonly string[][]} rows */
function alike(rows) {
  /** @type {Map<string, string[][]>} */
  const groups = new Map();
  for (const row of rows) {
    const key = row.slice(1).join(' ');
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => [
    group.map(([name]) => code(name)).join('<br>'),
    ...(group[0] ?? []).slice(1),
  ]);
}

/** The states that a domain is in from its start to its end. */
const FULL = STATES.filter((state) => state !== 'starting' && state !== 'stopping');

/** Everything of a kind that came of an event, each with where it did. @param {readonly Seen[]} all @param {(one: Seen) => readonly string[]} what */
function listed(all, what) {
  /** @type {Map<string, Seen[]>} */
  const where = new Map();
  for (const one of all) for (const item of what(one)) where.set(item, [...(where.get(item) ?? []), one]);
  return [...where].map(([item, found]) => `${code(item)}${whereOf(found)}`).join('<br>');
}

/** @param {readonly Seen[]} found */
function whereOf(found) {
  const states = new Set(found.filter(({ situation }) => situation === '').map(({ state }) => state));
  if (FULL.every((state) => states.has(state))) return '';
  if (states.size > 0) return ` (${STATES.filter((state) => states.has(state)).join(', ')})`;
  const situations = new Set(found.map(({ situation }) => situation));
  return ` (${[...situations].filter((one) => !situations.has(within(one))).join('; ')})`;
}

/** @param {readonly Seen[]} all */
function moves(all) {
  /** @type {Map<string, Seen[]>} */
  const byTarget = new Map();
  for (const one of all) {
    const { before, after } = one.step;
    if (before !== after) byTarget.set(after, [...(byTarget.get(after) ?? []), one]);
  }
  return [...byTarget].map(([target, found]) => `${code(target)}${whereOf(found)}`).join('<br>');
}

/** @param {string} type @param {ReadonlyMap<string, readonly Seen[]>} seen @param {ReadonlyMap<string, readonly string[]>} others */
function submitters(type, seen, others) {
  const events = [...seen].filter(([, all]) => all.some(({ step }) => step.submitted.includes(type)));
  return [...events.map(([name]) => code(name)).sort(), ...(others.get(type) ?? [])].join('<br>');
}

/** @param {string} root @param {string} type */
function handlerOf(root, type) {
  const index = readFileSync(`${root}src/actors/handlers/index.ts`, 'utf8');
  const [, path] = new RegExp(`import \\{ ${type} \\} from '\\./([^']+)'`).exec(index) ?? [];
  return path === undefined ? '' : code(`src/actors/handlers/${path}`);
}

/**
 * What test/data/event-evidence.json says of each event; `test/unit/events/evidence.test.ts` keeps it true.
 *
 * @typedef {{
 *   real?: { file: string, title: string },
 *   golden?: readonly string[],
 *   capture?: readonly string[],
 *   fake?: { why: string },
 * }} Evidence
 */

/** @param {string} root */
function evidence(root) {
  const path = 'test/data/event-evidence.json';
  if (!existsSync(`${root}${path}`)) return [];
  /** @type {Record<string, Evidence>} */
  const all = JSON.parse(readFileSync(`${root}${path}`, 'utf8'));
  const real = Object.values(all).filter((one) => one.real !== undefined).length;
  return [
    '### What shows it',
    `From \`${path}\`. *Real*: a test provokes it on a real QEMU. *Golden*: libvirt was recorded with it, and what it announced is compared. *Capture*: lines that a real QEMU sent. *Fake only*: just the fake QEMU sends it, with the reason. ${real} of ${Object.keys(all).length} are shown on a real QEMU.`,
    table(
      ['event', 'shown by', 'how'],
      sorted(all).map(([name, one]) => [code(name), kindsOf(one), howOf(one)]),
    ),
  ];
}

/** @param {Evidence} one */
function kindsOf({ real, golden, capture, fake }) {
  const kinds = [
    ...(real === undefined ? [] : ['real']),
    ...(golden === undefined ? [] : ['golden']),
    ...(capture === undefined ? [] : ['capture']),
  ];
  if (fake === undefined) return kinds.join(', ');
  return kinds.length === 0 ? 'fake only' : [...kinds, 'fake'].join(', ');
}

/** A test's title without the sources at its end, and names of recordings. @param {Evidence} one */
function howOf({ real, golden = [], capture = [], fake }) {
  return [
    ...(real === undefined ? [] : [`${code(real.file)}: ${real.title.replace(/ \([^()]*\)$/, '')}`]),
    ...named('recordings', golden),
    ...named('captures', capture),
    ...(fake === undefined ? [] : [`fake: ${fake.why}`]),
  ].join('<br>');
}

/** @param {string} what @param {readonly string[]} names */
function named(what, names) {
  const [one, two, three, ...others] = names;
  if (one === undefined) return [];
  const shown = [one, two, three].filter((name) => name !== undefined).join(', ');
  return [`${what}: ${shown}${others.length === 0 ? '' : `, and ${others.length} more`}`];
}

/** @param {string} one @param {string} many @param {Record<string, readonly string[]>} lists */
const words = (one, many, lists) =>
  table(
    [one, many],
    Object.entries(lists).map(([name, list]) => [code(name), list.map(code).join(', ')]),
  );

// A page for each machine: its states, events, guards and actions as tables, and a diagram.

import { readdirSync, readFileSync } from 'node:fs';
import { code, GENERATED, page, table } from './text.mjs';
import { commentsIn } from './types.mjs';

/** @typedef {import('xstate').AnyStateNode} StateNode */
/** @typedef {{ event: string, guard: string, targets: StateNode[], actions: string[] }} Edge */

/**
 * @param {string} root
 * @param {string} name - of the page; the machine is `machines/NAME-machine.ts`
 * @param {import('xstate').AnyStateMachine} machine
 */
export function machinePage(root, name, machine) {
  const path = `src/machines/${name}-machine.ts`;
  const states = statesOf(machine.root);
  const files = readdirSync(`${root}src/machines`)
    .filter((file) => file.startsWith(`${name}-`))
    .map((file) => `${root}src/machines/${file}`);
  return page(
    GENERATED,
    `# The ${name} machine`,
    `From \`${path}\`. What each state means stands there; how an action is done, in its \`setup\`.`,
    purposeOf(readFileSync(`${root}${path}`, 'utf8')),
    '## Diagram',
    'Transitions to another state. What an event does without leaving its state is in the tables. A state in a state hands on what it does not answer itself.',
    `\`\`\`mermaid\n${diagram(machine.root)}\n\`\`\``,
    '## States',
    ...states.flatMap((state) => section(machine.root, state)),
    '## Guards',
    described(
      states.flatMap((state) => edgesOf(state).map(({ guard }) => guard)),
      commentsIn(files, 'guards'),
    ),
    '## Actions',
    described(
      states.flatMap((state) => [...entryOf(state), ...edgesOf(state).flatMap(({ actions }) => actions)]),
      commentsIn(files, 'actions'),
    ),
  );
}

/** A state's path below the machine, `(any)` for the machine itself. @param {StateNode} state */
const pathOf = (state) => (state.path.length === 0 ? '(any)' : state.path.join('.'));

/** The comment at the head of the file. @param {string} text */
function purposeOf(text) {
  const comment = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? '';
  return comment
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}

/** @param {StateNode} state @returns {StateNode[]} */
const statesOf = (state) => [state, ...Object.values(state.states).flatMap(statesOf)];

/** @param {StateNode} rootState @param {StateNode} state */
function section(rootState, state) {
  const edges = edgesOf(state);
  const facts = [
    state.tags.length > 0 ? `Tags: ${state.tags.map(code).join(', ')}.` : '',
    Object.keys(state.states).length > 0 ? `Begins in ${code(startOf(state))}.` : '',
    entryOf(state).length > 0 ? `On entry: ${entryOf(state).map(code).join(', ')}.` : '',
    state.invoke.length > 0
      ? `Runs ${state.invoke.map(({ id }) => code(id)).join(', ')} while it lasts.`
      : '',
    state.type === 'final' ? 'The end.' : '',
  ].filter((fact) => fact !== '');
  if (edges.length === 0 && facts.length === 0 && state === rootState) return [];
  const title = state === rootState ? 'Any state that does not answer itself' : code(pathOf(state));
  return [
    `### ${title}`,
    facts.length > 0 ? facts.join(' ') : null,
    edges.length === 0
      ? null
      : table(
          ['event', 'guard', 'to', 'actions'],
          edges.map(({ event, guard, targets, actions }) => [
            code(event),
            guard === '' ? '' : code(guard),
            targets.map((target) => code(pathOf(target))).join(', '),
            actions.map(code).join(', '),
          ]),
        ),
  ];
}

/** @param {StateNode} state */
const startOf = (state) =>
  state.initial.target.map((/** @type {StateNode} */ target) => pathOf(target)).join(', ');

/** @param {StateNode} state @returns {string[]} */
// The delayed events of `after` are raised on entry too; they stand with the events.
const entryOf = (state) => state.entry.map(nameOf).filter((name) => name !== 'xstate.raise');

/** A state's transitions, in the order in which they are tried; sorted by event. @param {StateNode} state @returns {Edge[]} */
function edgesOf(state) {
  const edges = [...state.transitions.values(), state.always ?? []].flat().map((transition) => ({
    event: eventOf(String(transition.eventType)),
    guard: transition.guard === undefined ? '' : nameOf(transition.guard),
    targets: transition.target ?? [],
    actions: transition.actions.map(nameOf),
  }));
  // Stable: of one event the order is that of trying.
  return edges.sort((one, other) => (one.event < other.event ? -1 : one.event > other.event ? 1 : 0));
}

/**
 * XState's own names of events, in gen_statem's words.
 *
 * @param {string} type
 */
function eventOf(type) {
  if (type === '') return '(at once)';
  const after = /^xstate\.after\.([^.]+)\./.exec(type);
  if (after !== null) return `(after ${after[1]})`;
  const ended = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type);
  if (ended !== null) return `(${ended[2]} ${ended[1] === 'done' ? 'ended' : 'failed'})`;
  return type;
}

/** A name, with those parameters that do not depend on the event. @param {unknown} named @returns {string} */
function nameOf(named) {
  if (typeof named === 'string') return named;
  const { type, params } = /** @type {{ type?: unknown, params?: unknown }} */ (named);
  if (typeof type !== 'string') return '(unnamed)';
  if (typeof params !== 'object' || params === null) return type;
  return `${type}(${Object.values(params)
    .map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
    .join(', ')})`;
}

/**
 * Names in order, each with its comment.
 *
 * @param {string[]} names
 * @param {Map<string, string>} comments
 */
function described(names, comments) {
  const all = [...new Set(names.map((name) => name.replace(/\(.*$/, '')))]
    .filter((name) => name !== '')
    .sort();
  const line = (/** @type {string} */ name) => {
    const comment = comments.get(name) ?? '';
    return comment === '' ? `- ${code(name)}` : `- ${code(name)}: ${comment}`;
  };
  return all.length === 0 ? 'None.' : all.map(line).join('\n');
}

/** Event and guard, as an arrow is labelled. @param {string} event @param {string} guard */
const eventAndGuard = (event, guard) => (guard === '' ? event : `${event} [${guard}]`);

/**
 * @param {StateNode} rootState
 * @param {(event: string, guard: string, from: StateNode) => string | null} labelOf - null: not drawn
 */
export function diagram(rootState, labelOf = eventAndGuard) {
  return ['stateDiagram-v2', ...body(rootState, '  '), ...arrows(rootState, labelOf)].join('\n');
}

/** @param {StateNode} state */
const idOf = (state) => state.path.join('_');

/** The states in a state, and where it begins. @param {StateNode} state @param {string} indent @returns {string[]} */
function body(state, indent) {
  const begin = `${indent}[*] --> ${state.initial.target.map(idOf).join('')}`;
  return [
    begin,
    ...Object.values(state.states).flatMap((child) =>
      Object.keys(child.states).length === 0
        ? [
            `${indent}state "${child.key}" as ${idOf(child)}`,
            ...(child.type === 'final' ? [`${indent}${idOf(child)} --> [*]`] : []),
          ]
        : [`${indent}state "${child.key}" as ${idOf(child)} {`, ...body(child, `${indent}  `), `${indent}}`],
    ),
  ];
}

/**
 * One arrow from a state to another, with all its events. What all states in a state do alike is drawn once, from
 * that state.
 *
 * @param {StateNode} rootState
 * @param {(event: string, guard: string, from: StateNode) => string | null} labelOf
 */
function arrows(rootState, labelOf) {
  const states = statesOf(rootState);
  /** @type {Map<string, { target: StateNode, label: string, froms: Set<StateNode> }>} */
  const edges = new Map();
  for (const state of states)
    for (const { event, guard, targets } of edgesOf(state))
      for (const target of targets) {
        const label = labelOf(event, guard, state);
        if (label === null) continue;
        const key = `${label} ${target.id}`;
        const edge = edges.get(key) ?? { target, label, froms: new Set() };
        edges.set(key, edge);
        // From anywhere: from each state below the machine.
        const froms = state === rootState ? Object.values(rootState.states) : [state];
        for (const from of froms) if (from !== target) edge.froms.add(from);
      }
  /** @type {Map<string, string[]>} */
  const labels = new Map();
  for (const { target, label, froms } of edges.values()) {
    for (const parent of states.filter((state) => state !== rootState)) {
      const children = Object.values(parent.states).filter((child) => child !== target);
      if (children.length < 2 || !children.every((child) => froms.has(child))) continue;
      for (const child of children) froms.delete(child);
      froms.add(parent);
    }
    for (const from of froms) {
      const arrow = `${idOf(from)} --> ${idOf(target)}`;
      labels.set(arrow, [...new Set([...(labels.get(arrow) ?? []), label])]);
    }
  }
  return [...labels].map(([arrow, all]) => `  ${arrow}: ${all.sort().join('<br/>')}`).sort();
}

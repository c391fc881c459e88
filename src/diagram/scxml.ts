/** SCXML: the W3C's State Chart XML 1.0. */
import type { AnyStateMachine } from 'xstate';
import { type Diagram, type DiagramState, type DiagramTransition, diagramOf } from './graph.ts';
import { identifier } from './identifier.ts';
import { type Selection, select } from './select.ts';
import { escapeXml } from './xml.ts';

/** Actions of the machine are executable content of a namespace of their own, as SCXML §4.10 allows. */
const ACTIONS = 'urn:qemu-actors:action';

/**
 * The whole machine. Guards are conditions by name, actions are `<action name="…"/>` of a namespace of their own; what an
 * `after` waits for is sent on entry and cancelled on exit.
 *
 * Ids are those of {@link identifier}; of transitions the most specific event stands first, as XState tries them.
 *
 * @throws RangeError, TypeError for a selection that does not fit
 */
export function toScxml(source: AnyStateMachine | Diagram, selection: Selection = {}): string {
  const diagram = select('transitions' in source ? (source as Diagram) : diagramOf(source), selection);
  const { id, root } = diagram;
  // A machine is one state of its own, so that its transitions have a place.
  const initial = root.type !== 'compound' || hasOwn(diagram) ? [ROOT] : root.initial.map(identifier);
  const inner =
    initial[0] === ROOT ? element(root, diagram) : root.states.flatMap((state) => element(state, diagram));
  const head = attributes({
    xmlns: 'http://www.w3.org/2005/07/scxml',
    'xmlns:x': ACTIONS,
    version: '1.0',
    name: id,
    initial: initial.join(' '),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<scxml${head}>`,
    ...inner.map((line) => `  ${line}`),
    '</scxml>',
    '',
  ].join('\n');
}

const ROOT = 'root_';

const hasOwn = ({ root, transitions }: Diagram): boolean =>
  transitions.some(({ source }) => source === '') ||
  root.entry.length + root.exit.length + root.invokes.length > 0;

const idOf = (path: string): string => (path === '' ? ROOT : identifier(path));

function element(state: DiagramState, diagram: Diagram): string[] {
  const { type, path, initial, states } = state;
  const own = diagram.transitions.filter(({ source }) => source === path);
  if (type === 'history')
    return [
      `<history${attributes({ id: idOf(path), type: state.history as string })}>`,
      ...initial.map((target) => `  <transition${attributes({ target: idOf(target) })}/>`),
      '</history>',
    ];
  const name = type === 'parallel' && states.length > 0 ? 'parallel' : type === 'final' ? 'final' : 'state';
  const start = name === 'state' && states.length > 0 ? initial.map(idOf).join(' ') : '';
  const body = [
    ...contents('onentry', [...state.entry.map(action), ...clocksOf(own, path).map(send)]),
    ...contents('onexit', [...state.exit.map(action), ...clocksOf(own, path).map(cancel)]),
    ...state.invokes.map(
      ({ id, src }) => `<invoke${attributes({ type: 'xstate', id: actorId(id, path), src: src ?? id })}/>`,
    ),
    ...[...own]
      .sort((one, other) => generality(one) - generality(other))
      .flatMap((one) => transition(one, path)),
    ...states.flatMap((child) => element(child, diagram)),
  ];
  const open = `${name}${attributes({ id: idOf(path), ...(start === '' ? {} : { initial: start }) })}`;
  return body.length === 0 ? [`<${open}/>`] : [`<${open}>`, ...body.map((line) => `  ${line}`), `</${name}>`];
}

/** The longer what stands before a `*`, the earlier; exact ones first. */
function generality({ trigger }: DiagramTransition): number {
  if (trigger.kind !== 'event' || !trigger.type.endsWith('*')) return -1;
  return 1000 - Math.min(999, trigger.type.length);
}

function transition(one: DiagramTransition, path: string): string[] {
  const { targets, guard, actions, reenter } = one;
  const event = eventOf(one, path);
  const head = attributes({
    ...(event === null ? {} : { event }),
    ...(guard === null ? {} : { cond: guard }),
    ...(targets.length === 0 ? {} : { target: targets.map(idOf).join(' ') }),
    ...(targets.length === 0 || reenter ? {} : { type: 'internal' }),
  });
  return actions.length === 0
    ? [`<transition${head}/>`]
    : [`<transition${head}>`, ...actions.map((name) => `  ${action(name)}`), '</transition>'];
}

/** An event name has no spaces in SCXML: they would part it from another one. */
const token = (text: string): string => text.replace(/\s+/g, '_');

function eventOf({ trigger }: DiagramTransition, path: string): string | null {
  switch (trigger.kind) {
    case 'event':
      return token(trigger.type);
    case 'always':
      return null;
    case 'after':
      return clockId(trigger.delay, path);
    case 'done.state':
      return `done.state.${idOf(path)}`;
    case 'done':
      return `done.invoke.${actorId(trigger.child, path)}`;
    default:
      return `${trigger.kind}.invoke.${actorId(trigger.child, path)}`;
  }
}

const actorId = (id: string, path: string): string =>
  id === 'invoked' ? `invoked.${idOf(path)}` : token(id);
const clockId = (delay: string, path: string): string => `after.${token(delay)}.${idOf(path)}`;

interface Clock {
  readonly delay: string;
  readonly id: string;
}

function clocksOf(transitions: readonly DiagramTransition[], path: string): Clock[] {
  const delays = transitions.flatMap(({ trigger }) => (trigger.kind === 'after' ? [trigger.delay] : []));
  return [...new Set(delays)].map((delay) => ({ delay, id: clockId(delay, path) }));
}

function send({ delay, id }: Clock): string {
  // A delay with a name is a value of the machine's own.
  const when = /^\d+$/.test(delay) ? { delay: `${delay}ms` } : { delayexpr: delay };
  return `<send${attributes({ event: id, id, ...when })}/>`;
}

const cancel = ({ id }: Clock): string => `<cancel${attributes({ sendid: id })}/>`;

const action = (name: string): string => `<x:action${attributes({ name })}/>`;

const contents = (name: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`<${name}>`, ...lines.map((line) => `  ${line}`), `</${name}>`];

const attributes = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('');

/** The way to a state, step by step: as data, as text, as a recording, as a sequence diagram. */
import type { EventObject, StateValue } from 'xstate';
import { describeValue } from '../walk.ts';
import { OUTSIDE } from './addresses.ts';
import type { Happening } from './options.ts';
import type { WorldState } from './state.ts';
import type { Made, Move, World } from './world.ts';

/** One step, as plain JSON: actors are named by `→` and their path, errors by their words. */
export interface TraceStep {
  /**
   * `message`: an actor handles what was sent to it. `outcome`: an actor that is no machine ends, and tells its parent.
   * `timeout`: one passes. `outside`: something comes from outside.
   */
  readonly kind: Move['kind'];
  /** A path, or `outside`. */
  readonly from: string;
  readonly to: string;
  readonly event: EventObject;
  /** How the event is called. */
  readonly name: string;
  /** What it did, in order. */
  readonly happened: readonly Happening[];
  /** The state of `to` after it, as `active.running`; null if it has none. */
  readonly value: string | null;
}

export interface Trace {
  /** What happened as the world began. */
  readonly start: readonly Happening[];
  readonly steps: readonly TraceStep[];
}

/** Makes the moves again, from the start: each is the number of one of those that may happen. */
export function traceOf(world: World, way: readonly number[]): Trace {
  const { locals } = world;
  const plain = (told: readonly number[]): Happening[] =>
    told.map((number) => locals.addresses.plain(locals.happening(number)) as Happening);
  const start = world.start();
  const steps: TraceStep[] = [];
  let { state } = start;
  for (const number of way) {
    const move = world.moves(state)[number] as Move;
    const made = world.make(state, move);
    steps.push({ ...stepOf(world, state, move, made), happened: plain(made.told) });
    state = made.state;
  }
  return { start: plain(start.told), steps };
}

function stepOf(world: World, before: WorldState, move: Move, { state }: Made): Omit<TraceStep, 'happened'> {
  const { locals } = world;
  const { from, to, event, name } = arrowOf(world, before, move);
  const { value } = world.view(state).snapshot(to) ?? {};
  return {
    kind: move.kind,
    from,
    to,
    event: locals.addresses.plain(event) as EventObject,
    name: name ?? event.type,
    value: value === undefined ? null : describeValue(value as StateValue),
  };
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly event: EventObject;
  readonly name?: string | undefined;
}

function arrowOf({ locals, outside, toldOf }: World, { live }: WorldState, move: Move): Arrow {
  if (move.kind === 'outside') {
    const { to, event, name } = outside[move.number] as World['outside'][number];
    return { from: OUTSIDE, to, event, name };
  }
  const { local, box } = live[move.at] as WorldState['live'][number];
  const { path } = local.address;
  if (move.kind === 'message') {
    const { from, event } = locals.message(box[move.index] as number);
    return { from, to: path, event };
  }
  if (move.kind === 'timeout') {
    const { event, to, delayMs } = local.timeouts[move.number] as (typeof local.timeouts)[number];
    return { from: path, to, event, name: `after ${delayMs} ms` };
  }
  return toldOf(local, move.number);
}

const LONGEST = 160;

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;

function describeEvent({ type, ...rest }: EventObject): string {
  return Object.keys(rest).length === 0 ? type : shortened(`${type} ${JSON.stringify(rest)}`);
}

/** What one happening is, in words; null: the step itself says it. */
function describeHappening(happening: Happening): string | null {
  switch (happening.what) {
    case 'came':
      return null;
    case 'emitted':
      return `emits ${describeEvent(happening.event)}`;
    case 'did':
      return `does ${happening.action}`;
    case 'sent':
      return `sends ${happening.to} ${describeEvent(happening.event)}`;
    case 'lost':
      return `${happening.event.type} comes to nobody: ${happening.actor} is not there`;
    case 'started':
      return `starts ${happening.actor}`;
    case 'stopped':
      return `stops ${happening.actor}`;
  }
}

/** One line a step, and one for each thing that it did. */
export function traceText({ steps }: Trace): string {
  return steps
    .flatMap(({ kind, from, to, event, name, value, happened }, at) => {
      const what =
        kind === 'message' || kind === 'outside'
          ? `${from} → ${to}: ${nameOf(event, name)}`
          : `${from}: ${name}`;
      const waits = kind !== 'message' && !happened.some(({ what }) => what === 'came');
      const did = happened.flatMap((one) => describeHappening(one) ?? []);
      return [
        `${String(at + 1).padStart(3)}. ${what}${waits ? ', which waits' : value === null ? '' : ` ⇒ ${value}`}`,
        ...did.map((line) => `       ${line}`),
      ];
    })
    .join('\n');
}

const nameOf = (event: EventObject, name: string): string =>
  name === event.type ? describeEvent(event) : name;

/**
 * JSON Lines: `start` with what happened as the world began, the steps by their kind, numbered from 1, then `violation`.
 * Each ends in a line feed.
 */
export function traceRecording({ start, steps }: Trace, violation: { rule: string; why: string }): string {
  const lines = [
    { kind: 'start', happened: start },
    ...steps.map(({ kind, ...did }, at) => ({ kind, step: at + 1, ...did })),
    { kind: 'violation', ...violation },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Mermaid says these otherwise. */
const escaped = (text: string): string =>
  text.replace(/[#;]/g, (character) => (character === '#' ? '#35;' : '#59;')).replace(/\s+/g, ' ');

/** A sequence diagram in Mermaid: an arrow for what is sent, a note for what is handled. */
export function traceDiagram({ start, steps }: Trace): string {
  const names = new Map<string, string>();
  const idOf = (path: string): string => {
    const known = names.get(path) ?? `a${names.size}`;
    names.set(path, known);
    return known;
  };
  const lines: string[] = [];
  const draw = (happened: readonly Happening[], actor: string): void => {
    for (const one of happened) {
      if (one.what === 'sent')
        lines.push(`${idOf(one.actor)}-)${idOf(one.to)}: ${escaped(shortened(one.event.type))}`);
      else if (one.what === 'started') lines.push(`Note over ${idOf(one.actor)}: starts`);
      else if (one.what === 'stopped') lines.push(`Note over ${idOf(one.actor)}: is stopped`);
      else {
        const words = describeHappening(one);
        if (words !== null) lines.push(`Note over ${idOf(actor)}: ${escaped(words)}`);
      }
    }
  };
  draw(start, OUTSIDE);
  for (const { kind, from, to, name, value, happened } of steps) {
    if (kind === 'outside') lines.push(`${idOf(from)}-)${idOf(to)}: ${escaped(name)}`);
    else if (kind !== 'message') lines.push(`Note over ${idOf(from)}: ${escaped(name)}`);
    if (happened.some(({ what }) => what === 'came'))
      lines.push(`Note over ${idOf(to)}: ${escaped(`${name}${value === null ? '' : ` ⇒ ${value}`}`)}`);
    draw(happened, to);
  }
  const participants = [...names].map(([path, id]) => `participant ${id} as ${escaped(path)}`);
  return ['sequenceDiagram', ...[...participants, ...lines].map((line) => `  ${line}`)].join('\n');
}

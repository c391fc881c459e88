/** What a picture shows of a diagram: arrows with their labels, and what happens inside of each state. */
import type { AnyStateMachine } from 'xstate';
import { type Diagram, type DiagramState, type DiagramTransition, diagramOf, statesOf } from './graph.ts';
import { type Mark, type Marks, noMarks } from './marks.ts';
import { type Selection, select } from './select.ts';

export interface PictureOptions extends Selection {
  /**
   * `full`: with actions, and events that leave no state. `brief`: without them; a guard only where it decides between
   * several transitions; what all states in a state do alike is one arrow from that state, and what leads to three or
   * more states in a state is one arrow to that state, which names them. `auto`: full for a machine of at most 40
   * transitions.
   *
   * @defaultValue `auto`
   */
  readonly detail?: 'auto' | 'brief' | 'full';
  /** What stands out; see `activeMarks`, `pathMarks`, `coverageMarks`. */
  readonly marks?: Marks;
}

export interface View {
  readonly diagram: Diagram;
  /** Outer ones first, without the root. */
  readonly states: readonly ViewState[];
  /** The root, which stands for any state; null if it has no transitions of its own and nothing is written in it. */
  readonly anywhere: ViewState | null;
  /** By from and to in the order of the definition. */
  readonly arrows: readonly Arrow[];
  /** Transitions that are not drawn, as they leave no state. */
  readonly hidden: number;
}

/** A state with what is written in it. */
export interface ViewState {
  readonly state: DiagramState;
  /** As `entry / print`, `invoke loader`, `TICK / count`; of a brief one only what it invokes. */
  readonly lines: readonly ViewLine[];
  readonly mark: Mark | null;
}

export interface ViewLine {
  readonly text: string;
  readonly mark: Mark | null;
}

/** Everything that leads from one state to another. Empty `from`: from any state. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly lines: readonly (ViewLine & { readonly ids: readonly string[] })[];
}

const MAX_FULL = 40;
const MIN_GATHERED = 3;

/** With quotes around what could not be seen. */
const seen = (name: string): string => (name.trim() === '' ? `"${name}"` : name);

/** What is drawn of its name: a history state's sign, dots for what is collapsed. */
export function nameOf({ path, type, history, key, states }: DiagramState): string {
  if (path === '') return 'any state';
  if (type === 'history') return history === 'deep' ? 'H*' : 'H';
  return (type === 'compound' || type === 'parallel') && states.length === 0 ? `${seen(key)} …` : seen(key);
}

/** @param source - a machine, or what was made of it */
export function viewOf(source: AnyStateMachine | Diagram, options: PictureOptions = {}): View {
  const diagram = select('transitions' in source ? (source as Diagram) : diagramOf(source), options);
  const { detail = 'auto', marks = noMarks } = options;
  const isFull = detail === 'auto' ? diagram.transitions.length <= MAX_FULL : detail === 'full';
  const inside = diagram.transitions.filter(({ targets }) => targets.length === 0);
  const label = isFull ? fullLabel : briefLabels(diagram.transitions);
  const labelled = diagram.transitions.flatMap((one) =>
    one.targets.map((to): Labelled => ({ from: one.source, to, text: label(one), ids: [one.id] })),
  );
  const stays = new Set(inside.map((one) => `${one.source}\n${label(one)}`));
  const all = statesOf(diagram.root);
  const stateView = (state: DiagramState): ViewState => ({
    state,
    lines: [
      ...(isFull ? statements(state) : state.invokes.map(invokeText)).map((text) => ({ text, mark: null })),
      ...(isFull ? inside.filter(({ source: of }) => of === state.path) : []).map((one) => ({
        text: noted(fullLabel(one), marks, [one.id]),
        mark: marks.transitions.get(one.id)?.mark ?? null,
      })),
    ],
    mark: marks.states.get(state.path) ?? null,
  });
  const arrows = arrowsOf(isFull ? labelled : gathered(lifted(labelled, stays, all), all), all, marks);
  const root = stateView(diagram.root);
  return {
    diagram,
    states: all.filter(({ path }) => path !== '').map(stateView),
    anywhere: root.lines.length > 0 || arrows.some(({ from }) => from === '') ? root : null,
    arrows,
    hidden: isFull ? 0 : inside.length,
  };
}

function fullLabel({ event, guard, actions }: DiagramTransition): string {
  const condition = guard === null ? '' : ` [${guard}]`;
  return `${seen(event)}${condition}${actions.length > 0 ? ` / ${actions.join(', ')}` : ''}`;
}

function briefLabels(transitions: readonly DiagramTransition[]): (one: DiagramTransition) => string {
  const counts = new Map<string, number>();
  const keyOf = ({ source, event }: DiagramTransition): string => `${source}\n${event}`;
  for (const one of transitions) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1);
  return (one) =>
    one.guard === null || counts.get(keyOf(one)) === 1
      ? seen(one.event)
      : `${seen(one.event)} [${withoutParams(one.guard)}]`;
}

/** Parameters stand right behind a name, unlike what holds composed guards together. */
const withoutParams = (guard: string): string => guard.replace(/(?<=[^\s!(])\([^()]*\)/g, '');

const invokeText = ({ id, src }: DiagramState['invokes'][number]): string =>
  `invoke ${src ?? id}${src === null || src === id || id === 'invoked' ? '' : ` as ${id}`}`;

const statements = ({ entry, exit, invokes }: DiagramState): string[] => [
  ...entry.map((action) => `entry / ${action}`),
  ...exit.map((action) => `exit / ${action}`),
  ...invokes.map(invokeText),
];

interface Labelled {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly ids: readonly string[];
}

/**
 * What all states in a state do alike, but for the one it leads to and those that stay where they are, is drawn once, from
 * that state.
 */
function lifted(
  labelled: readonly Labelled[],
  stays: ReadonlySet<string>,
  all: readonly DiagramState[],
): Labelled[] {
  const groups = new Map<string, Map<string, Labelled>>();
  for (const one of labelled) {
    const key = `${one.text}\n${one.to}`;
    const froms = groups.get(key) ?? new Map<string, Labelled>();
    groups.set(key, froms);
    const known = froms.get(one.from);
    froms.set(one.from, known === undefined ? one : { ...known, ids: [...known.ids, ...one.ids] });
  }
  // Inner ones first, so that what was lifted once is lifted on.
  const outer = all.filter(({ path, type }) => path !== '' && type === 'compound').reverse();
  return [...groups.values()].flatMap((froms) => {
    const { to, text } = [...froms.values()][0] as Labelled;
    for (const { path, states } of outer) {
      const leaving = states.filter((child) => froms.has(child.path));
      const isForAll = states.every(
        (child) =>
          froms.has(child.path) ||
          child.path === to ||
          child.type === 'history' ||
          stays.has(`${child.path}\n${text}`),
      );
      // What that state does itself needs no arrow of a state in it.
      if (!froms.has(path) && (leaving.length < 2 || !isForAll)) continue;
      const ids = leaving.flatMap((child) => froms.get(child.path)?.ids ?? []);
      for (const child of leaving) froms.delete(child.path);
      froms.set(path, { from: path, to, text, ids: [...(froms.get(path)?.ids ?? []), ...ids] });
    }
    return [...froms.values()];
  });
}

/** What leads to several states in a state is drawn once, to that state. */
function gathered(labelled: readonly Labelled[], all: readonly DiagramState[]): Labelled[] {
  let rest = [...labelled];
  const arrows: Labelled[] = [];
  for (const { path, states } of all.filter((state) => state.path !== '' && state.type === 'compound')) {
    const keys = new Map(states.map((child) => [child.path, child.key]));
    const groups = new Map<string, Labelled[]>();
    for (const one of rest.filter(({ to }) => keys.has(to)))
      groups.set(`${one.from}\n${one.text}`, [...(groups.get(`${one.from}\n${one.text}`) ?? []), one]);
    for (const group of groups.values()) {
      if (group.length < MIN_GATHERED) continue;
      const { from, text } = group[0] as Labelled;
      const names = group.map(({ to }) => keys.get(to)).join(', ');
      arrows.push({ from, to: path, text: `${text} → ${names}`, ids: group.flatMap(({ ids }) => ids) });
      rest = rest.filter((one) => !group.includes(one));
    }
  }
  return [...rest, ...arrows];
}

function arrowsOf(labelled: readonly Labelled[], all: readonly DiagramState[], marks: Marks): Arrow[] {
  const order = new Map(all.map(({ path }, at) => [path, at]));
  const place = (path: string): number => order.get(path) ?? -1;
  const arrows = new Map<string, Labelled[]>();
  for (const one of labelled) {
    const key = `${one.from}\n${one.to}`;
    arrows.set(key, [...(arrows.get(key) ?? []), one]);
  }
  return [...arrows.values()]
    .map((of) => ({
      from: (of[0] as Labelled).from,
      to: (of[0] as Labelled).to,
      lines: linesOf(of, marks),
    }))
    .sort((one, other) => place(one.from) - place(other.from) || place(one.to) - place(other.to));
}

/** Alike ones are one line. */
function linesOf(of: readonly Labelled[], marks: Marks): Arrow['lines'] {
  const lines = new Map<string, string[]>();
  for (const { text, ids } of of) lines.set(text, [...(lines.get(text) ?? []), ...ids]);
  return [...lines].map(([text, ids]) => ({
    text: noted(text, marks, ids),
    mark: ids.map((id) => marks.transitions.get(id)?.mark).find((mark) => mark !== undefined) ?? null,
    ids,
  }));
}

/** The label with the notes of its marks. */
function noted(text: string, { transitions }: Marks, ids: readonly string[]): string {
  const notes = ids.flatMap((id) => transitions.get(id)?.note ?? []);
  return notes.length === 0 ? text : `${text} (${notes.join(', ')})`;
}

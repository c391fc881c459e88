/** A part of a diagram. */
import { type Diagram, type DiagramState, type DiagramTransition, namesIn, statesOf } from './graph.ts';

export interface Selection {
  /** States farther down are drawn as part of the state that has them. 1: only those of the machine itself. */
  readonly depth?: number;
  /** Only what can be reached from this state, by its path. */
  readonly from?: string;
  /**
   * Events that are ignored are left out: that leave no state and have no actions. A list: nor any actions but these.
   *
   * @defaultValue false
   */
  readonly hideIgnored?: boolean | readonly string[];
}

/** @throws RangeError for a depth below 1; TypeError for a state that there is not */
export function select(diagram: Diagram, { depth, from, hideIgnored = false }: Selection): Diagram {
  if (depth !== undefined && !(Number.isInteger(depth) && depth >= 1))
    throw new RangeError(`depth: a whole number from 1 on, not ${depth}`);
  let selected = diagram;
  if (from !== undefined) selected = reachable(selected, from);
  if (depth !== undefined) selected = collapse(selected, depth);
  if (hideIgnored === false) return selected;
  const harmless = hideIgnored === true ? [] : hideIgnored;
  const isIgnored = ({ targets, actions }: DiagramTransition): boolean =>
    targets.length === 0 && actions.every((action) => harmless.includes(action));
  return { ...selected, transitions: selected.transitions.filter((one) => !isIgnored(one)) };
}

function reachable(diagram: Diagram, from: string): Diagram {
  const byPath = new Map(statesOf(diagram.root).map((state) => [state.path, state]));
  if (!byPath.has(from)) {
    const names = [...byPath.keys()].filter((path) => path !== '').join(', ');
    throw new TypeError(`${diagram.id} has no state '${from}'; its states are ${names}`);
  }
  const met = new Set<string>();
  const enter = (path: string): void => {
    if (met.has(path)) return;
    met.add(path);
    const state = byPath.get(path) as DiagramState;
    for (const name of outerOf(path)) {
      enterAlone(name);
    }
    descend(state);
  };
  /** A state that one comes to with a state in it: its regions are all entered. */
  const enterAlone = (path: string): void => {
    if (met.has(path)) return;
    met.add(path);
    const state = byPath.get(path) as DiagramState;
    if (state.type === 'parallel') descend(state);
  };
  const descend = ({ type, initial, states }: DiagramState): void => {
    if (type === 'parallel') for (const region of states) enter(region.path);
    for (const target of initial) enter(target);
  };
  enter(from);
  for (let size = 0; size !== met.size; ) {
    size = met.size;
    for (const { source, targets } of diagram.transitions)
      if (met.has(source)) for (const target of targets) enter(target);
  }
  return {
    ...diagram,
    root: kept(diagram.root, met),
    transitions: diagram.transitions.filter(({ source }) => met.has(source)),
  };
}

/** From the nearest on, without the root's own transitions being forgotten: the root is the last. */
const outerOf = (path: string): string[] => {
  const names = namesIn(path);
  return names.map((_, at) => names.slice(0, names.length - 1 - at).join('.'));
};

const kept = (state: DiagramState, met: ReadonlySet<string>): DiagramState => ({
  ...state,
  initial: state.initial.filter((target) => met.has(target)),
  states: state.states.filter(({ path }) => met.has(path)).map((child) => kept(child, met)),
});

function collapse(diagram: Diagram, depth: number): Diagram {
  const seen = (path: string): string => namesIn(path).slice(0, depth).join('.');
  const cut = (state: DiagramState, left: number): DiagramState => ({
    ...state,
    initial: left === 0 && state.type !== 'history' ? [] : [...new Set(state.initial.map(seen))],
    states: left === 0 ? [] : state.states.map((child) => cut(child, left - 1)),
  });
  return {
    ...diagram,
    root: cut(diagram.root, depth),
    transitions: diagram.transitions.flatMap((transition) => {
      const source = seen(transition.source);
      const isInside = source !== transition.source;
      const targets = [...new Set(transition.targets.map(seen))].filter(
        (target) => !isInside || target !== source,
      );
      // What stays within a state that is drawn as one is not seen.
      return isInside && targets.length === 0 ? [] : [{ ...transition, source, targets }];
    }),
  };
}

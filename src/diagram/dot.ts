/** DOT, for Graphviz. */
import type { AnyStateMachine } from 'xstate';
import type { Diagram, DiagramState } from './graph.ts';
import { isWithin } from './graph.ts';
import { ANYWHERE, identifier } from './identifier.ts';
import type { Mark } from './marks.ts';
import { oneLine } from './text.ts';
import { type Arrow, nameOf, type PictureOptions, type ViewState, viewOf } from './view.ts';

const STATE: Readonly<Record<Mark, string>> = {
  active: 'fillcolor="#ffe8a3", color="#b07800", penwidth=2',
  path: 'fillcolor="#d6e6ff", color="#2a5db0"',
  covered: 'fillcolor="#d3f2d3", color="#2a7d2a"',
  missing: 'fillcolor="#f8d2d2", color="#b22222"',
};
const ARROW: Readonly<Record<Mark, string>> = {
  active: 'color="#b07800", fontcolor="#b07800"',
  path: 'color="#2a5db0", fontcolor="#2a5db0"',
  covered: 'color="#2a7d2a", fontcolor="#2a7d2a"',
  missing: 'color="#b22222", fontcolor="#b22222"',
};

/**
 * A digraph for `dot`. States in a state are a cluster; a transition of the machine itself leaves a state named `any state`.
 *
 * @throws RangeError, TypeError for a selection that does not fit
 */
export function toDot(source: AnyStateMachine | Diagram, options: PictureOptions = {}): string {
  const { diagram, states, anywhere, arrows } = viewOf(source, options);
  const byPath = new Map(states.map((one) => [one.state.path, one]));
  const lines = [
    'compound=true; rankdir=TB; fontname="Helvetica"; fontsize=12',
    'node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=12]',
    'edge [fontname="Helvetica", fontsize=11]',
    ...bodyOf(diagram.root, byPath),
    ...(anywhere === null ? [] : [`${ANYWHERE} [label=${labelOf('any state', anywhere)}, style=dashed]`]),
    ...arrows.map((arrow) => arrowOf(arrow, byPath)),
  ];
  return `digraph ${quoted([diagram.id])} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
}

const isCluster = ({ states }: DiagramState): boolean => states.length > 0;

/** An arrow ends at a node: a cluster has one that is not seen. */
const nodeOf = (path: string, byPath: ReadonlyMap<string, ViewState>): string => {
  if (path === '') return ANYWHERE;
  const state = byPath.get(path)?.state;
  return state !== undefined && isCluster(state) ? anchorOf(path) : identifier(path);
};

// No state has such an identifier: there `_` comes in pairs, but for an `s_` at the beginning.
const anchorOf = (path: string): string => `anchor_${identifier(path)}`;
const startOf = (path: string): string => `start_${identifier(path)}`;

function bodyOf(state: DiagramState, byPath: ReadonlyMap<string, ViewState>): string[] {
  const start = startOf(state.path);
  const begin =
    state.type === 'compound' && state.initial.length > 0
      ? [
          `${start} [label="", shape=circle, width=0.15, fixedsize=true, fillcolor=black]`,
          ...state.initial.map((path) => edge(start, path, '', byPath)),
        ]
      : [];
  return [...begin, ...state.states.flatMap((child) => nodeLines(child, byPath))];
}

function nodeLines(state: DiagramState, byPath: ReadonlyMap<string, ViewState>): string[] {
  const id = identifier(state.path);
  const view = byPath.get(state.path) as ViewState;
  const label = labelOf(nameOf(state), view);
  const style = view.mark === null ? '' : `, ${STATE[view.mark]}`;
  if (!isCluster(state)) {
    const shape =
      state.type === 'final' ? ', peripheries=2' : state.type === 'history' ? ', shape=circle' : '';
    const next = state.type === 'history' ? state.initial.map((path) => edge(id, path, '', byPath)) : [];
    return [`${id} [label=${label}${shape}${style}]`, ...next];
  }
  const border = state.type === 'parallel' ? 'style="rounded,filled,dashed"' : 'style="rounded,filled"';
  return [
    `subgraph cluster_${id} {`,
    `  label=${label}; ${border}; fillcolor="#f6f6f6"${style.replace(', ', '; ').replaceAll(', ', '; ')}`,
    `  ${anchorOf(state.path)} [shape=point, style=invis, width=0, height=0]`,
    ...bodyOf(state, byPath).map((line) => `  ${line}`),
    '}',
  ];
}

const labelOf = (name: string, { lines }: ViewState): string =>
  quoted([name, ...lines.map(({ text }) => text)]);

function arrowOf({ from, to, lines }: Arrow, byPath: ReadonlyMap<string, ViewState>): string {
  const mark = lines.map((line) => line.mark).find((one) => one !== null) ?? null;
  const label = `label=${quoted(lines.map(({ text }) => text))}`;
  const tail = byPath.get(from)?.state;
  const clip =
    tail !== undefined && isCluster(tail) && !isWithin(to, from) ? `ltail=cluster_${identifier(from)}` : '';
  const attributes = [label, clip, mark === null ? '' : ARROW[mark]].filter((one) => one !== '').join(', ');
  return edge(nodeOf(from, byPath), to, attributes, byPath, from);
}

/** @param from - a node */
function edge(
  from: string,
  to: string,
  attributes: string,
  byPath: ReadonlyMap<string, ViewState>,
  source = '',
): string {
  const target = byPath.get(to)?.state;
  const clip =
    target !== undefined && isCluster(target) && !isWithin(source, to)
      ? `lhead=cluster_${identifier(to)}`
      : '';
  const all = [attributes, clip].filter((one) => one !== '').join(', ');
  return `${from} -> ${nodeOf(to, byPath)}${all === '' ? '' : ` [${all}]`}`;
}

/** A string of DOT; its lines are centred. What looks like an entity of HTML would be read as one. */
const quoted = (lines: readonly string[]): string =>
  `"${lines.map((line) => oneLine(line).replace(/&/g, '&amp;').replace(/[\\"]/g, '\\$&')).join('\\n')}"`;

/** Mermaid: a `stateDiagram-v2`. */
import type { AnyStateMachine } from 'xstate';
import { type Diagram, type DiagramState, statesOf } from './graph.ts';
import { ANYWHERE, identifier } from './identifier.ts';
import type { Mark } from './marks.ts';
import { escapeMermaid as escaped } from './text.ts';
import { nameOf, type PictureOptions, type View, type ViewState, viewOf } from './view.ts';

/** Text and border on any background. */
const STYLES: Readonly<Record<Mark, string>> = {
  active: 'fill:#ffe8a3,stroke:#b07800,color:#000,stroke-width:2px',
  path: 'fill:#d6e6ff,stroke:#2a5db0,color:#000',
  covered: 'fill:#d3f2d3,stroke:#2a7d2a,color:#000',
  missing: 'fill:#f8d2d2,stroke:#b22222,color:#000,stroke-dasharray:4',
};

const REGION = 'stroke-dasharray:5 3';

/**
 * For Mermaid 11, as Markdown pages show it. A transition of the machine itself leaves a state named `any state`. Mermaid
 * knows no colours of arrows: what is marked says so in its label.
 *
 * @throws RangeError, TypeError for a selection that does not fit
 * @example
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> idle
 *   state "idle" as idle
 *   state "loading" as loading
 *   idle --> loading: LOAD
 * ```
 */
export function toMermaid(source: AnyStateMachine | Diagram, options: PictureOptions = {}): string {
  const view = viewOf(source, options);
  const { diagram, states, anywhere, arrows } = view;
  const lines = [
    ...bodyOf(diagram.root),
    ...(anywhere === null ? [] : [`state "any state" as ${ANYWHERE}`, ...noteOf(anywhere)]),
    ...states.flatMap(noteOf),
    ...arrows.map(
      ({ from, to, lines: of }) =>
        `${idOf(from)} --> ${idOf(to)}: ${of.map(({ text }) => escaped(text)).join('<br/>')}`,
    ),
    ...paint(view),
  ];
  return `stateDiagram-v2\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

const idOf = (path: string): string => (path === '' ? ANYWHERE : identifier(path));

/** The states in a state, and where it begins. */
function bodyOf({ type, initial, states }: DiagramState): string[] {
  const begin = type === 'compound' ? initial.map((path) => `[*] --> ${idOf(path)}`) : [];
  const bodies = states.flatMap((state) => {
    const id = idOf(state.path);
    const named = `state "${escaped(nameOf(state))}" as ${id}`;
    const inner = bodyOf(state);
    if (state.type === 'history') return [named, ...state.initial.map((path) => `${id} --> ${idOf(path)}`)];
    if (inner.length === 0) return [named, ...(state.type === 'final' ? [`${id} --> [*]`] : [])];
    return [`${named} {`, ...inner.map((line) => `  ${line}`), '}'];
  });
  return [...begin, ...bodies];
}

/** What is written in a state stands in a note beside it: Mermaid has no text in a state that has states. */
function noteOf({ state: { path }, lines }: ViewState): string[] {
  if (lines.length === 0) return [];
  return [`note right of ${idOf(path)}`, ...lines.map(({ text }) => `  ${escaped(text)}`), 'end note'];
}

/**
 * Regions are states with a broken line: what Mermaid calls concurrent states cannot be those of a machine itself, and with
 * some arrows it fails.
 */
function paint({ diagram, states }: View): string[] {
  const regions = statesOf(diagram.root).flatMap((state) => (state.type === 'parallel' ? state.states : []));
  return [
    ...painted('region', REGION, regions),
    ...(Object.keys(STYLES) as Mark[]).flatMap((mark) =>
      painted(
        mark,
        STYLES[mark],
        states.filter((one) => one.mark === mark).map(({ state }) => state),
      ),
    ),
  ];
}

function painted(name: string, style: string, states: readonly DiagramState[]): string[] {
  if (states.length === 0) return [];
  return [`classDef ${name} ${style}`, `class ${states.map(({ path }) => idOf(path)).join(',')} ${name}`];
}

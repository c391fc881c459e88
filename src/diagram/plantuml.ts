/** PlantUML: a state diagram. */
import type { AnyStateMachine } from 'xstate';
import type { Diagram, DiagramState } from './graph.ts';
import { ANYWHERE, identifier } from './identifier.ts';
import type { Mark } from './marks.ts';
import { oneLine } from './text.ts';
import { type Arrow, nameOf, type PictureOptions, type ViewState, viewOf } from './view.ts';

const STATE: Readonly<Record<Mark, string>> = {
  active: '#ffe8a3',
  path: '#d6e6ff',
  covered: '#d3f2d3',
  missing: '#f8d2d2',
};
const ARROW: Readonly<Record<Mark, string>> = {
  active: '#b07800',
  path: '#2a5db0',
  covered: '#2a7d2a',
  missing: '#b22222',
};

/**
 * From `@startuml` to `@enduml`. A transition of the machine itself leaves a state named `any state`.
 *
 * @throws RangeError, TypeError for a selection that does not fit
 */
export function toPlantUml(source: AnyStateMachine | Diagram, options: PictureOptions = {}): string {
  const { diagram, states, anywhere, arrows } = viewOf(source, options);
  const byPath = new Map(states.map((one) => [one.state.path, one]));
  const lines = [
    '@startuml',
    'hide empty description',
    ...bodyOf(diagram.root, byPath),
    ...(anywhere === null ? [] : [`state "any state" as ${ANYWHERE}`, ...linesOf(anywhere)]),
    ...arrows.map(arrowOf),
    '@enduml',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const idOf = (path: string): string => (path === '' ? ANYWHERE : identifier(path));

function bodyOf(state: DiagramState, byPath: ReadonlyMap<string, ViewState>): string[] {
  const { type, initial, states } = state;
  const begin = type === 'compound' ? initial.map((path) => `[*] --> ${idOf(path)}`) : [];
  return [...begin, ...states.flatMap((child) => stateLines(child, byPath, type === 'parallel'))];
}

/**
 * @param isRegion - drawn as a state with a broken line: what PlantUML calls concurrent states cannot be linked with others
 */
function stateLines(
  state: DiagramState,
  byPath: ReadonlyMap<string, ViewState>,
  isRegion: boolean,
): string[] {
  const view = byPath.get(state.path) as ViewState;
  const { mark } = view;
  const id = idOf(state.path);
  const named = `state "${escaped(nameOf(state))}" as ${id}${stereotype(state)}${mark === null ? '' : ` ${STATE[mark]}`}${isRegion ? ' ##[dashed]' : ''}`;
  const inner = bodyOf(state, byPath);
  return [
    ...(inner.length === 0 ? [named] : [`${named} {`, ...inner.map((line) => `  ${line}`), '}']),
    ...linesOf(view),
    ...(state.type === 'final' ? [`${id} --> [*]`] : []),
    ...(state.type === 'history' ? state.initial.map((path) => `${id} --> ${idOf(path)}`) : []),
  ];
}

const linesOf = ({ state: { path }, lines }: ViewState): string[] =>
  lines.map(({ text }) => `${idOf(path)} : ${escaped(text)}`);

const stereotype = ({ type, history }: DiagramState): string =>
  type === 'history' ? (history === 'deep' ? ' <<history*>>' : ' <<history>>') : '';

function arrowOf({ from, to, lines }: Arrow): string {
  const mark = lines.map((line) => line.mark).find((one) => one !== null) ?? null;
  const line = mark === null ? '-->' : `-[${ARROW[mark]}]->`;
  return `${idOf(from)} ${line} ${idOf(to)} : ${lines.map(({ text }) => escaped(text)).join('\\n')}`;
}

/** Creole and what ends a line or a name is written by number. */
const escaped = (text: string): string =>
  oneLine(text).replace(/[\\"<>{}[\]~*_/|#&%]|--+/g, (found) =>
    [...found]
      .map((character) => `<U+${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}>`)
      .join(''),
  );

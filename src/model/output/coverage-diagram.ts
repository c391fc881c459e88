/** Coverage painted on the machine: a state diagram of Mermaid. */
import type { AnyStateNode } from 'xstate';
import type { Coverage, Covered } from '../coverage.ts';
import { pathOf } from '../instrument.ts';
import type { Model } from '../model.ts';

const INDENT = '  ';

/**
 * A `stateDiagram-v2`: what is covered is green, what is not is red. Mermaid has no colours for arrows of such a diagram,
 * so a transition says by `✗` that it is not covered, and else how often it was taken.
 *
 * @example
 * ```mermaid
 * stateDiagram-v2
 *   state "idle" as idle
 *   [*] --> idle
 *   idle --> loading: LOAD (3)
 *   class idle,loading covered
 * ```
 */
export function coverageDiagram(model: Model, coverage: Coverage): string {
  const counts = new Map(coverage.of('transitions').map(({ id, count }) => [id, count]));
  const arrows = model.transitions.flatMap(({ id, source, event, targets, guard }) => {
    const count = counts.get(id) ?? 0;
    const label = `${event}${guard === null ? '' : ` [${guard}]`} ${count === 0 ? '✗' : `(${count})`}`;
    const to = targets.length === 0 ? [source] : targets;
    return to.map((target) => `${idOf(source)} --> ${idOf(target)}: ${textOf(label)}`);
  });
  const states = coverage.of('states');
  const paint = (name: string, of: readonly Covered[]): string[] =>
    of.length === 0 ? [] : [`class ${of.map(({ id }) => idOf(id)).join(',')} ${name}`];
  const lines = [
    'classDef covered fill:#d3f2d3,stroke:#2a7d2a,color:#000',
    'classDef missing fill:#f8d2d2,stroke:#b22222,color:#000,stroke-dasharray:4',
    ...statesIn(model.instrumented.machine.root),
    // A transition of the root can be taken anywhere, and has no place of its own in the diagram.
    ...(arrows.some((arrow) => arrow.startsWith(`${ROOT} `)) ? [`state "anywhere" as ${ROOT}`] : []),
    ...arrows,
    ...paint(
      'covered',
      states.filter(({ count }) => count > 0),
    ),
    ...paint(
      'missing',
      states.filter(({ count }) => count === 0),
    ),
  ];
  return `stateDiagram-v2\n${lines.map((line) => `${INDENT}${line}\n`).join('')}`;
}

/** The states in a state, with what is in them. */
function statesIn(node: AnyStateNode): string[] {
  const begin =
    node.type === 'compound' ? node.initial.target.map((target) => `[*] --> ${idOf(pathOf(target))}`) : [];
  const states = Object.values(node.states).map((state) => {
    const id = idOf(pathOf(state));
    const inner = statesIn(state).map((line) => INDENT + line);
    const named = `state "${textOf(state.key)}" as ${id}`;
    const end = state.type === 'final' ? [`${id} --> [*]`] : [];
    return inner.length === 0 ? [named, ...end] : [`${named} {`, ...inner, '}', ...end];
  });
  const separator = node.type === 'parallel' ? ['--'] : [];
  return [...begin, ...states.flatMap((lines, at) => [...(at === 0 ? [] : separator), ...lines])];
}

const ROOT = 'root_';

/** Letters, digits and `_`; what else there is becomes its number. */
const idOf = (path: string): string =>
  path === ''
    ? ROOT
    : path.replace(/[^A-Za-z0-9]/g, (character) =>
        character === '.' ? '__' : `_${character.codePointAt(0)}_`,
      );

/** What Mermaid would take for its own is written as it says that texts are written. */
const textOf = (text: string): string =>
  text.replace(/[#;:"<>{}]/g, (character) => `#${character.codePointAt(0)};`);

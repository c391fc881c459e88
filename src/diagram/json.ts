/** JSON: the plain graph itself. */
import type { AnyStateMachine } from 'xstate';
import { type Diagram, diagramOf } from './graph.ts';
import { type Selection, select } from './select.ts';

/**
 * All that is known of it, two spaces a level. `toMermaid(JSON.parse(text))` and all others draw it again.
 *
 * @throws RangeError, TypeError for a selection that does not fit
 */
export function toJson(source: AnyStateMachine | Diagram, selection: Selection = {}): string {
  const diagram = 'transitions' in source ? (source as Diagram) : diagramOf(source);
  return `${JSON.stringify(select(diagram, selection), null, 2)}\n`;
}

/** Pictures of any machine of XState 5. */

export type { NamedTransition, Trigger } from './definition.ts';
export { toDot } from './dot.ts';
export { type Diagram, type DiagramState, type DiagramTransition, diagramOf } from './graph.ts';
export { toJson } from './json.ts';
export { activeMarks, coverageMarks, type Mark, type Marks, pathMarks } from './marks.ts';
export { toMermaid } from './mermaid.ts';
export { toPlantUml } from './plantuml.ts';
export { toScxml } from './scxml.ts';
export type { Selection } from './select.ts';
export { type Sequence, type SequenceRow, sequenceToMermaid } from './sequence.ts';
export { sequenceToSvg } from './svg/sequence-svg.ts';
export type { Theme } from './svg/style.ts';
export { type SvgOptions, toSvg } from './svg/svg.ts';
export type { PictureOptions } from './view.ts';

/** Tests from machines: walks, what they cover, and what runs them. */
export {
  Coverage,
  type CoverageKind,
  type CoverageSummary,
  type Covered,
  coverageKinds,
} from './coverage.ts';
export type { ExploreOptions, Graph, GraphEdge, GraphNode } from './graph.ts';
export type { Actors, ModelTransition } from './instrument.ts';
export { createModel, type Model, type ModelOptions, type WalkSet } from './model.ts';
export type { ModelState, Stimulus, Timer } from './step.ts';
export type { ChildExamples, EventData, Examples, StimulusOptions } from './stimuli.ts';
export { type Strategy, strategies, type WalkOptions } from './strategies.ts';
export { describeStimulus, describeValue, type Expectation, type Walk, type WalkStep } from './walk.ts';

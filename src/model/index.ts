/** Tests from machines: walks, what they cover, and what runs them. */
export {
  Coverage,
  type CoverageKind,
  type CoverageSummary,
  type Covered,
  coverageKinds,
} from './coverage.ts';
export type { ExploreOptions, Graph, GraphEdge, GraphNode } from './graph.ts';
export type { ModelTransition } from './instrument.ts';
export { liveSystem } from './live.ts';
export { checkCoverage, type MinCoverage } from './min-coverage.ts';
export {
  createModel,
  isMachine,
  isModel,
  type Model,
  type ModelOptions,
  type WalkProgress,
  type WalkSet,
} from './model.ts';
export { coverageDiagram, marksOf } from './output/coverage-diagram.ts';
export { type CoverageOfKind, type CoverageReport, coverageReport } from './output/coverage-json.ts';
export { type CoverageTableOptions, coverageTable } from './output/coverage-table.ts';
export { toGherkin } from './output/gherkin.ts';
export { toPlan } from './output/json.ts';
export type { PlannedWalks } from './output/planned.ts';
export { toText } from './output/text.ts';
export { toVitest, type VitestSubject } from './output/vitest.ts';
export type { Actors } from './quiet.ts';
export { type ExpectationLike, type RunOptions, runWalk, type WalkLike } from './run.ts';
export {
  type RunWalksOptions,
  replayWalk,
  runWalks,
  type WalkFailure,
  type WalkReport,
} from './run-walks.ts';
export { type ShrinkOptions, type Shrunk, shrinkWalk } from './shrink.ts';
export type { ModelState, Stimulus, Timer } from './step.ts';
export type { ChildExamples, EventData, Examples, StimulusOptions } from './stimuli.ts';
export { type Interrupt, type Strategy, strategies, type WalkOptions } from './strategies.ts';
export type { Seen, SystemStep, SystemUnderTest } from './system.ts';
export { describeStimulus, describeValue, type Expectation, type Walk, type WalkStep } from './walk.ts';
export { WalkError, type WalkPhase } from './walk-error.ts';
export { readWalk, writeWalk } from './walk-file.ts';
export {
  checkWorld,
  exploreWorld,
  type Violation,
  type WorldReport,
} from './world/check-world.ts';
export type {
  Happening,
  Observer,
  OutsideEvent,
  Rule,
  WorldActor,
  WorldChild,
  WorldOptions,
  WorldOutcome,
  WorldProgress,
  WorldSnapshot,
  WorldView,
} from './world/options.ts';
export type { Trace, TraceStep } from './world/trace.ts';

/** Coverage painted on the machine. */
import { coverageMarks, type Marks } from '../../diagram/marks.ts';
import { toMermaid } from '../../diagram/mermaid.ts';
import type { Coverage } from '../coverage.ts';
import type { Model } from '../model.ts';

/** What is covered, for every picture of `qemu-actors/diagram`: `toSvg(machine, { marks: marksOf(coverage) })`. */
export const marksOf = (coverage: Coverage): Marks =>
  coverageMarks(coverage.of('states'), coverage.of('transitions'));

/**
 * A `stateDiagram-v2` of Mermaid: states that are covered are green, others red; a transition says how often it was taken,
 * or `✗`.
 *
 * @example
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> idle
 *   state "idle" as idle
 *   idle --> loading: LOAD (3 ×)
 *   class idle,loading covered
 * ```
 */
export const coverageDiagram = (model: Model, coverage: Coverage): string =>
  toMermaid(model.instrumented.original, { detail: 'full', marks: marksOf(coverage) });

/** Walks run on the machine itself, and what they cover. */
import { messageOf } from '../errors.ts';
import {
  type Coverage,
  checkCoverage,
  coverageDiagram,
  coverageReport,
  coverageTable,
  liveSystem,
  type Model,
  replayWalk,
  runWalks,
  type SystemUnderTest,
  WalkError,
  type WalkSet,
} from '../model/index.ts';
import { type ExitCode, InputError } from './errors.ts';
import type { GenerateOptions } from './generate-options.ts';
import type { Progress } from './progress.ts';
import type { Session } from './run.ts';

/** After so many walks it is shown how far it is. */
const WALKS_AT_A_TIME = 50;

/**
 * @returns false if a walk failed; what went wrong is said
 * @throws ModelError if too little was covered
 */
export async function runAndCover(
  model: Model,
  sets: readonly WalkSet[],
  { coverageFormat, minCoverage = {} }: GenerateOptions,
  progress: Progress,
  { output, say, signal }: Session,
): Promise<boolean> {
  const walks = sets.flatMap((set) => set.walks);
  const live = liveSystem(model);
  let count = 0;
  const system: SystemUnderTest = {
    ...live,
    async reset() {
      count += 1;
      if (count % WALKS_AT_A_TIME === 0) await progress.pause(`${count} of ${walks.length} walks run`);
      return live.reset();
    },
  };
  const isOfPairs = minCoverage.pairs !== undefined || sets.some(({ strategy }) => strategy === 'pairs');
  const report = await runWalks(model, walks, system, {
    signal,
    shrinkRuns: 0,
    // What is wanted is looked at below, when the table is out; this has the pairs counted.
    ...(isOfPairs ? { minCoverage: { pairs: 0 } } : {}),
  });
  progress.hide();
  output.text(coverageText(model, report.coverage, coverageFormat).trimEnd());
  for (const { message } of report.failures) for (const line of message.split('\n')) say(line);
  if (report.failures.length > 0) return false;
  checkCoverage(report.coverage, minCoverage);
  return true;
}

function coverageText(model: Model, coverage: Coverage, format: GenerateOptions['coverageFormat']): string {
  switch (format) {
    case 'json':
      return JSON.stringify(coverageReport(model.name, coverage));
    case 'mermaid':
      return coverageDiagram(model, coverage);
    case 'table':
      return coverageTable(coverage);
  }
}

/**
 * @param system - the user's own; without it the machine itself
 * @throws InputError if the file is no walk, or none of this machine
 */
export async function replaySaved(
  model: Model,
  file: string,
  system: SystemUnderTest | null,
  { io, output, say, signal }: Session,
): Promise<ExitCode> {
  try {
    await replayWalk(model, system ?? liveSystem(model), await io.readFile(file), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WalkError)) throw new InputError(`${file}: ${messageOf(error)}`, { cause: error });
    for (const line of error.message.split('\n')) say(line);
    return 1;
  }
  output.text(`${file}: ${system === null ? 'the machine' : 'the system'} does as the walk says`);
  return 0;
}

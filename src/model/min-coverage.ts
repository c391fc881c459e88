/** How much of a machine must be covered. */
import { badArgument, ModelError } from '../errors.ts';
import { type Coverage, type CoverageKind, coverageKinds } from './coverage.ts';

/** In percent, from 0 to 100: `{ states: 100, guards: 90 }`. */
export type MinCoverage = Readonly<Partial<Record<CoverageKind, number>>>;

/** So many are named. */
const MAX_NAMED = 10;

/** @throws TypeError for what is no percentage */
export function checkPercentages(min: MinCoverage): void {
  for (const [kind, percent] of Object.entries(min))
    if (!(percent >= 0 && percent <= 100))
      throw badArgument(`minCoverage.${kind}`, 'a number from 0 to 100', percent);
}

/** @throws ModelError `ERR_COVERAGE` that names what is missing of each kind */
export function checkCoverage(coverage: Coverage, min: MinCoverage): void {
  const lines = coverageKinds.flatMap((kind) => {
    const percent = min[kind];
    if (percent === undefined) return [];
    const { covered, missing } = coverage.summary(kind);
    const total = covered + missing.length;
    if (covered * 100 >= percent * total) return [];
    const named = missing.slice(0, MAX_NAMED).join(', ');
    const more = missing.length > MAX_NAMED ? `, and ${missing.length - MAX_NAMED} more` : '';
    return [`${kind}: ${covered} of ${total}, and ${percent} % are wanted; missing: ${named}${more}`];
  });
  if (lines.length > 0)
    throw new ModelError(['too little is covered', ...lines].join('\n'), { code: 'ERR_COVERAGE' });
}

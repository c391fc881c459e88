/** Coverage as JSON, for programs. */
import { type Coverage, type CoverageKind, type Covered, coverageKinds } from '../coverage.ts';

/** What was covered of one kind. */
export interface CoverageOfKind {
  readonly covered: number;
  /** Null if it is not known how many there are. */
  readonly total: number | null;
  /** Everything there is, with how often it was covered; in the order of the machine's definition. */
  readonly items: readonly Covered[];
}

/** @example `{ machine: 'order', states: { covered: 3, total: 4, items: [{ id: 'idle', count: 7 }, …] }, … }` */
export type CoverageReport = { readonly machine: string } & Readonly<Record<CoverageKind, CoverageOfKind>>;

export function coverageReport(machine: string, coverage: Coverage): CoverageReport {
  const of = (kind: CoverageKind): CoverageOfKind => {
    const { covered, total } = coverage.summary(kind);
    return { covered, total, items: coverage.of(kind) };
  };
  const kinds = Object.fromEntries(coverageKinds.map((kind) => [kind, of(kind)]));
  return { machine, ...(kinds as Record<CoverageKind, CoverageOfKind>) };
}

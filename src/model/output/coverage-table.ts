/** Coverage as a table, for terminals and Markdown alike. */
import { type Coverage, type CoverageKind, coverageKinds } from '../coverage.ts';

export interface CoverageTableOptions {
  /** @defaultValue all kinds */
  readonly kinds?: readonly CoverageKind[];
  /** How many missing ones of a kind are named. @defaultValue 50 */
  readonly maxMissing?: number;
}

const head = ['coverage', 'covered', 'total', '%'] as const;

/**
 * A row a kind, and a list of what is missing.
 *
 * @example
 * ```markdown
 * | coverage    | covered | total |     % |
 * |-------------|--------:|------:|------:|
 * | states      |       4 |     4 | 100.0 |
 * | transitions |       5 |     6 |  83.3 |
 *
 * Missing transitions:
 *
 * - `paid: REFUND`
 * ```
 */
export function coverageTable(coverage: Coverage, options: CoverageTableOptions = {}): string {
  const { kinds = coverageKinds, maxMissing = 50 } = options;
  const summaries = kinds.map((kind) => ({ kind, ...coverage.summary(kind) }));
  const rows = summaries.map(({ kind, covered, total }) => [
    kind,
    String(covered),
    total === null ? '?' : String(total),
    percentText(covered, total),
  ]);
  const widths = head.map((title, at) =>
    Math.max(...[title, ...rows.map((row) => row[at] ?? '')].map(({ length }) => length)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, at) =>
      at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`));
  const missing = summaries.flatMap(({ kind, missing: ids }) => missingList(kind, ids, maxMissing));
  return `${[line(head), `|${rule.join('|')}|`, ...rows.map(line), ...missing].join('\n')}\n`;
}

function missingList(kind: CoverageKind, ids: readonly string[], max: number): string[] {
  if (ids.length === 0) return [];
  const more = ids.length > max ? [`- and ${ids.length - max} more`] : [];
  return ['', `Missing ${kind}:`, '', ...ids.slice(0, max).map((id) => `- \`${id}\``), ...more];
}

/** Of what there is; 100 of nothing. Null if it is not known how much there is. */
export const percentOf = (covered: number, total: number | null): number | null =>
  total === null ? null : total === 0 ? 100 : (covered / total) * 100;

/** Rounded down, so that 100.0 is all of it. */
function percentText(covered: number, total: number | null): string {
  const percent = percentOf(covered, total);
  return percent === null ? '?' : (Math.floor(percent * 10) / 10).toFixed(1);
}

/**
 * A proof: what an issue claims with numbers, run in full. A file `test/proof/NAME.proof.ts` calls `proof()` once;
 * `npm run proof -- NAME` runs it and writes `docs/proofs/NAME.md`.
 */

export interface ProofRow {
  /** What was counted or measured. */
  readonly what: string;
  readonly value: string | number;
  /** The bound, in words. */
  readonly required?: string;
  /** Whether the bound is kept; without it the row is a fact, not a check. */
  readonly ok?: boolean;
}

/** What is told one by one, below the result table. */
export interface ProofTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a proof tells `scripts/proof.mjs`. */
export interface ProofResult {
  readonly name: string;
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: readonly ProofRow[];
  readonly tables: readonly ProofTable[];
}

export interface ProofContext<Counts> {
  /** The full counts, or what the command line set instead. */
  readonly counts: Readonly<Counts>;
  /** Adds a row to the result table. A row with `ok: false` makes the proof fail, but it goes on. */
  report(row: ProofRow): void;
  /** Adds a table below that of the rows. */
  tabulate(table: ProofTable): void;
  /** Prints progress; not part of the result. */
  log(message: string): void;
}

export interface Proof<Counts> {
  /** The file's name without `.proof.ts`. */
  readonly name: string;
  readonly title: string;
  /** How often things are done: the numbers of the issue. */
  readonly counts: Counts;
  /** Throws what makes the proof fail at once. */
  readonly run: (context: ProofContext<Counts>) => Promise<void> | void;
}

export async function proof<Counts extends Record<string, number>>(definition: Proof<Counts>): Promise<void> {
  const { name, title, run } = definition;
  const counts = { ...definition.counts, ...setOnCommandLine(definition.counts) };
  const rows: ProofRow[] = [];
  const tables: ProofTable[] = [];
  const log = (message: string): void => console.log(`${name}: ${message}`);
  const report = (row: ProofRow): void => {
    rows.push(row);
    const judged = row.ok === undefined ? '' : row.ok ? ' ok' : ' FAILED';
    log(
      `${row.what}: ${row.value}${row.required === undefined ? '' : ` (required: ${row.required})`}${judged}`,
    );
  };

  // What it throws ends the process with a stack trace and no result.
  await run({ counts, report, log, tabulate: (table) => void tables.push(table) });
  if (rows.every(({ ok }) => ok === undefined)) throw new Error(`${name}: nothing was checked`);
  if (rows.some(({ ok }) => ok === false)) process.exitCode = 1;
  const result: ProofResult = { name, title, counts, rows, tables };
  process.send?.(result);
}

/** `NAME=NUMBER` arguments. */
function setOnCommandLine(known: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    process.argv.slice(2).map((argument) => {
      const [name = '', value = ''] = argument.split('=');
      if (!(name in known) || !/^\d+$/.test(value)) {
        throw new TypeError(
          `expected one of ${Object.keys(known).join(', ')} as NAME=NUMBER, received ${argument}`,
        );
      }
      return [name, Number(value)];
    }),
  );
}

/** `simulate`: the whole library in a simulated world, by a seed. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../../errors.ts';
import { type FaultKind, faultKinds } from '../../testing/simulation/actions.ts';
import { parseFailingRun } from '../../testing/simulation/failing-run.ts';
import { describeDecision } from '../../testing/simulation/plan.ts';
import {
  replayFailure,
  type SimulationFailure,
  type SimulationResult,
  simulate,
} from '../../testing/simulation/simulate.ts';
import { Cleanup } from '../cleanup.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import { integer } from '../integer.ts';
import { examples, formatOption } from '../options.ts';
import type { Format } from '../output.ts';
import type { Run, Session } from '../run.ts';

interface Options {
  readonly seed?: number;
  readonly domains: number;
  readonly steps: number;
  readonly faults: readonly FaultKind[];
  readonly trace?: string;
  readonly failures: string;
  readonly replay?: string;
  readonly format: Format;
}

const MAX_SEED = 2 ** 31 - 1;

function faultsOf(text: string): readonly FaultKind[] {
  if (text === 'all') return faultKinds;
  if (text === 'none') return [];
  const kinds = text.split(',').map((kind) => kind.trim());
  const unknown = kinds.find((kind) => !(faultKinds as readonly string[]).includes(kind));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no kind '${unknown}'; known are ${faultKinds.join(', ')}.`);
  return kinds as FaultKind[];
}

export function addSimulate(program: Command, run: Run): void {
  program
    .command('simulate')
    .description(
      'live random lives of many domains in a simulated world, and check what must hold in all of them',
    )
    .addOption(
      new Option('--seed <n>', 'the same seed is the same run (default: a fresh one)').argParser(
        integer(0, MAX_SEED),
      ),
    )
    .addOption(
      new Option('--domains <n>', 'how many QEMUs, each with its domain')
        .argParser(integer(1, 100_000))
        .default(20),
    )
    .addOption(
      new Option('--steps <n>', 'how many things are delivered, happen, or wait')
        .argParser(integer(0, 1_000_000_000))
        .default(10_000),
    )
    .addOption(
      new Option('--faults <kinds>', `which kinds happen: all, none, or some of ${faultKinds.join(',')}`)
        .argParser(faultsOf)
        .default(faultKinds, 'all'),
    )
    .addOption(new Option('--trace <file>', 'write the trace there: what each step did, a line each'))
    .addOption(new Option('--failures <directory>', 'where a failed run is written, made small').default('.'))
    .addOption(
      new Option('--replay <file>', 'make a failed run again').conflicts([
        'seed',
        'domains',
        'steps',
        'faults',
      ]),
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      examples(
        'simulate',
        'simulate --seed 7 --domains 200 --steps 20000',
        'simulate --faults none --trace trace.jsonl',
        'simulate --replay simulation-7.json',
      ),
    )
    .action((options: Options) =>
      run(options.format, (session) =>
        options.replay === undefined
          ? simulated(options, session)
          : replayed(options, options.replay, session),
      ),
    );
}

async function simulated(options: Options, session: Session): Promise<ExitCode> {
  await using cleanup = new Cleanup();
  const { io, signal } = session;
  const { domains, steps, faults } = options;
  const seed = options.seed ?? Math.floor(io.runtime.random() * MAX_SEED);
  const writeTrace = openTrace(options.trace, cleanup);
  const startedMs = io.runtime.monotonic();
  const hide = (): void => void (io.stderr.isTTY === true && io.stderr.write('\r\u001b[K'));
  const result = await simulate({
    seed,
    domains,
    steps,
    faults,
    signal,
    ...(writeTrace === null ? {} : { writeTrace }),
    onProgress: (done) => {
      if (io.stderr.isTTY === true)
        io.stderr.write(`\r${done.steps} steps of ${steps}, ${done.checks} checks\u001b[K`);
    },
  }).finally(hide);
  const realMs = io.runtime.monotonic() - startedMs;
  const { failure } = result;
  if (failure !== null) tellFailure(failure, writeFailure(failure, options.failures), session);
  tellSummary(result, realMs, session);
  return failure === null ? 0 : 1;
}

async function replayed(options: Options, file: string, session: Session): Promise<ExitCode> {
  await using cleanup = new Cleanup();
  const { io, signal, output } = session;
  const text = await io.readFile(file).catch((error: unknown) => {
    throw new UsageError(messageOf(error), { cause: error });
  });
  const failing = parsed(text, file);
  const writeTrace = openTrace(options.trace, cleanup);
  const violation = await replayFailure(failing, { signal, ...(writeTrace === null ? {} : { writeTrace }) });
  if (output.format === 'jsonl')
    output.json({ kind: 'summary', file, violation, violations: violation === null ? 0 : 1 });
  else if (violation === null) output.text(`${file}: nothing is violated any more`);
  else output.text(`${file}: ${describeViolation(violation)}`);
  return violation === null ? 0 : 1;
}

function parsed(text: string, file: string): ReturnType<typeof parseFailingRun> {
  try {
    return parseFailingRun(text);
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** @throws UsageError if it cannot be written */
function openTrace(file: string | undefined, cleanup: Cleanup): ((text: string) => void) | null {
  if (file === undefined) return null;
  try {
    const descriptor = openSync(file, 'w');
    cleanup.defer(() => closeSync(descriptor));
    return (text) => void writeSync(descriptor, text);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

interface Written {
  readonly plan: string;
  readonly recording: string | null;
}

function writeFailure({ recording, ...failing }: SimulationFailure, directory: string): Written {
  const base = join(directory, `simulation-${failing.seed}`);
  const plan = failing.plan.map((decision) => `  ${JSON.stringify(decision)}`).join(',\n');
  const head = JSON.stringify({ ...failing, plan: [] }).replace('"plan":[]', `"plan":[\n${plan}\n]`);
  writeFileSync(`${base}.json`, `${head}\n`);
  if (recording === null || recording === '') return { plan: `${base}.json`, recording: null };
  writeFileSync(`${base}.qmp.jsonl`, recording);
  return { plan: `${base}.json`, recording: `${base}.qmp.jsonl` };
}

const describeViolation = ({ rule, domain, why, step }: SimulationFailure['violation']): string =>
  `${rule} does not hold${domain === null ? '' : ` for ${domain}`} after step ${step}: ${why.replace(/\s*\n\s*/g, ' ')}`;

function tellFailure(failure: SimulationFailure, files: Written, { output }: Session): void {
  const { violation, plan, seed } = failure;
  if (output.format === 'jsonl')
    return output.json({ kind: 'violation', seed, ...violation, steps: plan.length, files });
  output.text(describeViolation(violation));
  output.text(
    `The fewest steps that were found to lead there, of ${failure.domains.length} domains with seed ${seed}:`,
  );
  for (const [index, decision] of plan.entries())
    output.text(`${String(index + 1).padStart(5)}. ${describeDecision(decision)}`);
  output.text(`Again: qemu-actors simulate --replay ${files.plan}`);
  if (files.recording !== null) output.text(`Its monitor: qemu-actors replay ${files.recording}`);
}

function tellSummary(result: SimulationResult, realMs: number, { output }: Session): void {
  const { seed, domains, steps, healingSteps, checks, faults, virtualMs, trace, failure } = result;
  const violations = failure === null ? 0 : 1;
  if (output.format === 'jsonl')
    return output.json({
      kind: 'summary',
      ...{ seed, domains, steps, healingSteps, checks, faults, virtualMs },
      realMs: Math.round(realMs),
      trace,
      violations,
    });
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const rate = Math.round(((steps + healingSteps) / realMs) * 1000);
  output.text(
    `seed ${seed}: ${steps} steps of ${domains} domains, and ${healingSteps} until all was settled`,
  );
  output.text(`faults: ${kinds.join(', ')}`);
  output.text(`checks: ${checks}, violations: ${violations}`);
  output.text(
    `time: ${(virtualMs / 1000).toFixed(1)} s virtual, ${(realMs / 1000).toFixed(1)} s real, ${rate} steps/s`,
  );
  output.text(`trace: ${trace}`);
}

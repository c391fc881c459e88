/** `generate-tests`: tests from a machine, and what they cover. */
import type { Command } from 'commander';
import {
  type SystemUnderTest,
  toGherkin,
  toPlan,
  toText,
  toVitest,
  type WalkSet,
} from '../../model/index.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import { type FoundMachine, findExport, findMachine, loadExport, ownMachines } from '../find-machine.ts';
import { addGenerateOptions, commandOf, type GenerateOptions } from '../generate-options.ts';
import { differenceOf, writeWhole } from '../generated-file.ts';
import { examples } from '../options.ts';
import { Progress } from '../progress.ts';
import type { Run, Session } from '../run.ts';
import { subjectOf } from '../test-subject.ts';
import { replaySaved, runAndCover } from '../walk-runs.ts';
import { asInput, makeWalks } from '../walk-sets.ts';

export function addGenerateTests(program: Command, run: Run): void {
  const command = program
    .command('generate-tests')
    .description('make tests from a state machine, run them on it, and tell what they cover')
    .argument(
      '<machine>',
      `${Object.keys(ownMachines).join(', ')}, FILE#export or PACKAGE#export (XState 5)`,
    );
  addGenerateOptions(command)
    .addHelpText(
      'after',
      examples(
        'generate-tests order.ts --out order.test.ts',
        'generate-tests order.ts#orderMachine --strategy transitions,guards --out order.test.ts --check',
        'generate-tests order.ts --strategy races --interrupt CANCEL --interrupt \'{"type":"FAIL","code":5}\'',
        'generate-tests some-package#machine --strategy random --seed 7 --walks 1000 --coverage',
        'generate-tests domain --coverage --coverage-format mermaid',
        'generate-tests order.ts --replay failed-walk.json --adapter order-system.ts#system',
      ),
    )
    .action((argument: string, options: GenerateOptions) =>
      // A program that reads JSON reads errors as JSON too.
      run(options.format === 'json' ? 'jsonl' : 'text', (session) => generate(argument, options, session)),
    );
}

async function generate(argument: string, options: GenerateOptions, session: Session): Promise<ExitCode> {
  const { out, check, replay, adapter, maxStates, coverage, minCoverage } = options;
  if (check === true && out === undefined)
    throw new UsageError('--check needs --out: the file to compare with');
  const found = await asInput(argument, () => findMachine(argument));
  const model = maxStates === undefined ? found.model : found.model.with({ maxStates });
  if (replay !== undefined) {
    const system = adapter === undefined ? null : ((await loadExport(adapter)) as SystemUnderTest);
    return replaySaved(model, replay, system, session);
  }
  using progress = new Progress(session);
  const sets = await makeWalks(argument, model, options, progress, session);
  const isRun = coverage === true || minCoverage !== undefined;
  // Who asks what is covered, and names no file, is answered that, and gets no tests.
  const isCurrent = isRun && out === undefined ? true : await tell(argument, found, sets, options, session);
  const isRight = !isRun || (await runAndCover(model, sets, options, progress, session));
  return isCurrent && isRight ? 0 : 1;
}

/** @returns false if the file is not what it should be */
async function tell(
  argument: string,
  machine: FoundMachine,
  sets: readonly WalkSet[],
  options: GenerateOptions,
  { output, say, signal }: Session,
): Promise<boolean> {
  const { out, check } = options;
  const text = await asInput(argument, () => textOf(argument, machine, sets, options));
  signal.throwIfAborted();
  if (out === undefined) {
    output.text(text.trimEnd());
    return true;
  }
  const difference = check === true ? differenceOf(out, text) : null;
  if (difference !== null) {
    say(`${out}: ${difference}; to make it anew: ${commandOf(argument, options)}`);
    return false;
  }
  if (check !== true) writeWhole(out, text);
  const tests = sets.reduce((sum, { walks }) => sum + walks.length, 0);
  const names = sets.map(({ strategy }) => strategy).join(', ');
  output.text(
    `${out}: ${tests} test${tests === 1 ? '' : 's'} of ${sets.length === 1 ? 'strategy' : 'strategies'} ${names}`,
  );
  return true;
}

function textOf(
  argument: string,
  machine: FoundMachine,
  sets: readonly WalkSet[],
  options: GenerateOptions,
): string {
  const { name } = machine.model;
  const { format, out, adapter } = options;
  switch (format) {
    case 'json':
      return toPlan(name, sets);
    case 'text':
      return toText(name, sets);
    case 'gherkin':
      return toGherkin(name, sets);
    case 'vitest': {
      const command = commandOf(argument, options);
      const place = adapter === undefined ? null : findExport(adapter);
      return toVitest(
        name,
        sets,
        subjectOf({ argument, machine, adapter: place, out: out ?? null, command }),
      );
    }
  }
}

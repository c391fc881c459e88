/** The options of `generate-tests`, and the command line that says them again. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EventObject } from 'xstate';
import { messageOf } from '../errors.ts';
import { coverageKinds, type MinCoverage, type Strategy, strategies } from '../model/index.ts';
import { integer } from './integer.ts';

const formats = ['vitest', 'json', 'text', 'gherkin'] as const;
export type TestFormat = (typeof formats)[number];

const coverageFormats = ['table', 'json', 'mermaid'] as const;
export type CoverageFormat = (typeof coverageFormats)[number];

export interface GenerateOptions {
  /** @defaultValue transitions */
  readonly strategy?: readonly Strategy[];
  readonly format: TestFormat;
  readonly out?: string;
  readonly check?: true;
  readonly adapter?: string;
  readonly seed?: number;
  readonly walks?: number;
  readonly length?: number;
  readonly interrupt?: readonly EventObject[];
  readonly maxStates?: number;
  readonly coverage?: true;
  readonly coverageFormat: CoverageFormat;
  readonly minCoverage?: MinCoverage;
  readonly replay?: string;
}

/** `transitions,races`, and the option may be repeated. */
function strategiesOf(text: string, before: readonly Strategy[] | undefined): readonly Strategy[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(strategies as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no strategy '${unknown}'; known are ${strategies.join(', ')}.`);
  return [...new Set([...(before ?? []), ...(names as Strategy[])])];
}

/** `CANCEL`, or `{"type":"CANCEL","by":"user"}`. */
function interruptOf(text: string, before: readonly EventObject[] = []): readonly EventObject[] {
  if (!text.startsWith('{')) return [...before, { type: text }];
  try {
    const event: unknown = JSON.parse(text);
    if (typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string')
      return [...before, { ...event, type: event.type }];
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON: ${messageOf(error)}.`);
  }
  throw new InvalidArgumentError('An event must have a type.');
}

/** `90`, of states and transitions, or `states=100,guards=80`. */
function percentsOf(text: string): MinCoverage {
  const entries = text.split(',').flatMap((part): [string, number][] => {
    const [, kind, percent] = /^(?:(\w+)=)?(\d+(?:\.\d+)?)$/.exec(part.trim()) ?? [];
    const value = Number(percent);
    if (!(value <= 100) || (kind !== undefined && !(coverageKinds as readonly string[]).includes(kind)))
      throw new InvalidArgumentError(
        `It must be a percentage, or some as ${coverageKinds.map((known) => `${known}=90`).join(',')}.`,
      );
    return (kind === undefined ? ['states', 'transitions'] : [kind]).map((each) => [each, value]);
  });
  return Object.fromEntries(entries);
}

export function addGenerateOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--strategy <names>', `how walks are chosen: ${strategies.join(', ')}; several are fine`)
        .argParser(strategiesOf)
        .default(undefined, 'transitions'),
    )
    .addOption(new Option('--format <format>', 'what is made').choices(formats).default('vitest'))
    .addOption(new Option('--out <file>', 'write it there, not to standard output'))
    .addOption(new Option('--check', 'write nothing; fail if the file is not what would be written'))
    .addOption(
      new Option('--adapter <file#export>', 'your own system: the vitest file runs its walks against it'),
    )
    .addOption(new Option('--seed <n>', 'of random').argParser(integer(0, 2 ** 31 - 1)))
    .addOption(
      new Option('--walks <n>', 'no more than so many of a strategy').argParser(integer(1, 1_000_000)),
    )
    .addOption(
      new Option('--length <n>', 'no longer walks of pairs, paths, random').argParser(integer(1, 10_000)),
    )
    .addOption(
      new Option(
        '--interrupt <event>',
        'of races: what comes in between, a type or JSON; repeat for several',
      ).argParser(interruptOf),
    )
    .addOption(
      new Option('--max-states <n>', 'how many states are looked at (default: 10000)').argParser(
        integer(1, 10_000_000),
      ),
    )
    .addOption(new Option('--coverage', 'run the walks on the machine itself, and print what they cover'))
    .addOption(new Option('--coverage-format <format>', 'how').choices(coverageFormats).default('table'))
    .addOption(
      new Option(
        '--min-coverage <percents>',
        'as --coverage, and fail below it: 90 (of states and transitions), or guards=80,pairs=50',
      ).argParser(percentsOf),
    )
    .addOption(
      new Option(
        '--replay <file>',
        'run one walk that was saved, on the machine itself or the adapter',
      ).conflicts([...['strategy', 'out', 'check', 'coverage', 'minCoverage', 'interrupt', 'seed', 'walks']]),
    );
}

/** The command that makes the same file, whatever else was asked for. */
export function commandOf(argument: string, options: GenerateOptions): string {
  const { strategy, format, out, adapter, seed, walks, length, interrupt = [], maxStates } = options;
  const given: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ['--strategy', strategy?.join(',')],
    ['--format', format === 'vitest' ? undefined : format],
    ['--adapter', adapter],
    ['--seed', seed],
    ['--walks', walks],
    ['--length', length],
    ...interrupt.map((event) => ['--interrupt', interruptText(event)] as const),
    ['--max-states', maxStates],
    ['--out', out],
  ];
  const words = given.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  return ['npx', 'qemu-actors', 'generate-tests', argument, ...words].map(shellWord).join(' ');
}

const interruptText = (event: EventObject): string =>
  Object.keys(event).length === 1 ? event.type : JSON.stringify(event);

const shellWord = (word: string): string =>
  /^[\w@%+=:,./#-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

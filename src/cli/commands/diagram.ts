/** `diagram`: draws a machine, or what passed in a recording. */
import { type Command, Option } from 'commander';
import type { AnyStateMachine } from 'xstate';
import {
  type SvgOptions,
  toDot,
  toJson,
  toMermaid,
  toPlantUml,
  toScxml,
  toSvg,
} from '../../diagram/index.ts';
import { messageOf } from '../../errors.ts';
import { marksFrom, sequenceFrom } from '../diagram-input.ts';
import { type ExitCode, InputError, UsageError } from '../errors.ts';
import { findDefinition, ownMachines } from '../find-machine.ts';
import { differenceOf, writeWhole } from '../generated-file.ts';
import { integer } from '../integer.ts';
import { examples } from '../options.ts';
import type { Run, Session } from '../run.ts';

const formats = ['mermaid', 'dot', 'plantuml', 'svg', 'scxml', 'json'] as const;

export interface DiagramOptions {
  readonly format: (typeof formats)[number];
  readonly detail?: NonNullable<SvgOptions['detail']>;
  readonly depth?: number;
  readonly from?: string;
  readonly hideIgnored?: true | readonly string[];
  readonly active?: readonly string[];
  readonly walk?: string;
  readonly coverage?: string;
  readonly theme?: NonNullable<SvgOptions['theme']>;
  readonly direction?: NonNullable<SvgOptions['direction']>;
  readonly sequence?: string;
  readonly out?: string;
  readonly check?: string;
}

export function addDiagram(program: Command, run: Run): void {
  program
    .command('diagram')
    .description('draw a state machine, or what passed in a recording')
    .argument('[machine]', `${Object.keys(ownMachines).join(', ')}, FILE#export or PACKAGE#export (XState 5)`)
    .addOption(new Option('--format <format>', 'what is written').choices(formats).default('mermaid'))
    .addOption(
      new Option('--detail <detail>', 'full: with actions, and events that leave no state').choices([
        'auto',
        'brief',
        'full',
      ]),
    )
    .option('--depth <levels>', 'states farther down are drawn as one', integer(1, 1000))
    .option('--from <state>', 'only what can be reached from this state, as active.running')
    .option('--hide-ignored [actions...]', 'leave out events that do nothing, or nothing but these actions')
    .option('--active <state...>', 'these states stand out')
    .option('--walk <file>', 'a walk stands out that generate-tests --save wrote')
    .option('--coverage <file>', 'paint what generate-tests --coverage --coverage-format json printed')
    .addOption(new Option('--theme <theme>', 'colours of an SVG').choices(['auto', 'light', 'dark']))
    .addOption(new Option('--direction <direction>', 'of an SVG').choices(['auto', 'down', 'right']))
    .option('--sequence <file>', 'draw who said what in a recording, or in a trace of simulate')
    .option('--out <file>', 'write it there')
    .option('--check <file>', 'write nothing; exit code 1 if the file is not current')
    .addHelpText(
      'after',
      examples(
        'diagram domain',
        'diagram domain --format svg --theme light --out domain.svg',
        'diagram domain --format svg --check domain.svg',
        'diagram order.ts#orderMachine --format dot | dot -Tpdf -o order.pdf',
        'diagram domain --active active.paused --depth 1',
        'diagram --sequence web1.qmp.jsonl --format svg --out web1.svg',
      ),
    )
    .action((machine: string | undefined, options: DiagramOptions) =>
      run('text', (session) => diagram(machine, options, session)),
    );
}

async function diagram(
  machine: string | undefined,
  options: DiagramOptions,
  session: Session,
): Promise<ExitCode> {
  const { out, check, sequence } = options;
  if (out !== undefined && check !== undefined)
    throw new UsageError('--out and --check are one or the other');
  if ((machine === undefined) === (sequence === undefined))
    throw new UsageError('a machine, or --sequence FILE: one of them');
  const text =
    machine === undefined
      ? await sequenceFrom(sequence as string, options, session)
      : await draw(await findDefinition(machine), options, session);
  session.signal.throwIfAborted();
  if (check !== undefined) return compare(check, text, session);
  if (out === undefined) session.output.text(text.trimEnd());
  else writeWhole(out, text);
  return 0;
}

function compare(file: string, text: string, { output, say }: Session): ExitCode {
  const difference = differenceOf(file, text);
  if (difference === null) output.text(`${file}: current`);
  else say(`${file}: ${difference}; write it anew with --out ${file}`);
  return difference === null ? 0 : 1;
}

async function draw(machine: AnyStateMachine, options: DiagramOptions, session: Session): Promise<string> {
  const { detail, depth, from, hideIgnored, theme, direction } = options;
  const picture: SvgOptions = {
    marks: await marksFrom(machine, options, session),
    ...(detail === undefined ? {} : { detail }),
    ...(depth === undefined ? {} : { depth }),
    ...(from === undefined ? {} : { from }),
    ...(hideIgnored === undefined ? {} : { hideIgnored }),
    ...(theme === undefined ? {} : { theme }),
    ...(direction === undefined ? {} : { direction }),
  };
  try {
    switch (options.format) {
      case 'mermaid':
        return toMermaid(machine, picture);
      case 'dot':
        return toDot(machine, picture);
      case 'plantuml':
        return toPlantUml(machine, picture);
      case 'svg':
        return await toSvg(machine, picture);
      case 'scxml':
        return toScxml(machine, picture);
      case 'json':
        return toJson(machine, picture);
    }
  } catch (error) {
    // A state that there is not.
    if (error instanceof TypeError) throw new InputError(messageOf(error), { cause: error });
    throw error;
  }
}

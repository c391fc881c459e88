/** `execute`: one QMP command. */
import type { Command } from 'commander';
import type { Domain } from '../../domain.ts';
import { messageOf } from '../../errors.ts';
import { UsageError } from '../errors.ts';
import { inexactNumber, memberText } from '../json-text.ts';
import { toJsonLine } from '../lines.ts';
import { examples, formatOption, qmpOption } from '../options.ts';
import type { Format } from '../output.ts';
import type { Run, Session } from '../run.ts';
import { printable } from '../text.ts';
import { headOfDomain, withDomain } from './state.ts';

interface Options {
  readonly qmp: string;
  readonly format: Format;
}

export function addExecute(program: Command, run: Run): void {
  program
    .command('execute')
    .description('send one QMP command as it is, and print the reply')
    .argument('<command>', 'for instance query-status')
    .argument('[arguments]', 'a JSON object')
    .addOption(qmpOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      examples(
        'execute --qmp /run/vm/web1.qmp query-status',
        `execute --qmp /run/vm/web1.qmp device_del '{"id":"net0"}'`,
        'execute --qmp /run/vm/web1.qmp query-block --format jsonl',
      ),
    )
    .action((command: string, json: string | undefined, options: Options) =>
      run(options.format, async (session) => {
        if (command.trim() === '') throw new UsageError("the command must be a QMP command's name");
        const args = json === undefined ? undefined : parseArguments(json);
        return withDomain(session, options.qmp, (domain) => execute(domain, session, command, args));
      }),
    );
}

function parseArguments(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new UsageError(`the arguments are not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('the arguments must be a JSON object');
  const inexact = inexactNumber(json);
  if (inexact !== undefined) throw new UsageError(`the number ${inexact} cannot be sent as it is written`);
  return value;
}

async function execute(
  domain: Domain,
  { output, signal }: Session,
  command: string,
  args: object | undefined,
): Promise<void> {
  const head = headOfDomain(domain);
  const reply = await domain.executeRaw(command, args, { signal });
  const value = memberText(reply, 'return') ?? 'null';
  // The text as it came: integers beyond 2^53 stay whole.
  if (output.format === 'jsonl')
    output.text(`${toJsonLine({ kind: 'reply', ...head }).slice(0, -1)},"return":${value}}`);
  else output.text(printable(value));
}

/** All commands, and what is the same for every command line. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addDashboard } from './commands/dashboard.ts';
import { addDemo } from './commands/demo.ts';
import { addDiagram } from './commands/diagram.ts';
import { addExecute } from './commands/execute.ts';
import { addGenerateTests } from './commands/generate-tests.ts';
import { addRecord } from './commands/record.ts';
import { addReplay } from './commands/replay.ts';
import { addSimulate } from './commands/simulate.ts';
import { addState } from './commands/state.ts';
import { addWatch } from './commands/watch.ts';
import { type ExitCode, OutputClosed, UsageError } from './errors.ts';
import type { Io } from './io.ts';
import type { Format } from './output.ts';
import { type Run, report, run } from './run.ts';

const commands = [
  addDemo,
  addWatch,
  addRecord,
  addReplay,
  addDashboard,
  addState,
  addExecute,
  addSimulate,
  addGenerateTests,
  addDiagram,
];

/**
 * @param argv - what comes after the program's name
 * @returns the exit code; everything is closed then
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  const outputClosed = new AbortController();
  io.stdout.on('error', (error) =>
    // Whoever read it has left; anything else, a full disk for one, is a failure.
    outputClosed.abort('code' in error && error.code === 'EPIPE' ? new OutputClosed(error.message) : error),
  );
  io.stderr.on('error', () => {});
  let exitCode: ExitCode = 0;
  const program = createProgram(io, async (format, action) => {
    exitCode = await run(io, outputClosed.signal, format, action);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    // What was written may fail after the command is through.
    await new Promise<void>((resolve) => io.stdout.write('', () => resolve()));
    const { aborted, reason } = outputClosed.signal;
    if (!aborted || exitCode !== 0 || reason instanceof OutputClosed) return exitCode;
    report(io, wantedFormat(argv), reason);
    return 1;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // A command line without a command has been answered with the help.
    const isHelp = error instanceof CommanderError && error.code === 'commander.help';
    if (!isHelp) report(io, wantedFormat(argv), usageError(error));
    return 2;
  }
}

function createProgram(io: Io, runCommand: Run): Command {
  const program = new Command('qemu-actors')
    .description("libvirt's QEMU event handling, without libvirtd: watch a QEMU by its monitor")
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // Said once, by report().
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', '\nEach command has examples: qemu-actors <command> --help\n');
  for (const add of commands) add(program, runCommand);
  return program;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function usageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  return new UsageError(error.message.replace(/^error: /, ''), { cause: error });
}

/** The format where the command line itself is wrong, so that nobody has read it yet. */
function wantedFormat(argv: readonly string[]): Format {
  const jsonl = argv.some(
    (argument, index) =>
      argument === '--format=jsonl' || (argument === 'jsonl' && argv[index - 1] === '--format'),
  );
  return jsonl ? 'jsonl' : 'text';
}

/** Runs one command: signals, errors and the exit code are the same for all of them. */
import { messageOf } from '../errors.ts';
import { codeOf, type ExitCode, exitCodeOf, Interrupted, OutputClosed } from './errors.ts';
import type { Io, StopSignal } from './io.ts';
import { type Format, LineOutput, say } from './output.ts';

/** What a command gets. */
export interface Session {
  readonly io: Io;
  readonly output: LineOutput;
  /** Aborted by SIGINT, SIGTERM, or when nobody reads our output: end, and leave nothing behind. */
  readonly signal: AbortSignal;
  /** One line on standard error. */
  say(text: string): void;
}

export type Action = (session: Session) => Promise<ExitCode>;

/** How a command's file has its work run. */
export type Run = (format: Format, action: Action) => Promise<void>;

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];

/** A second signal is not caught any more, and ends the process at once. */
export async function run(
  io: Io,
  outputClosed: AbortSignal,
  format: Format,
  action: Action,
): Promise<ExitCode> {
  const abort = new AbortController();
  const listeners = stopSignals.map((signal) => ({
    signal,
    listener: () => abort.abort(new Interrupted(signal)),
  }));
  for (const { signal, listener } of listeners) io.signals.once(signal, listener);
  const output = new LineOutput(io, format);
  try {
    return await action({
      io,
      output,
      signal: AbortSignal.any([abort.signal, outputClosed]),
      say: (text) => say(io, text),
    });
  } catch (error) {
    report(io, format, error);
    return exitCodeOf(error);
  } finally {
    for (const { signal, listener } of listeners) io.signals.off(signal, listener);
  }
}

/** One line on standard error, and with jsonl one on standard output; a stack only with `DEBUG`. */
export function report(io: Io, format: Format, error: unknown): void {
  if (error instanceof Interrupted || error instanceof OutputClosed) return;
  const message = messageOf(error).replace(/\s*\n\s*/g, ' ');
  say(io, message);
  if (io.env.DEBUG !== undefined && io.env.DEBUG !== '' && error instanceof Error)
    io.stderr.write(`${error.stack}\n`);
  if (format === 'jsonl') new LineOutput(io, format).json({ kind: 'error', code: codeOf(error), message });
}

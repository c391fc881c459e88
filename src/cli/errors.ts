/** Why a command ends, and the exit code that says so. */
import type { StopSignal } from './io.ts';

/** 0 done · 1 failure · 2 usage, configuration or input file · 124 time-out not met · 130, 143 by a signal. */
export type ExitCode = 0 | 1 | 2 | 124 | 130 | 143;

/** The command line is wrong. */
export class UsageError extends Error {
  readonly code = 'ERR_USAGE';
}

/** A configuration or input file is wrong; the message begins with `FILE:`. */
export class InputError extends Error {
  readonly code: string;

  /** @param code - of the error that it was, if that says more */
  constructor(message: string, { code = 'ERR_INPUT', ...options }: ErrorOptions & { code?: string } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** `--timeout` passed first. */
export class TimeoutError extends Error {
  readonly code = 'ERR_TIMEOUT';
}

/** Somebody wants us to end. */
export class Interrupted extends Error {
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}

/** Nobody reads our output any more. */
export class OutputClosed extends Error {}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof OutputClosed) return 0;
  if (error instanceof Interrupted) return error.signal === 'SIGINT' ? 130 : 143;
  if (error instanceof UsageError || error instanceof InputError) return 2;
  return error instanceof TimeoutError ? 124 : 1;
}

/** `ERR_CONNECT`, `ERR_COMMAND`, …; what has none of ours is `ERR_FAILED`. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('ERR_') ? code : 'ERR_FAILED';
}

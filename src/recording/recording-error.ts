/** What is wrong with a recording, and what it does not hold. */
import { QemuError, StateError } from '../errors.ts';

/** A recording cannot be read. The message is `FILE:LINE: reason`, or `FILE: reason` if it is about no line. */
export class RecordingError extends QemuError {
  readonly code = 'ERR_RECORDING';
  readonly file: string;
  /** Counted from 1. */
  readonly line: number | null;
  protected static override readonly kinds = [...QemuError.kinds, Symbol.for('qemu-actors.RecordingError')];

  constructor(file: string, line: number | null, reason: string, options: ErrorOptions = {}) {
    super(`${file}:${line === null ? '' : `${line}:`} ${reason}`, options);
    this.file = file;
    this.line = line;
  }
}

/** Code of the error that a replay answers what its recording does not hold; `supervise.ts` knows it. */
const NOT_RECORDED = 'ERR_NOT_RECORDED';

/** @param what - a command, or something of the host */
export const notRecorded = (what: string, domain: string): StateError =>
  new StateError(`${what} is not in the recording, and a replay asks nobody else`, {
    domain,
    code: NOT_RECORDED,
  });

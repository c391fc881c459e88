/**
 * Reads a recording: all of it is checked before anything of it is played.
 */
import { messageOf } from '../errors.ts';
import type { Files } from '../loop/runtime.ts';
import { DEFAULT_MAX_DEPTH, isDeeperThan } from '../qmp/message.ts';
import { type DomainLine, parseDomainLine, parseLine, type RecordingLine } from './format.ts';
import { RecordingError } from './recording-error.ts';

export interface Recording {
  readonly file: string;
  readonly domain: DomainLine;
  /** All lines but the first, in order. */
  readonly lines: readonly RecordingLine[];
}

const MEBI = 1024 * 1024;
/** More characters than this are not read: all of a recording is held in memory. */
export const MAX_RECORDING_LENGTH = 256 * MEBI;
/** More than the longest QMP message that we accept, with what stands around it. */
export const MAX_LINE_LENGTH = 16 * MEBI;

/** @throws RecordingError that says where and why; then nothing of the file counts */
export async function readRecording(path: string, files: Pick<Files, 'read'>): Promise<Recording> {
  let text: string;
  try {
    text = await files.read(path);
  } catch (error) {
    throw new RecordingError(path, null, `cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return parseRecording(path, text);
}

/**
 * @param file - its name, for messages
 * @throws RecordingError
 */
export function parseRecording(file: string, text: string): Recording {
  if (text.trim() === '')
    throw new RecordingError(file, 1, 'expected the domain line first, the file is empty');
  const check = new Check(file);
  let domain: DomainLine | null = null;
  let start = 0;
  for (let number = 1; start < text.length; number += 1) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (end > MAX_RECORDING_LENGTH)
      throw check.error(number, `a recording of more than ${MAX_RECORDING_LENGTH / MEBI} Mi characters`);
    const value = check.json(text.slice(start, end), number);
    start = end + 1;
    if (domain !== null) check.line(value, number);
    else {
      const first = parseDomainLine(value);
      if (typeof first === 'string') throw check.error(number, first);
      domain = first;
    }
  }
  if (domain === null) throw check.error(1, 'expected the domain line first');
  return { file, domain, lines: check.lines };
}

/** The lines that were found right so far, and what the next one must fit. */
class Check {
  readonly lines: RecordingLine[] = [];
  readonly #file: string;
  readonly #steps = new Map<number, 'open' | 'done'>();
  #t = 0;

  constructor(file: string) {
    this.#file = file;
  }

  error(line: number, reason: string): RecordingError {
    return new RecordingError(this.#file, line, reason);
  }

  json(text: string, number: number): unknown {
    if (text.length > MAX_LINE_LENGTH)
      throw this.error(number, `a line of more than ${MAX_LINE_LENGTH / MEBI} Mi characters`);
    // The message within is two levels down.
    if (isDeeperThan(text, DEFAULT_MAX_DEPTH + 2)) throw this.error(number, 'a line that is nested too deep');
    try {
      return JSON.parse(text);
    } catch {
      const excerpt = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
      throw this.error(number, `not JSON: ${excerpt}`);
    }
  }

  line(value: unknown, number: number): void {
    const line = parseLine(value, number);
    if (typeof line === 'string') throw this.error(number, line);
    if (line.t < this.#t) throw this.error(number, `t runs backwards: ${line.t} after ${this.#t}`);
    this.#t = line.t;
    if (line.kind === 'step') {
      if (this.#steps.has(line.step)) throw this.error(number, `step ${line.step} is there twice`);
      this.#steps.set(line.step, 'open');
    } else if (line.kind === 'stepDone') {
      const step = this.#steps.get(line.step);
      if (step === undefined) throw this.error(number, `step ${line.step} was not begun`);
      if (step === 'done') throw this.error(number, `step ${line.step} is done twice`);
      this.#steps.set(line.step, 'done');
    }
    this.lines.push(line);
  }
}

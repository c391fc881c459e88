/** Standard output, line by line, as text or jsonl; and what is said beside it on standard error. */
import type { Line } from '../lines.ts';
import type { Io } from './io.ts';
import { toJsonLine, toTextLine } from './lines.ts';
import { coloured, type Paint, plain, printable, timeOfDay } from './text.ts';

export const formats = ['text', 'jsonl'] as const;
export type Format = (typeof formats)[number];

export class LineOutput {
  readonly format: Format;
  /** Colours only on a terminal, and not with `NO_COLOR` (https://no-color.org). */
  readonly paint: Paint;
  readonly #io: Io;

  constructor(io: Io, format: Format) {
    this.#io = io;
    this.format = format;
    this.paint = wantsColour(io) ? coloured : plain;
  }

  /** @param when - for text, instead of the time */
  line(line: Line, when?: string): void {
    if (this.format === 'jsonl') this.json(line);
    else this.text(toTextLine(line, when ?? timeOfDay(this.#io.runtime.now()), this.paint));
  }

  json(value: object): void {
    this.text(toJsonLine(value));
  }

  /** One line, written at once: Node's standard output is synchronous on pipes, files and terminals. */
  text(line: string): void {
    const { stdout } = this.#io;
    if (!stdout.destroyed && !stdout.writableEnded) stdout.write(`${line}\n`);
  }
}

function wantsColour({ stdout, env }: Io): boolean {
  const { NO_COLOR, TERM } = env;
  return stdout.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}

/** One line on standard error. */
export function say({ stderr }: Io, text: string): void {
  if (!stderr.destroyed) stderr.write(`qemu-actors: ${printable(text)}\n`);
}

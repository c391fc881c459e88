/** The trace of a simulation as a sequence: what happened to whom, and what was told. */
import { type Sequence, SequenceBuilder } from '../../diagram/sequence.ts';
import { messageOf } from '../../errors.ts';

const WORLD = 'world';
const CALLER = 'caller';
const HOST = 'host';
const SUBSCRIBER = 'subscriber';

/** A line of the trace, as far as it is drawn. What only passes or is passed on is not. */
interface TraceLine {
  readonly step: number;
  readonly do?: string;
  readonly domain?: string | number;
  readonly call?: string;
  readonly outcome?: string;
  readonly type?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly ip?: string;
  readonly violation?: { readonly why?: unknown };
}

/**
 * @param text - what `simulate({ trace })`, or `qemu-actors simulate --trace FILE`, wrote
 * @param limit - rows after these are counted, and not drawn
 * @throws SyntaxError with the number of the line that is none
 */
export function traceSequence(text: string, title: string, limit = 500): Sequence {
  const lines = text
    .split('\n')
    .flatMap((written, at) => (written.trim() === '' ? [] : [parse(written, at + 1)]));
  const domains = lines.map(domainOf).sort(byNumber);
  const order = new Set([CALLER, WORLD, ...domains, HOST, SUBSCRIBER]);
  const builder = new SequenceBuilder(title, [...order], limit);
  for (const line of lines) draw(builder, line);
  return builder.build();
}

/** `d2` before `d10`. */
const byNumber = new Intl.Collator('en', { numeric: true }).compare;

const domainOf = ({ domain }: TraceLine): string =>
  typeof domain === 'number' ? `d${domain}` : (domain ?? WORLD);

function parse(written: string, number: number): TraceLine {
  let line: unknown;
  try {
    line = JSON.parse(written);
  } catch (error) {
    throw new SyntaxError(`${number}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof line !== 'object' || line === null || typeof (line as TraceLine).step !== 'number')
    throw new SyntaxError(`${number}: expected a line of a trace, with its step`);
  return line as TraceLine;
}

function draw(builder: SequenceBuilder, line: TraceLine): void {
  const domain = domainOf(line);
  if (line.do !== undefined) builder.message(WORLD, domain, `${line.step}: ${line.do}`);
  else if (line.call !== undefined) builder.answer(domain, CALLER, `${line.call}: ${line.outcome ?? ''}`);
  else if (line.ip !== undefined) builder.message(domain, HOST, line.ip);
  else if (line.type !== undefined) builder.message(domain, SUBSCRIBER, wordsOf(line.type, line.args ?? {}));
  else if (line.violation !== undefined) builder.note(WORLD, `violation: ${String(line.violation.why)}`);
}

/** @example `lifecycle suspended (paused)`, `state running (unknown)`, `drop stale STOP` */
function wordsOf(
  type: string,
  { event, detail, state, reason, status, type: of }: TraceLine['args'] & object,
): string {
  const words = [type, of, state, event, status].filter((word) => typeof word === 'string');
  const why = [detail, reason].find((word) => typeof word === 'string');
  return why === undefined ? words.join(' ') : `${words.join(' ')} (${String(why)})`;
}

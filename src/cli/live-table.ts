/** `watch --tui`: the domains as a table on a terminal, written over as they change. */
import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import type { Driver } from '../driver.ts';
import type { Line } from '../lines.ts';
import { after } from '../loop/timeouts.ts';
import { UsageError } from './errors.ts';
import { describeLine } from './lines.ts';
import type { Session } from './run.ts';
import { printable, timeOfDay } from './text.ts';

/** At most so often: what happens in between is seen together. */
const FRAME_MS = 100;
const HEADINGS = ['DOMAIN', 'STATE', 'SINCE', 'MONITOR', 'LAST'];
const WIDTHS = [22, 26, 14, 14];
/** Of a terminal that does not say. */
const COLUMNS = 100;
const ROWS = 24;
/** Headings, what is left out, drops, the note; and the line of the cursor. */
const OTHER_LINES = 5;
const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('middle')
    .map((name) => [name, '']),
);

/** Takes the place of the output: of what is printed, and of what is said beside it. */
export class LiveTable {
  readonly #session: Session;
  #driver: Driver | null = null;
  readonly #write: ReturnType<typeof createLogUpdate>;
  /** By the domain's name, which is its own within a driver. */
  readonly #since = new Map<string, string>();
  readonly #last = new Map<string, string>();
  #dropped = 0;
  #note = 'Ctrl-C ends it';
  #cancel: (() => void) | null = null;

  /** @throws UsageError if there is no terminal to draw on */
  constructor(session: Session) {
    const { stdout } = session.io;
    if (stdout.isTTY !== true || session.output.format !== 'text')
      throw new UsageError('--tui needs a terminal, and no other --format than text');
    this.#session = session;
    // Of version 6: 7.2 loses the last line when a picture grows.
    this.#write = createLogUpdate(stdout, { showCursor: true });
  }

  show(driver: Driver): void {
    this.#driver = driver;
    this.#draw();
  }

  readonly line = (line: Line): void => {
    this.#take(line);
    this.#drawSoon();
  };

  /** Below the table, in place of what was said before. */
  readonly say: Session['say'] = (text) => {
    this.#note = text;
    this.#drawSoon();
  };

  /** It stays on the terminal as it is. Before the driver is closed, which has no domains then. */
  end(): void {
    this.#draw();
    this.#driver = null;
    this.#write.done();
  }

  #take(line: Line): void {
    const now = timeOfDay(this.#session.io.runtime.now());
    if (line.kind === 'drop') this.#dropped += line.count;
    else if (line.kind === 'state') this.#since.set(line.domain, now);
    else this.#last.set(line.domain, `${now}  ${describeLine(line)[1]}`);
  }

  #drawSoon(): void {
    this.#cancel ??= after(this.#session.io.runtime.loop, FRAME_MS, () => this.#draw());
  }

  #draw(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#driver === null) return;
    const { stdout } = this.#session.io;
    const { columns = COLUMNS, rows = ROWS } = stdout;
    const { paint } = this.#session.output;
    const fixed = WIDTHS.reduce((sum, width) => sum + width, 0);
    const table = new Table({
      head: HEADINGS.map((heading) => paint('dim', heading)),
      colWidths: [...WIDTHS, Math.max(columns - fixed, 10)],
      chars: NO_LINES,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    });
    const { domains } = this.#driver;
    const shown = domains.slice(0, Math.max(rows - OTHER_LINES, 1));
    for (const { name, state } of shown) {
      const { monitor, active, reason } = state;
      table.push([
        paint('bold', printable(name)),
        paint(active ? 'green' : 'yellow', `${state.state} (${reason})`),
        this.#since.get(name) ?? '',
        paint(active && monitor !== 'ready' ? 'red' : 'dim', monitor),
        printable(this.#last.get(name) ?? ''),
      ]);
    }
    const below = [
      domains.length > shown.length ? `… and ${domains.length - shown.length} more` : '',
      this.#dropped > 0 ? `dropped: ${this.#dropped}` : '',
      printable(this.#note),
    ].filter((text) => text !== '');
    this.#write(`${table.toString()}\n${below.map((text) => paint('dim', text)).join('\n')}`);
  }
}

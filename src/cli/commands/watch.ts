/** `watch`: attaches to QEMUs and prints what happens, through their ends and new beginnings. */
import type { Command } from 'commander';
import type { Domain, DomainEvent, EventId } from '../../domain.ts';
import { type Driver, openDriver } from '../../driver.ts';
import { type DomainEventId, domainEvents } from '../../events/domain-events.ts';
import { bodyOf, headOf, type Line, toLine } from '../../lines.ts';
import type { EventLoop } from '../../loop/event-loop.ts';
import { after } from '../../loop/timeouts.ts';
import { attachTarget, sayUnfollowed } from '../attach.ts';
import { readTargets } from '../domains.ts';
import { DropLines } from '../drops.ts';
import { type ExitCode, TimeoutError } from '../errors.ts';
import {
  configOption,
  eventsOption,
  examples,
  formatOption,
  hostOption,
  qmpsOption,
  timeoutOption,
} from '../options.ts';
import type { Format } from '../output.ts';
import type { Run, Session } from '../run.ts';

interface Options {
  readonly qmp: readonly string[];
  readonly config?: string;
  readonly events?: readonly DomainEventId[];
  readonly host: 'dry-run' | 'apply' | 'off';
  readonly outcomes?: true;
  readonly raw?: true;
  readonly timeout?: number;
  readonly once?: true;
  readonly untilStopped?: true;
  readonly tui?: true;
  readonly format: Format;
}

export function addWatch(program: Command, run: Run): void {
  program
    .command('watch')
    .description('attach to QEMUs that somebody started, and print what happens to them')
    .addOption(qmpsOption())
    .addOption(configOption())
    .addOption(eventsOption())
    .addOption(hostOption())
    .option('--outcomes', 'print how each handler ended')
    .option('--raw', "print QEMU's own events too")
    .addOption(timeoutOption('end after so long; exit code 124 if --once or --until-stopped was not met'))
    .option('--once', 'end after the first event')
    .option('--until-stopped', 'end when every domain has stopped; without it, the next QEMU is waited for')
    .option('--tui', 'show the domains as a table that is written over, on a terminal')
    .addOption(formatOption())
    .addHelpText(
      'after',
      examples(
        'watch --qmp /run/vm/web1.qmp',
        'watch --qmp /run/vm/web1.qmp /run/vm/web2.qmp --until-stopped --format jsonl',
        'watch --qmp /run/vm/web1.qmp --events lifecycle --once --timeout 30',
        'watch --qmp /run/vm/web1.qmp --config web1.json --outcomes --raw',
        'watch --qmp /run/vm/*.qmp --tui',
      ),
    )
    .action((options: Options) => run(options.format, (session) => watch(options, session)));
}

async function watch(options: Options, session: Session): Promise<ExitCode> {
  const { io, signal } = session;
  const table = options.tui === true ? new (await import('../live-table.ts')).LiveTable(session) : null;
  const targets = await readTargets(io, options.qmp, options.config);
  signal.throwIfAborted();
  if (options.host === 'off') sayUnfollowed(session, targets);
  const { runtime } = io;
  // Between two incarnations nothing else keeps the process alive.
  const release = runtime.hold();
  const driver = await openDriver({ runtime, host: options.host });
  const attempts = new AbortController();
  const onAbort = (): void => attempts.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  const print = table?.line ?? ((line: Line): void => session.output.line(line));
  const printer = new Printer(options, runtime.loop, print);
  table?.show(driver);
  let cancelTimeout = (): void => {};
  try {
    return await new Promise<ExitCode>((resolve, reject) => {
      attempts.signal.addEventListener('abort', () => reject(signal.reason));
      if (options.timeout !== undefined)
        cancelTimeout = after(runtime.loop, options.timeout * 1000, () => {
          const wanted = options.once === true || options.untilStopped === true;
          if (!wanted) resolve(0);
          else reject(new TimeoutError(`not met within ${options.timeout} s: ${describeWanted(options)}`));
        });
      printer.start(driver, targets.length, () => resolve(0));
      for (const target of targets)
        attachTarget(driver, target, {
          session: table === null ? session : { ...session, say: table.say },
          signal: attempts.signal,
          endsWhenStopped: options.untilStopped === true,
        }).catch(reject);
    });
  } finally {
    cancelTimeout();
    signal.removeEventListener('abort', onAbort);
    attempts.abort();
    table?.end();
    await driver.close();
    printer.end();
    release();
  }
}

const describeWanted = ({ once, untilStopped }: Options): string =>
  [once === true && 'an event (--once)', untilStopped === true && 'every domain stopped (--until-stopped)']
    .filter((text) => text !== false)
    .join(', or ');

/** Subscribes, prints, and knows when it is enough. */
class Printer {
  readonly #options: Options;
  readonly #line: (line: Line) => void;
  readonly #drops: DropLines;
  readonly #stopped = new Set<Domain>();
  #ended = false;

  constructor(options: Options, loop: EventLoop, line: (line: Line) => void) {
    this.#options = options;
    this.#line = line;
    this.#drops = new DropLines(loop, line);
  }

  start(driver: Driver, count: number, onEnough: () => void): void {
    const { raw, outcomes, untilStopped } = this.#options;
    const types: EventId[] = [...this.#wanted(), 'state', 'host', 'drop'];
    if (raw === true) types.push('monitor-event');
    if (outcomes === true) types.push('outcome');
    for (const type of types) driver.on(type, (event) => this.#print(event, onEnough));
    if (untilStopped !== true) return;
    driver.on('lifecycle', ({ domain, args }) => {
      if (args.event === 'stopped') this.#stopped.add(domain);
      if (this.#stopped.size === count) onEnough();
    });
  }

  /** What is left to say. */
  end(): void {
    this.#drops.flush();
  }

  #wanted(): readonly DomainEventId[] {
    return this.#options.events ?? (Object.keys(domainEvents) as DomainEventId[]);
  }

  #print(event: DomainEvent, onEnough: () => void): void {
    if (event.type === 'drop') {
      const { reason, event: name } = event.args;
      this.#drops.add(event.domain.actor.sessionId, headOf(event), reason, name);
      return;
    }
    const body = bodyOf(event);
    if (body === null || this.#ended) return;
    this.#line(toLine(headOf(event), body));
    if (body.kind !== 'event' || this.#options.once !== true) return;
    this.#ended = true;
    onEnough();
  }
}

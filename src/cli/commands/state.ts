/** `state`: how a QEMU is, once. */
import type { Command } from 'commander';
import type { Domain } from '../../domain.ts';
import { openDriver } from '../../driver.ts';
import { type LineHead, toLine } from '../../lines.ts';
import type { ExitCode } from '../errors.ts';
import { examples, formatOption, qmpOption } from '../options.ts';
import type { Format } from '../output.ts';
import type { Run, Session } from '../run.ts';

interface Options {
  readonly qmp: string;
  readonly format: Format;
}

export function addState(program: Command, run: Run): void {
  program
    .command('state')
    .description('print the state of one QEMU, in the words of libvirt')
    .addOption(qmpOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      examples('state --qmp /run/vm/web1.qmp', 'state --qmp /run/vm/web1.qmp --format jsonl'),
    )
    .action((options: Options) =>
      run(options.format, (session) => withDomain(session, options.qmp, printState)),
    );
}

/** Attaches, works, and lets go again whatever happens. */
export async function withDomain(
  session: Session,
  monitor: string,
  work: (domain: Domain, session: Session) => Promise<void>,
): Promise<ExitCode> {
  const { signal } = session;
  signal.throwIfAborted();
  const driver = await openDriver({ runtime: session.io.runtime });
  try {
    await work(await driver.attach({ monitor, signal }), session);
    return 0;
  } finally {
    await driver.close();
  }
}

async function printState(domain: Domain, { output }: Session): Promise<void> {
  const { state, reason, active, monitor } = domain.state;
  output.line(toLine(headOfDomain(domain), { kind: 'state', state, reason, active, monitor } as const));
}

export function headOfDomain(domain: Domain): LineHead {
  const { id, incarnation } = domain.state;
  return { domain: domain.name, uuid: domain.uuid, id, incarnation };
}

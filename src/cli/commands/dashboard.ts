/** `dashboard`: shows QEMUs, or recordings, in a browser. */
import { type Command, Option } from 'commander';
import type { Dashboard, DashboardOptions } from '../../dashboard/index.ts';
import { openDriver } from '../../driver.ts';
import { messageOf } from '../../errors.ts';
import { type Recording, readRecording } from '../../recording/reader.ts';
import { RecordingError } from '../../recording/recording-error.ts';
import { attachTarget, sayUnfollowed } from '../attach.ts';
import { Cleanup } from '../cleanup.ts';
import { readTargets } from '../domains.ts';
import { type ExitCode, InputError, UsageError } from '../errors.ts';
import { configOption, examples, formatOption, hostOption, qmpsOption } from '../options.ts';
import type { Format } from '../output.ts';
import type { Run, Session } from '../run.ts';

interface Options {
  readonly qmp?: readonly string[];
  readonly config?: string;
  readonly replay?: readonly string[];
  readonly listen: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly allowControl?: true;
  readonly host: 'dry-run' | 'apply' | 'off';
  readonly format: Format;
}

export function addDashboard(program: Command, run: Run): void {
  program
    .command('dashboard')
    .description('show QEMUs, or recordings, in a browser: states, statecharts, events')
    .addOption(qmpsOption().makeOptionMandatory(false))
    .addOption(configOption())
    .addOption(
      new Option('--replay <file...>', 'recordings to look back at, instead of QEMUs').conflicts('qmp'),
    )
    .addOption(new Option('--listen <host:port>', 'where; port 0 is any that is free').default('127.0.0.1:0'))
    .addOption(
      new Option('--token <token>', "what a reader must know; 'auto' makes one. Needed unless on loopback"),
    )
    .addOption(new Option('--token-file <file>', 'the same from a file').conflicts('token'))
    .addOption(
      new Option('--allow-control', 'readers may suspend, resume, reset, … the domains').conflicts('replay'),
    )
    .addOption(hostOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      examples(
        'dashboard --qmp /run/vm/web1.qmp',
        'dashboard --qmp /run/vm/web1.qmp /run/vm/web2.qmp --listen 127.0.0.1:8026 --allow-control',
        'dashboard --qmp /run/vm/web1.qmp --listen 0.0.0.0:8026 --token auto',
        'dashboard --replay monday.qmp.jsonl',
      ),
    )
    .action((options: Options) => run(options.format, (session) => dashboard(options, session)));
}

async function dashboard(options: Options, session: Session): Promise<ExitCode> {
  const { qmp, replay, format } = options;
  if ((qmp === undefined) === (replay === undefined)) throw new UsageError('expected --qmp, or --replay');
  await using cleanup = new Cleanup();
  const { io, output, signal } = session;
  cleanup.defer(io.runtime.hold());
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const token = await readToken(options, session);
  const serving = { listen: options.listen, ...(token === undefined ? {} : { token }) };
  let shown: Dashboard;
  if (replay !== undefined) shown = await showRecordings(replay, serving, session);
  else {
    const targets = await readTargets(io, qmp ?? [], options.config);
    if (options.host === 'off') sayUnfollowed(session, targets);
    const driver = cleanup.use(await openDriver({ runtime: io.runtime, host: options.host }));
    const control = options.allowControl === true;
    shown = await asUsage(driver.dashboard({ ...serving, allowControl: control }));
    const context = { session, signal: ended, endsWhenStopped: false, control };
    for (const target of targets)
      attachTarget(driver, target, context).catch((error: unknown) => failed.abort(error));
  }
  cleanup.use(shown);
  if (format === 'jsonl') output.json({ kind: 'listening', url: shown.url });
  else output.text(shown.url);
  return await new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(ended.reason);
    if (ended.aborted) onAbort();
    else ended.addEventListener('abort', onAbort);
  });
}

async function showRecordings(
  files: readonly string[],
  serving: DashboardOptions,
  { io, signal }: Session,
): Promise<Dashboard> {
  const { runtime } = io;
  const recordings: Recording[] = [];
  try {
    for (const file of files) recordings.push(await readRecording(file, runtime.files));
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    throw new InputError(error.message, { cause: error, code: error.code });
  }
  const { openReplay } = await import('../../dashboard/index.ts');
  return asUsage(openReplay(recordings, runtime, { ...serving, signal }));
}

async function readToken({ token, tokenFile }: Options, { io }: Session): Promise<string | undefined> {
  if (tokenFile === undefined) return token;
  try {
    return (await io.readFile(tokenFile)).trim();
  } catch (error) {
    throw new InputError(`${tokenFile}: ${messageOf(error)}`, { cause: error });
  }
}

/** What an option does not take is said by a TypeError. */
async function asUsage(opening: Promise<Dashboard>): Promise<Dashboard> {
  try {
    return await opening;
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message, { cause: error }) : error;
  }
}

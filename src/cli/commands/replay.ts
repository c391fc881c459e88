/** `replay`: plays recordings to the same machines, and prints what they tell. */
import type { Command } from 'commander';
import { bodyOf, headOf, type LineHead, toLine } from '../../lines.ts';
import { type Recording, readRecording } from '../../recording/reader.ts';
import { RecordingError } from '../../recording/recording-error.ts';
import { type ReplayItem, replay } from '../../recording/replay.ts';
import type { ExitCode } from '../errors.ts';
import { examples, formatOption } from '../options.ts';
import type { Format } from '../output.ts';
import { type Run, report, type Session } from '../run.ts';

interface Options {
  readonly outcomes?: true;
  readonly raw?: true;
  readonly format: Format;
}

export function addReplay(program: Command, run: Run): void {
  program
    .command('replay')
    .description('play recordings, and print what happened in them')
    .argument('<file...>', 'recordings, one after the other')
    .option('--outcomes', 'print how each handler ended')
    .option('--raw', "print QEMU's own events too")
    .addOption(formatOption())
    .addHelpText(
      'after',
      examples(
        'replay web1.qmp.jsonl',
        'replay --outcomes --raw --format jsonl monday.qmp.jsonl tuesday.qmp.jsonl',
      ),
    )
    .action((files: readonly string[], options: Options) =>
      run(options.format, (session) => replayAll(files, options, session)),
    );
}

/** A broken file prints nothing of itself; the others are played all the same. */
async function replayAll(files: readonly string[], options: Options, session: Session): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  for (const file of files) {
    session.signal.throwIfAborted();
    try {
      const recording = await readRecording(file, session.io.runtime.files);
      await play(recording, files.length > 1 ? { file } : {}, options, session);
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
      report(session.io, options.format, error);
      exitCode = 2;
    }
  }
  return exitCode;
}

async function play(
  recording: Recording,
  of: Pick<LineHead, 'file'>,
  { outcomes, raw }: Options,
  { output, signal }: Session,
): Promise<void> {
  const drops = new Map<
    string,
    { readonly head: LineHead; readonly item: ReplayItem<'drop'>; count: number }
  >();
  const when = (step: number | undefined): string => (step === undefined ? '-' : `step ${step}`);
  const tellDrops = (): void => {
    for (const { head, item, count } of drops.values())
      output.line(toLine(head, { kind: 'drop', ...item.args, count }), when(head.step));
    drops.clear();
  };
  for await (const item of replay(recording, { signal })) {
    const head = { ...of, ...(item.step === null ? {} : { step: item.step }), ...headOf(item) };
    if (item.type === 'drop') {
      const key = JSON.stringify([item.incarnation, item.args.reason, item.args.event, item.step]);
      const waiting = drops.get(key);
      if (waiting === undefined) drops.set(key, { head, item, count: 1 });
      else waiting.count += 1;
      continue;
    }
    if ((item.type === 'outcome' && outcomes !== true) || (item.type === 'monitor-event' && raw !== true))
      continue;
    const body = bodyOf(item);
    if (body === null) continue;
    // A step's state stands after everything else of the step.
    if (body.kind === 'state') tellDrops();
    output.line(toLine(head, body), when(head.step));
  }
  tellDrops();
}

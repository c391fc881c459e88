/** `record`: writes down what passes on a monitor, to be replayed. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { openDriver } from '../../driver.ts';
import { messageOf } from '../../errors.ts';
import { createDryRunNetwork } from '../../host/dry-run.ts';
import { createIproute2 } from '../../host/iproute2.ts';
import type { Runtime } from '../../loop/runtime.ts';
import { createRecorder, type Recorder } from '../../recording/writer.ts';
import { attachTarget, sayUnfollowed } from '../attach.ts';
import { Cleanup } from '../cleanup.ts';
import { readTargets } from '../domains.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import { configOption, examples, formatOption, hostOption, qmpOption } from '../options.ts';
import type { Format } from '../output.ts';
import type { Run, Session } from '../run.ts';
import { printable } from '../text.ts';

interface Options {
  readonly qmp: string;
  readonly output: string;
  readonly config?: string;
  readonly host: 'dry-run' | 'apply' | 'off';
  readonly force?: true;
  readonly format: Format;
}

const PROGRESS_INTERVAL_MS = 1000;

export function addRecord(program: Command, run: Run): void {
  program
    .command('record')
    .description('write down what passes on the monitor of one QEMU, until it ends')
    .addOption(qmpOption())
    .addOption(new Option('-o, --output <file>', 'the recording').makeOptionMandatory())
    .addOption(configOption())
    .addOption(hostOption())
    .option('--force', 'overwrite the file if it is there')
    .addOption(formatOption())
    .addHelpText(
      'after',
      examples(
        'record --qmp /run/vm/web1.qmp -o web1.qmp.jsonl',
        'record --qmp /run/vm/web1.qmp -o web1.qmp.jsonl --config web1.json --force',
      ),
    )
    .action((options: Options) => run(options.format, (session) => record(options, session)));
}

async function record(options: Options, session: Session): Promise<ExitCode> {
  await using cleanup = new Cleanup();
  const { io, signal, output } = session;
  const { runtime } = io;
  const [target] = await readTargets(io, [options.qmp], options.config);
  if (target === undefined) throw new UsageError('no --qmp');
  signal.throwIfAborted();
  if (options.host === 'off') sayUnfollowed(session, [target]);
  const file = new RecordingFile(options.output, options.force === true);
  // Last of all, so that the file is complete whatever happens.
  cleanup.defer(() => {
    file.close();
    if (output.format === 'jsonl') output.json({ kind: 'recorded', file: options.output, lines: file.lines });
    else output.text(`${printable(options.output)}: ${file.lines} lines`);
  });
  cleanup.defer(runtime.hold());
  const stop = new AbortController();
  const recorder = createRecorder({
    runtime,
    write: (line) => {
      try {
        file.write(line);
      } catch (error) {
        // Not here: QEMU's messages pass on this stack.
        stop.abort(new Error(`${options.output}: ${messageOf(error)}`, { cause: error }));
      }
    },
    ...(target.config === undefined ? {} : { config: target.config }),
  });
  cleanup.defer(() => recorder.close());
  const driver = await openDriver({ runtime, host: recordedHost(options.host, runtime, recorder) });
  cleanup.defer(() => driver.close());
  cleanup.defer(showProgress(session, file));
  const ended = AbortSignal.any([signal, stop.signal]);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(ended.reason);
    if (ended.aborted) return onAbort();
    ended.addEventListener('abort', onAbort);
    const listening = recorder.listen(driver);
    cleanup.defer(() => listening[Symbol.dispose]());
    // Heard after the recorder has heard it.
    driver.on('state', ({ args }) => {
      if (!args.active) resolve();
    });
    const context = { session, signal: ended, endsWhenStopped: true, trace: recorder.trace };
    attachTarget(driver, target, context).catch(reject);
  });
  return 0;
}

/** What handlers read of the host is part of a recording. */
function recordedHost(host: 'off' | 'dry-run' | 'apply', runtime: Runtime, recorder: Recorder) {
  if (host === 'off') return host;
  const network = recorder.network(createIproute2(runtime));
  return host === 'apply' ? network : createDryRunNetwork(network);
}

/** Each line is in the file when `write` returns. */
class RecordingFile {
  readonly #descriptor: number;
  lines = 0;

  /** @throws UsageError if it is there already */
  constructor(path: string, force: boolean) {
    try {
      this.#descriptor = openSync(path, force ? 'w' : 'wx');
    } catch (error) {
      const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      throw new UsageError(exists ? `${path} is there already; --force overwrites it` : messageOf(error), {
        cause: error,
      });
    }
  }

  /** @throws the system's error */
  write(line: string): void {
    writeSync(this.#descriptor, `${line}\n`);
    this.lines += 1;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** On a terminal, the number of lines so far. @returns ends it */
function showProgress({ io }: Session, file: RecordingFile): () => void {
  const { stderr, runtime } = io;
  if (stderr.isTTY !== true) return () => {};
  const show = (): void => void stderr.write(`\r${file.lines} lines`);
  const timer = runtime.loop.addTimeout(PROGRESS_INTERVAL_MS, show);
  return () => {
    runtime.loop.removeTimeout(timer);
    stderr.write('\r\u001b[K');
  };
}

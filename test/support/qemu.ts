/** A real QEMU for a test: without hardware acceleration, without a display, without anything of the user's. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessMonitor, type QmpEvent } from './harness-monitor.ts';
import { type Exit, type RunningProcess, startProcess } from './process.ts';
import { within } from './within.ts';

const QEMU = 'qemu-system-x86_64';

let reason: string | null | undefined;

/** Null, or why there is no QEMU to test with. */
export function qemuAvailable(): string | null {
  if (reason === undefined) {
    const { error, status } = spawnSync(QEMU, ['--version'], { stdio: 'ignore' });
    reason = error === undefined && status === 0 ? null : `QEMU is missing: ${QEMU} cannot be run`;
  }
  return reason;
}

export interface QemuOptions {
  /** More arguments, at the end of the command line. */
  readonly args?: readonly string[];
  /** Default: `pc`. */
  readonly machine?: string;
  /** Default: `64M`. */
  readonly memory?: string;
  /** Start with `-S`: the CPU does not run before the first `cont`. */
  readonly paused?: boolean;
  /** Default: no `-name`. */
  readonly name?: string;
  /** Default: no `-uuid`. */
  readonly uuid?: string;
  /** QMP sockets for the code under test besides the first. */
  readonly extraMonitors?: number;
  /** Working directory; default: the QEMU's own temporary one. */
  readonly cwd?: string;
  /** Network namespace to run in. */
  readonly namespace?: string;
  /** Open descriptors that QEMU gets as 3, 4, … */
  readonly fds?: readonly number[];
}

/** A device that goes without its guest's help: `device_del` of `tablet0`. */
export const TABLET: readonly string[] = [
  ...['-device', 'qemu-xhci,id=usb', '-device', 'usb-tablet,id=tablet0,bus=usb.0'],
];

/** Disposing kills QEMU, waits for its end and removes its directory. */
export interface Qemu extends AsyncDisposable {
  /** The first QMP socket, free for the code under test. */
  readonly path: string;
  /** All QMP sockets for the code under test: the first and the extra ones. */
  readonly paths: readonly string[];
  /** A temporary directory with a short path, for sockets and files of this QEMU. */
  readonly directory: string;
  readonly child: RunningProcess['child'];
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stderr(): string;
  /**
   * With SIGTERM (or the command `quit`) QEMU 7.2 may tell SHUTDOWN and then never end: if a command comes, on any
   * monitor, as it cleans up, it waits for ever in `monitor.c:monitor_cleanup`. A test must know that the code under
   * test has nothing under way; else SIGKILL.
   */
  kill(signal: NodeJS.Signals): void;
  /** Executes a command on the harness's monitor. `T` is what the caller expects; it is not checked. */
  qmp<T = unknown>(command: string, args?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Executes a command line of the human monitor, and returns what it prints. */
  hmp(commandLine: string): Promise<string>;
  /** The next event of this name on the harness's monitor, past ones included, each once. */
  event(name: string, timeoutMs?: number): Promise<QmpEvent>;
  /** All events on the harness's monitor so far. */
  events(): readonly QmpEvent[];
}

/**
 * Starts a QEMU and waits until all its monitors listen.
 *
 * @throws Error with QEMU's standard error if it ends instead
 */
export async function startQemu(options: QemuOptions = {}): Promise<Qemu> {
  const directory = await mkdtemp('/tmp/qa-');
  const paths = Array.from(
    { length: 1 + (options.extraMonitors ?? 0) },
    (_, n) => `${directory}/qmp${n}.sock`,
  );
  const harnessPath = `${directory}/harness.sock`;
  let running: RunningProcess | undefined;
  let monitor: HarnessMonitor | undefined;
  const dispose = async (): Promise<void> => {
    monitor?.close();
    await running?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };

  try {
    running = await startProcess(QEMU, commandLine(options, [...paths, harnessPath]), {
      cwd: options.cwd ?? directory,
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      ...(options.fds === undefined ? {} : { fds: options.fds }),
    });
    // The sockets are made in the order of the command line, so the last one stands for all.
    monitor = await connectTo(harnessPath, running);
  } catch (error) {
    await dispose();
    throw error;
  }

  const { child, pid, exited, stderr, kill } = running;
  const harness = monitor;
  return {
    path: `${directory}/qmp0.sock`,
    paths,
    directory,
    child,
    pid,
    exited,
    stderr,
    kill,
    qmp: <T>(command: string, args?: Readonly<Record<string, unknown>>) =>
      harness.execute(command, args) as Promise<T>,
    hmp: (line) => harness.execute('human-monitor-command', { 'command-line': line }) as Promise<string>,
    event: (name, timeoutMs) => harness.event(name, timeoutMs),
    events: () => harness.events,
    [Symbol.asyncDispose]: dispose,
  };
}

function commandLine(options: QemuOptions, sockets: readonly string[]): string[] {
  return [
    ...['-accel', 'tcg', '-display', 'none', '-nodefaults', '-no-user-config'],
    ...['-machine', options.machine ?? 'pc', '-m', options.memory ?? '64M'],
    ...(options.name === undefined ? [] : ['-name', options.name]),
    ...(options.uuid === undefined ? [] : ['-uuid', options.uuid]),
    ...(options.paused === true ? ['-S'] : []),
    ...sockets.flatMap((path, n) => [
      ...['-chardev', `socket,id=mon${n},path=${path},server=on,wait=off`],
      ...['-mon', `chardev=mon${n},mode=control`],
    ]),
    ...(options.args ?? []),
  ];
}

async function connectTo(path: string, running: RunningProcess): Promise<HarnessMonitor> {
  let ended = false;
  void running.exited.then(() => {
    ended = true;
  });
  return await within(
    60_000,
    () => `QEMU does not listen on ${path}: ${running.stderr()}`,
    async (signal) => {
      for (;;) {
        try {
          return await HarnessMonitor.connect(path);
        } catch (error) {
          if (ended) throw new Error(`QEMU ended at its start: ${running.stderr()}`, { cause: error });
          await sleep(20, undefined, { signal });
        }
      }
    },
  );
}

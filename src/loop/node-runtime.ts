/** The Runtime on Node and Linux. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { v4 as uuidv4 } from 'uuid';
import type { EventLoop } from './event-loop.ts';
import { holdProcess } from './hold.ts';
import { MonitorSocket } from './monitor-socket.ts';
import { processEventLoop } from './process-event-loop.ts';
import type {
  Address,
  CommandResult,
  FileIdentity,
  Files,
  Processes,
  ProcessIdentity,
  RunOptions,
  Runtime,
} from './runtime.ts';

const MAX_COMMAND_OUTPUT_BYTES = 8 * 1024 * 1024;

function connect(address: Address, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = new MonitorSocket().connect('path' in address ? { path: address.path } : { ...address });
    const settle = (): void => {
      socket.off('connect', onConnect);
      socket.off('error', onError);
      signal.removeEventListener('abort', onAbort);
    };
    const onConnect = (): void => {
      settle();
      // The Runtime's hold decides what keeps the process alive, not each socket.
      socket.unref();
      resolve(socket);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(signal.reason);
    };
    socket.on('connect', onConnect);
    socket.on('error', onError);
    signal.addEventListener('abort', onAbort);
  });
}

const files: Files = {
  read: (path) => readFile(path, 'utf8'),
  link: (path) => readlink(path).catch(() => null),
  async identity(path): Promise<FileIdentity | null> {
    try {
      const { dev, ino, ctimeMs } = await stat(path);
      return { device: dev, inode: ino, changedMs: ctimeMs };
    } catch {
      return null;
    }
  },
  list: (path) => readdir(path).catch(() => null),
  async deviceNumber(path): Promise<string | null> {
    try {
      const found = await stat(path);
      if (!found.isCharacterDevice() && !found.isBlockDevice()) return null;
      // dev_t as glibc packs it; Linux's own has 12 bits of major and 20 of minor, so 32 of it.
      const { rdev } = found;
      return `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
    } catch {
      return null;
    }
  },
};

function run(file: string, args: readonly string[], options: RunOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      [...args],
      {
        timeout: options.timeoutMs,
        maxBuffer: MAX_COMMAND_OUTPUT_BYTES,
        killSignal: 'SIGKILL',
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr });
        if (error.killed === true) return reject(new Error(`${file} did not end in time`, { cause: error }));
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr });
        reject(error);
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

const processes: Processes = {
  run,
  async identify(pid): Promise<ProcessIdentity | null> {
    try {
      const status = await readFile(`/proc/${pid}/stat`, 'utf8');
      // proc(5): the name in parentheses may hold anything; state is field 3, start time field 22.
      const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
      const [state, startTicks] = [fields[0], fields[19]];
      if (state === 'Z' || state === 'X' || startTicks === undefined) return null;
      const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
      return { pid, startTicks, bootId };
    } catch {
      return null;
    }
  },
  kill(pid, signal): void {
    process.kill(pid, signal);
  },
};

/**
 * @param loop - another event loop than the process's
 * @public
 */
export function createNodeRuntime(loop: EventLoop = processEventLoop()): Runtime {
  return {
    loop,
    files,
    processes,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: () => Math.random(),
    uuid: () => uuidv4(),
    connect,
    hold: holdProcess,
  };
}

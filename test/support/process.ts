/** Child processes of tests. None outlives the test process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { within } from './within.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to standard input, which is closed then. */
  readonly input?: string;
  /** Open descriptors of this process that the child gets as 3, 4, … */
  readonly fds?: readonly number[];
  /** Name of a network namespace to run in: `ip netns exec`, so with its /proc/net and /sys. */
  readonly namespace?: string;
}

export interface RunningProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Settles when the process has ended and its output is complete. */
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** Complete lines of standard output so far. */
  lines(): string[];
  /**
   * The first line of standard output that matches, after the one that the call before returned.
   *
   * @throws Error if the process ends, or `timeoutMs` passes, without one
   */
  line(matches: RegExp | ((line: string) => boolean), timeoutMs?: number): Promise<string>;
  kill(signal?: NodeJS.Signals): void;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** @throws the system's error if the file cannot be run */
export async function startProcess(
  file: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<RunningProcess> {
  // `ip netns exec` replaces itself, so the pid is the command's own.
  const [command = file, ...rest] =
    options.namespace === undefined
      ? [file, ...args]
      : ['ip', 'netns', 'exec', options.namespace, file, ...args];
  const child = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'pipe', ...(options.fds ?? [])],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  alive.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');

  let ended: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      alive.delete(child);
      ended = { code, signal };
      resolve(ended);
    });
  });
  await once(child, 'spawn').catch((error: unknown) => {
    alive.delete(child);
    throw error;
  });

  const lines = (): string[] => stdout.split('\n').slice(0, -1);
  let seen = 0;
  const nextLine = (matches: (line: string) => boolean): string | undefined => {
    const all = lines();
    const index = all.findIndex((line, at) => at >= seen && matches(line));
    if (index < 0) return undefined;
    seen = index + 1;
    return all[index];
  };

  return {
    child,
    pid: child.pid ?? Number.NaN,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    lines,
    async line(matches, timeoutMs = 60_000) {
      const test = typeof matches === 'function' ? matches : (line: string) => matches.test(line);
      return await within(
        timeoutMs,
        () => `no such line from ${file}: ${matches}\n${stdout}${stderr}`,
        async (signal) => {
          for (;;) {
            const found = nextLine(test);
            if (found !== undefined) return found;
            if (ended !== undefined)
              throw new Error(`${file} ended without the line ${matches}\n${stdout}${stderr}`);
            await Promise.race([once(child.stdout ?? child, 'data', { signal }), exited]);
          }
        },
      );
    },
    kill(signal = 'SIGKILL') {
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

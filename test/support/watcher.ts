/** The product in a process of its own, so that it can run in a network namespace, or end by itself. */
import { fileURLToPath } from 'node:url';
import { type Exit, type RunningProcess, startProcess } from './process.ts';
import type { WatchMessage, WatchPlan } from './watch-process.ts';

const script = fileURLToPath(new URL('./watch-process.ts', import.meta.url));

type Of<T extends WatchMessage['type']> = Extract<WatchMessage, { type: T }>;

/** Disposing kills it. */
export class Watcher implements AsyncDisposable {
  /** Those that were waited for so far; all of them after `end()`. */
  readonly messages: WatchMessage[] = [];
  readonly #running: RunningProcess;

  /** Starts it, and waits until it is attached to all its QEMUs. */
  static async start(plan: WatchPlan, namespace?: string): Promise<Watcher> {
    const args = ['--import', 'tsx', script, JSON.stringify(plan)];
    const options = namespace === undefined ? {} : { namespace };
    const watcher = new Watcher(await startProcess(process.execPath, args, options));
    await watcher.until(() => watcher.of('attached').length === 1);
    return watcher;
  }

  private constructor(running: RunningProcess) {
    this.#running = running;
  }

  of<T extends WatchMessage['type']>(type: T): Of<T>[] {
    return this.messages.filter((message): message is Of<T> => message.type === type);
  }

  /** Waits until what it printed satisfies. @throws Error with its output if it ends before, or in 60 s */
  async until(satisfied: (watcher: this) => boolean): Promise<void> {
    while (!satisfied(this)) this.messages.push(JSON.parse(await this.#running.line(() => true)));
  }

  /** Forgets what it printed so far, to look at what comes next. */
  forget(): void {
    this.messages.length = 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.#running.kill(signal);
  }

  /** Waits for its end, after SIGTERM unless it ends by itself, and for all that it printed. */
  async end(how: 'closed' | 'by itself' = 'closed'): Promise<Exit> {
    if (how === 'closed') this.kill('SIGTERM');
    const exit = await this.#running.exited;
    try {
      await this.until(() => false);
    } catch {
      // That is how it says that there is no more.
    }
    if (this.#running.stderr() !== '') throw new Error(this.#running.stderr());
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** Processes of a simulated host: QEMUs, by pid, and host commands. */
import type { CommandResult, Processes, ProcessIdentity, RunOptions } from '../../loop/runtime.ts';
import type { Agenda, Timed } from './agenda.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** A process that is not ours. */
interface SimulatedProcess {
  readonly alive: boolean;
  onSignal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

interface Running {
  readonly process: SimulatedProcess;
  readonly startTicks: string;
}

const noSuchProcess = (): Error => Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });

export class SimulatedProcesses implements Processes {
  /** Host commands that fail from now on, and that do not end until this is false again. */
  failing = false;
  hanging = false;
  /** Is told of each host command that is started. */
  onCommand: (args: readonly string[], input: string) => void = () => {};
  readonly #agenda: Agenda;
  readonly #host: SimulatedHost;
  readonly #running = new Map<number, Running>();
  #lastPid = 100;
  #startTicks = 0;

  constructor(agenda: Agenda, host: SimulatedHost) {
    this.#agenda = agenda;
    this.#host = host;
  }

  /** @param pid - of a process that ended, to be used again; else a fresh one */
  start(process: SimulatedProcess, pid = ++this.#lastPid): number {
    this.#startTicks += 1;
    this.#running.set(pid, { process, startTicks: String(this.#startTicks) });
    return pid;
  }

  identify(pid: number): Promise<ProcessIdentity | null> {
    return this.#agenda.operation(`identify ${pid}`, () => {
      const found = this.#find(pid);
      return found === null ? null : { pid, startTicks: found.startTicks, bootId: 'simulated' };
    });
  }

  kill(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    const found = this.#find(pid);
    if (found === null) throw noSuchProcess();
    found.process.onSignal(signal);
  }

  run(file: string, args: readonly string[], options: RunOptions): Promise<CommandResult> {
    if (file !== 'ip')
      return Promise.reject(Object.assign(new Error(`spawn ${file} ENOENT`), { code: 'ENOENT' }));
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs, input = '' } = options;
      if (signal?.aborted === true) return reject(signal.reason);
      this.onCommand(args, input);
      const over = (): void => {
        this.#agenda.forget(command);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        over();
        reject(signal?.reason);
      };
      const deadlineMs = this.#agenda.nowMs + timeoutMs;
      const command: Timed = {
        label: `ip ${args.at(-1)}`,
        dueMs: this.hanging ? deadlineMs : this.#agenda.nowMs,
        happen: () => {
          over();
          if (this.hanging || this.#agenda.nowMs > deadlineMs)
            return reject(new Error('ip did not end in time'));
          if (this.failing)
            return resolve({ code: 2, stdout: '', stderr: 'RTNETLINK answers: Operation not permitted\n' });
          resolve(this.#host.ip(args, input));
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#agenda.schedule(command);
    });
  }

  #find(pid: number): Running | null {
    const found = this.#running.get(pid);
    return found?.process.alive === true ? found : null;
  }
}

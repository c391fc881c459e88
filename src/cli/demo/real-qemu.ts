/** A real QEMU for the demo: no acceleration, no disk, no display, and no network that leads anywhere. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { Runtime } from '../../loop/runtime.ts';

const QEMU = 'qemu-system-x86_64';

/** @returns for instance `7.2.22`, or null if there is none that can be run */
export async function realQemuVersion(runtime: Runtime, signal: AbortSignal): Promise<string | null> {
  try {
    const { code, stdout } = await runtime.processes.run(QEMU, ['--version'], { timeoutMs: 10_000, signal });
    return code === 0 ? (/version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version') : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** Disposing kills QEMU, waits for its end and removes its directory. */
export class RealQemu implements AsyncDisposable {
  readonly path: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #directory: string;

  /** @throws Error if it cannot be run */
  static async start(name: string, mac: string): Promise<RealQemu> {
    const directory = await mkdtemp(join(tmpdir(), 'qa-'));
    const path = join(directory, 'qmp');
    const child = spawn(
      QEMU,
      [
        ...['-name', name, '-nodefaults', '-no-user-config', '-machine', 'pc', '-accel', 'tcg', '-m', '64M'],
        ...['-display', 'none', '-S', '-qmp', `unix:${path},server=on,wait=off`],
        ...['-netdev', 'hubport,id=hub0,hubid=0'],
        ...['-device', `virtio-net-pci,netdev=hub0,id=net0,mac=${mac}`],
      ],
      // Of its own group, so that Ctrl-C on the terminal is ours to answer.
      { cwd: directory, stdio: 'ignore', detached: true },
    );
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    try {
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (error) => reject(new Error(`${QEMU}: ${messageOf(error)}`, { cause: error })));
      });
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
    return new RealQemu(child, ended, directory, path);
  }

  private constructor(child: ChildProcess, ended: Promise<void>, directory: string, path: string) {
    this.#child = child;
    this.#ended = ended;
    this.#directory = directory;
    this.path = path;
    this.pid = child.pid ?? Number.NaN;
  }

  /** Resolves when the process has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

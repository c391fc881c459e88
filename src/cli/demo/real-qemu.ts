/** A real QEMU for the demo: no acceleration, no disk, no display, and no network that leads anywhere. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runtime } from '../../loop/runtime.ts';
import { sleep } from '../../loop/timeouts.ts';

const QEMU = 'qemu-system-x86_64';
const START_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

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
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #said = '';

  /** Its monitor listens when the promise resolves. @throws Error if it cannot be run, or ends; the signal's reason */
  static async start(name: string, mac: string, runtime: Runtime, signal: AbortSignal): Promise<RealQemu> {
    const qemu = new RealQemu(await mkdtemp(join(tmpdir(), 'qa-')), name, mac);
    try {
      await qemu.#listens(runtime, signal);
      return qemu;
    } catch (error) {
      await qemu[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(directory: string, name: string, mac: string) {
    this.#directory = directory;
    this.path = join(directory, 'qmp');
    this.#child = spawn(
      QEMU,
      [
        ...['-name', name, '-nodefaults', '-no-user-config', '-machine', 'pc', '-accel', 'tcg', '-m', '64M'],
        ...['-display', 'none', '-S', '-qmp', `unix:${this.path},server=on,wait=off`],
        ...['-netdev', 'hubport,id=hub0,hubid=0'],
        ...['-device', `virtio-net-pci,netdev=hub0,id=net0,mac=${mac}`],
      ],
      // In a group of its own, so that Ctrl-C on the terminal is ours to answer.
      { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    );
    this.#ended = new Promise((resolve) => {
      const onEnd = (): void => {
        this.#hasEnded = true;
        resolve();
      };
      this.#child.once('close', onEnd);
      this.#child.once('error', (error) => {
        this.#said = error.message;
        onEnd();
      });
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-1000);
    });
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #listens({ files, loop }: Runtime, signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; (await files.identity(this.path)) === null; waitedMs += POLL_MS) {
      if (this.#hasEnded) throw new Error(`${QEMU} ended at its start: ${this.#said.trim()}`);
      if (waitedMs > START_TIMEOUT_MS) throw new Error(`${QEMU} makes no monitor`);
      await sleep(loop, POLL_MS, signal);
    }
  }
}

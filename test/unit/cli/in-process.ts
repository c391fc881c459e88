/** Our program in this process, with streams, signals and a runtime of the test's. */
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { Io } from '../../../src/cli/io.ts';
import { main } from '../../../src/cli/program.ts';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import type { Runtime } from '../../../src/loop/runtime.ts';

class Captured extends Writable {
  text = '';
  readonly #waiters = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
    for (const check of [...this.#waiters]) check();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  /** Waits until the text satisfies. The test's own time-out bounds it. */
  until(satisfied: (text: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!satisfied(this.text)) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }
}

export interface CliRun {
  readonly stdout: Captured;
  readonly stderr: Captured;
  readonly exitCode: Promise<number>;
  send(signal: 'SIGINT' | 'SIGTERM'): void;
  /** Each line of standard output, parsed. */
  json(): Record<string, unknown>[];
}

export interface CliOptions {
  readonly runtime?: Runtime;
  readonly env?: Io['env'];
  /** Whether standard output is a terminal. */
  readonly isTTY?: boolean;
  /** How large it is. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

export function startMain(args: readonly string[], options: CliOptions = {}): CliRun {
  const { runtime = createNodeRuntime(), env = {}, isTTY = false, terminal } = options;
  const stdout = Object.assign(new Captured(), { isTTY, ...terminal });
  const stderr = new Captured();
  const signals = new EventEmitter();
  const io: Io = { stdout, stderr, env, signals, runtime, readFile: (path) => readFile(path, 'utf8') };
  return {
    stdout,
    stderr,
    exitCode: main(args, io),
    send: (signal) => signals.emit(signal),
    json: () => stdout.lines.map((line) => JSON.parse(line)),
  };
}

/** Runs to the end. */
export async function runMain(args: readonly string[], options: CliOptions = {}) {
  const running = startMain(args, options);
  const exitCode = await running.exitCode;
  return { exitCode, stdout: running.stdout.text, stderr: running.stderr.text, json: running.json };
}

/** Time-outs pass so many times faster. */
export function hastyRuntime(factor: number): Runtime {
  const runtime = createNodeRuntime();
  const { loop } = runtime;
  return {
    ...runtime,
    loop: {
      addHandle: (...args) => loop.addHandle(...args),
      updateHandle: (...args) => loop.updateHandle(...args),
      removeHandle: (watch) => loop.removeHandle(watch),
      addTimeout: (ms, callback, free) => loop.addTimeout(ms > 0 ? ms / factor : ms, callback, free),
      updateTimeout: (timer, ms) => loop.updateTimeout(timer, ms > 0 ? ms / factor : ms),
      removeTimeout: (timer) => loop.removeTimeout(timer),
    },
  };
}

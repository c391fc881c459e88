/** What the program touches, so that a test can give it other streams, signals and time. */
import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { createNodeRuntime } from '../loop/node-runtime.ts';
import type { Runtime } from '../loop/runtime.ts';

export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export type StopSignal = 'SIGINT' | 'SIGTERM';

export interface Signals {
  once(signal: StopSignal, callback: () => void): unknown;
  off(signal: StopSignal, callback: () => void): unknown;
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: Signals;
  readonly runtime: Runtime;
  /** @throws the system's error */
  readFile(path: string): Promise<string>;
}

/** The process's own. */
export function nodeIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signals: process,
    runtime: createNodeRuntime(),
    readFile: (path) => readFile(path, 'utf8'),
  };
}

/**
 * Everything that is not pure, behind one interface: waiting, time, chance, sockets, files, processes.
 *
 * The rest of the library takes these from a Runtime and from nowhere else, so that another Runtime can make
 * the whole driver a deterministic simulation.
 */
import type { Duplex } from 'node:stream';
import type { EventLoop } from './event-loop.ts';

/** Where a monitor listens. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** What distinguishes one socket file from a later one at the same path. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  /** Change time of the inode in milliseconds, with fraction. */
  readonly changedMs: number;
}

/** What distinguishes one process from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot. */
  readonly startTicks: string;
  readonly bootId: string;
}

export interface CommandResult {
  /** Exit status; null if a signal ended the command. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Files {
  /** @throws the system's error */
  read(path: string): Promise<string>;
  /** Where a symbolic link points to; null if it cannot be read. */
  link(path: string): Promise<string | null>;
  /** Null if there is no such file. */
  identity(path: string): Promise<FileIdentity | null>;
  /** The names in a directory; null if it cannot be read. */
  list(path: string): Promise<readonly string[] | null>;
  /** `MAJOR:MINOR` of a character or block device, as sysfs prints it; null if it is none, or cannot be looked at. */
  deviceNumber(path: string): Promise<string | null>;
}

export interface Processes {
  /**
   * Runs a host command with an argument array, never through a shell.
   *
   * @throws the system's error if it cannot be started, or does not end within `timeoutMs`
   */
  run(file: string, args: readonly string[], options: RunOptions): Promise<CommandResult>;
  /** Who has this pid now; null if nobody has, or only a zombie. */
  identify(pid: number): Promise<ProcessIdentity | null>;
  /** @throws the system's error */
  kill(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** @public */
export interface Runtime {
  readonly loop: EventLoop;
  readonly files: Files;
  readonly processes: Processes;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that never steps back, with fraction. */
  monotonic(): number;
  /** A number from 0 up to but not including 1. */
  random(): number;
  /** A fresh uuid. */
  uuid(): string;
  /**
   * Opens a stream to a monitor.
   *
   * @throws the system's error (`ENOENT`, `ECONNREFUSED`, …), or the signal's reason
   */
  connect(address: Address, signal: AbortSignal): Promise<Duplex>;
  /** Keeps the process alive until the returned function is called. */
  hold(): () => void;
}

/**
 * The types of the parameters of `execute`. It has three forms, the same ones wherever it is:
 *
 * - a known command, whose arguments are checked
 * - another one; its types are the caller's word: `execute<'x-foo', Arguments, Result>('x-foo', …)`
 * - any one, with the result by the caller's word: `execute<Result>('x-foo', …)`. Without `<Result>` it takes nothing
 *   (`[R] extends [never]`), and what is expected of the result is no such word (`NoInfer`): else it would take
 *   whatever the first form refuses.
 */
import type { QmpCommands } from './commands.ts';

/** @public */
export interface ExecuteOptions {
  /** Ends the waiting, not the command: QEMU may have it already. */
  readonly signal?: AbortSignal | undefined;
  /** Instead of the time-out of the command's class; from the call on, waiting in line included. */
  readonly timeoutMs?: number | undefined;
  /** Sends `exec-oob`, past all others. Only `migrate-recover`, `migrate-pause`, `yank`, `query-yank` take it. */
  readonly oob?: boolean | undefined;
}

/**
 * A command's name, if its types are not known: a call that its types refuse is not taken for one of those.
 *
 * @example `UnknownCommand<'x-foo'> // 'x-foo'`
 * @example `UnknownCommand<'stop'> // never`
 */
export type UnknownCommand<C extends string> = C extends keyof QmpCommands ? never : C;

/** The parameters of `execute` for a known command. */
export type ExecuteParameters<C extends keyof QmpCommands> =
  Record<never, never> extends QmpCommands[C]['arguments']
    ? [args?: QmpCommands[C]['arguments'], options?: ExecuteOptions]
    : [args: QmpCommands[C]['arguments'], options?: ExecuteOptions];

/** Executes a command that is known. */
export type ExecuteKnown = <C extends keyof QmpCommands>(
  command: C,
  ...parameters: ExecuteParameters<C>
) => Promise<QmpCommands[C]['return']>;

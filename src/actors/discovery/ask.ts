/**
 * Asking QEMU what it has, and reading replies that may be anything.
 *
 * The rule of this folder: what is refused, or is not as QAPI says, is not known. It is never guessed, and does
 * not keep the rest from being found.
 */
import { MAX_STRING_LENGTH } from '../../events/payload.ts';

/** More devices of a domain than these are left out. */
export const MAX_DEVICES = 1000;

/** The member `return` of the reply; undefined if the command failed. Rejects only with the signal's reason. */
export type Ask = (command: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** @param execute - rejects if QEMU refuses, or does not answer */
export function createAsk(
  execute: (command: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>,
  signal: AbortSignal,
): Ask {
  return async (command, args = {}) => {
    signal.throwIfAborted();
    const reply = await execute(command, args).catch(() => undefined);
    signal.throwIfAborted();
    return reply;
  };
}

/** A property that is a text; null if there is none, or it is empty. */
export const askProperty = async (ask: Ask, path: string, property: string): Promise<string | null> =>
  textOf(await ask('qom-get', { path, property }));

/** An object's own member. */
export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

/** A text that is one: not empty, not longer than a name or path is. */
export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= MAX_STRING_LENGTH ? value : null;

/** The first elements of an array; none if it is no array. */
export const elementsOf = (value: unknown, limit: number = MAX_DEVICES): readonly unknown[] =>
  Array.isArray(value) ? value.slice(0, limit) : [];

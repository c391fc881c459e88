/** One turn of Node's loop. */

/** Resolves in the next turn, when every promise that could go on by itself has done so. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Our program as a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningProcess, type StartOptions, startProcess } from '../../support/process.ts';

/** As it is shipped: `npm test` builds what has changed, `npx vitest` does not. */
export const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export function startCli(args: readonly string[], options: StartOptions = {}): Promise<RunningProcess> {
  return startProcess(process.execPath, [main, ...args], options);
}

/** Waits until standard error has the text. The test's own time-out bounds it. */
export async function untilSaid(running: RunningProcess, text: string): Promise<void> {
  while (!running.stderr().includes(text)) await sleep(10);
}

type JsonLine = Readonly<Record<string, unknown>> & { readonly kind: string };

export const parseLines = (lines: readonly string[]): JsonLine[] => lines.map((line) => JSON.parse(line));

/**
 * What a jsonl line says, in short.
 *
 * @example `suspended paused`, `reboot`, `= paused unknown`, `= running unknown attached`, `= running unknown lost`
 */
export function brief(line: JsonLine): string {
  const { kind, event, args, state, reason, monitor, active } = line;
  if (kind === 'event') {
    const { event: lifecycle, detail, action } = args as Record<string, string>;
    const words = event === 'lifecycle' ? [lifecycle, detail] : [event, action];
    return [...words, line.reconstructed === true ? 'reconstructed' : undefined].filter(Boolean).join(' ');
  }
  if (kind === 'state') {
    const link = active === true && monitor !== 'ready' ? monitor : undefined;
    const more = [line.attached === true ? 'attached' : undefined, link];
    return ['=', state, reason, ...more].filter(Boolean).join(' ');
  }
  return JSON.stringify(line);
}

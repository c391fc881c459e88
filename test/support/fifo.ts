import { spawnSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';

/** The descriptors of a pipe's two ends; whoever asked for them closes them. */
export function openFifo(): { readonly reader: number; readonly writer: number } {
  const directory = mkdtempSync('/tmp/qemu-actors-');
  const path = `${directory}/fifo`;
  const { status } = spawnSync('mkfifo', [path]);
  if (status !== 0) throw new Error(`mkfifo failed: ${status}`);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  rmSync(directory, { recursive: true });
  return { reader, writer };
}

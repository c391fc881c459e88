/** A temporary directory, and processes; neither outlives the bench, however it ends. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

export const directory = mkdtempSync(join(tmpdir(), 'qa-'));
const running = new Set();

const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });

/** A process with a group of its own, so that its children can be ended with it. */
export function start(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true });
  running.add(child);
  child.once('close', () => running.delete(child)).once('error', () => running.delete(child));
  return child;
}

export function end(child) {
  try {
    if (child.pid !== undefined && running.has(child)) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** What it wrote, if it ended well. */
export async function output(command, args, options) {
  const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'])
    child[name].setEncoding('utf8').on('data', (text) => {
      texts[name] += text;
    });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) {
    const [reason = `status ${code}`] = (texts.stderr + texts.stdout).trim().split('\n');
    throw new Error(`${command} ${args[0]}: ${reason}`);
  }
  return texts.stdout.trim();
}

/** Ends and removes everything. */
export async function cleanUp() {
  const ends = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of running) end(child);
  await Promise.all(ends);
  remove();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    cleanUp().finally(() => process.exit(128 + constants.signals[signal]));
  });
process.once('exit', remove);

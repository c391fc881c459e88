// Starts a QEMU without a machine and asks it what it is and what it can do.

import { spawn } from 'node:child_process';

const ARGUMENTS = [
  '-machine',
  'none',
  '-nodefaults',
  '-no-user-config',
  '-display',
  'none',
  '-S',
  '-qmp',
  'stdio',
];
/** To end a hang, not to measure. */
const TIMEOUT_MS = 60_000;
const COMMANDS = ['qmp_capabilities', 'query-version', 'query-qmp-schema', 'quit'];

/**
 * @param {string} binary
 * @returns {Promise<import('./merge.mjs').Introspection>}
 * @throws Error when it cannot be started, says no, or does not answer
 */
export async function askQemu(binary) {
  const { output, errors, ended } = await run(binary);
  const replies = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
    .filter((message) => 'return' in message || 'error' in message);
  const [, version, schema] = replies.map(({ return: value }) => value);
  if (version?.qemu === undefined || !Array.isArray(schema)) {
    const refused = replies.find(({ error }) => error !== undefined)?.error.desc;
    throw new Error(`${binary} did not answer, ${ended}: ${refused ?? errors.trim()}`);
  }
  // A stable release changes no schema: 7.2.22 stands for all of 7.2, and an update of it changes no file.
  return { version: `${version.qemu.major}.${version.qemu.minor}.0`, schema };
}

/** @param {string} binary @returns {Promise<{ output: string, errors: string, ended: string }>} */
function run(binary) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const child = spawn(binary, ARGUMENTS, { stdio: 'pipe', signal, killSignal: 'SIGKILL' });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    // One that ends at once is told of by `close`.
    child.stdin.on('error', () => {});
    child.on('error', (cause) => reject(new Error(`${binary}: ${cause.message}`, { cause })));
    child.on('close', (status, by) =>
      resolve({ output, errors, ended: by === null ? `exit status ${status}` : by }),
    );
    child.stdin.write(COMMANDS.map((command) => JSON.stringify({ execute: command })).join('\n'));
  });
}

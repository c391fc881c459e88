/** `qemu-actors dashboard` from the sources, with the page as it was built. */
import type { RunningProcess } from '../../support/process.ts';
import { startCli } from '../../unit/cli/cli-process.ts';

/** The command, and where it listens. */
export async function startDashboard(...args: string[]): Promise<{ cli: RunningProcess; url: string }> {
  const cli = await startCli(['dashboard', '--format', 'jsonl', ...args]);
  const { url } = JSON.parse(await cli.line(/"kind":"listening"/));
  return { cli, url };
}

/** The runtime of a replay: nothing is left to chance, and nobody is asked. */
import type { HostNetwork } from '../host/host-network.ts';
import type { Runtime } from '../loop/runtime.ts';
import { notRecorded } from './recording-error.ts';
import type { ReplayLoop } from './replay-loop.ts';

/** @param domain - its name, for messages */
export function createReplayRuntime(loop: ReplayLoop, domain: string): Runtime {
  let made = 0;
  const refuse = async (what: string): Promise<never> => {
    throw notRecorded(what, domain);
  };
  return {
    loop,
    files: { read: refuse, link: async () => null, identity: async () => null },
    processes: { run: refuse, identify: async () => null, kill: () => {} },
    now: () => loop.nowMs,
    monotonic: () => loop.nowMs,
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
    connect: () => refuse('a connection'),
    hold: () => () => {},
  };
}

/** There is one, so that handlers ask QEMU, whose answer is recorded; the host's own state is not. */
export const createReplayHost = (domain: string): HostNetwork => ({
  dryRun: true,
  read: async (name) => {
    throw notRecorded(`interface ${name} of the host`, domain);
  },
  apply: async ({ name }) => {
    throw notRecorded(`interface ${name} of the host`, domain);
  },
});

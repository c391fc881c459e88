/** The runtime of a replay: nothing is left to chance, and nobody is asked. */
import { createDryRunNetwork } from '../host/dry-run.ts';
import type { HostNetwork } from '../host/host-network.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { RecordingLine } from './format.ts';
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
    files: {
      read: refuse,
      link: async () => null,
      identity: async () => null,
      list: async () => null,
      deviceNumber: async () => null,
    },
    processes: { run: refuse, identify: async () => null, kill: () => {} },
    now: () => loop.nowMs,
    monotonic: () => loop.nowMs,
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
    connect: () => refuse('a connection'),
    hold: () => () => {},
  };
}

/**
 * There is one, so that handlers ask QEMU, whose answer is recorded. What was read of the host comes in the order
 * in which it was recorded; nothing is changed.
 */
export function createReplayHost(lines: readonly RecordingLine[], domain: string): HostNetwork {
  const looks = lines.filter((line) => line.kind === 'host');
  return createDryRunNetwork({
    dryRun: true,
    async read(name) {
      const at = looks.findIndex((look) => look.interface === name);
      const [look] = at === -1 ? [] : looks.splice(at, 1);
      if (look === undefined) throw notRecorded(`interface ${name} of the host`, domain);
      if (look.error !== undefined) throw new Error(look.error);
      return look.found ?? null;
    },
    async apply() {},
  });
}

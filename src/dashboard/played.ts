/** Shows what happened in recordings, for looking back: all of it is played before anybody is served. */
import { DropCounters } from '../diagnostics.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { Recording } from '../recording/reader.ts';
import { replay } from '../recording/replay.ts';
import { readAssets } from './assets.ts';
import { Feed } from './feed.ts';
import { checkOptions, type DashboardOptions } from './options.ts';
import { type Dashboard, DashboardServer } from './server.ts';

export interface PlayedOptions extends Omit<DashboardOptions, 'allowControl'> {
  /** Ends the playing with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Plays the recordings one after the other, each as a domain of its own; time goes on from one to the next.
 *
 * @throws ListenError; TypeError; StateError if the page was not built; the signal's reason
 */
export async function openReplay(
  recordings: readonly Recording[],
  runtime: Runtime,
  { signal, ...options }: PlayedOptions = {},
): Promise<Dashboard> {
  const { loop } = runtime;
  const checked = checkOptions(options, () => runtime.uuid().replaceAll('-', ''));
  const assets = await readAssets();
  const counters = new DropCounters();
  let now = (): number => 0;
  const id = runtime.uuid();
  const feed = new Feed({
    loop,
    now: () => now(),
    counters,
    server: id,
    readOnly: true,
    replay: recordings.map(({ file }) => file).join(', '),
    limits: checked.limits,
    exact: true,
  });
  const several = recordings.length > 1;
  for (const [index, recording] of recordings.entries()) {
    const key = `domain-${index + 1}`;
    const begin = now();
    const played = replay(recording, {
      counters,
      ...(signal === undefined ? {} : { signal }),
      onDomain(domain) {
        now = () => begin + Math.floor(domain.loop.nowMs);
        domain.onTold = (told) => {
          const { step, reconstructing: reconstructed } = domain;
          const file = several ? { file: recording.file } : {};
          feed.told(key, told, { ...file, ...(step === null ? {} : { step }), reconstructed });
        };
        feed.attach(key, domain);
      },
    });
    // What is told goes to the feed at once.
    for await (const _ of played);
  }
  feed.flush();
  const served = { feed, assets, loop, server: id, release: () => feed.close() };
  const dashboard = new DashboardServer(
    { ...served, domainOf: () => undefined, recordingOf: () => null },
    checked,
  );
  await dashboard.listen();
  return dashboard;
}

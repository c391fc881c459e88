/** Plays a recording to a domain of the same actors that a live one has. */
import { DropCounters } from '../diagnostics.ts';
import type { Recording } from './reader.ts';
import { ReplayDomain, type ReplayItem } from './replay-domain.ts';
import { ManagerPlay } from './replay-manager.ts';
import { ObserverPlay } from './replay-observer.ts';

export type { ReplayItem } from './replay-domain.ts';

export interface ReplayOptions {
  /** Ends the replay with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Counts what did nothing: what a live driver drops, and besides `other-monitor`, `not-attached` (QEMU events)
   * and `operation` (calls of a manager that are not known here).
   */
  readonly counters?: DropCounters;
}

/**
 * Yields what a subscriber to everything would have got, in order, without waiting: time is the recording's.
 *
 * The same recording always yields the same items: ids count from 1, and incarnations are numbered uuids. In a
 * manager's recording a `state` item stands at the end of each step, after all others of the step; in an
 * observer's at each change, as live.
 *
 * @throws the signal's reason
 * @example
 * ```ts
 * for await (const { type, args, step } of replay(await readRecording(path, runtime.files))) …
 * ```
 */
export async function* replay(
  recording: Recording,
  { signal, counters = new DropCounters() }: ReplayOptions = {},
): AsyncGenerator<ReplayItem, void, void> {
  const { domain: first, lines } = recording;
  const domain = new ReplayDomain(recording, counters);
  const play = first.mode === 'observer' ? new ObserverPlay(lines, domain) : new ManagerPlay(lines, domain);
  try {
    domain.start();
    for (const [index, line] of lines.entries()) {
      signal?.throwIfAborted();
      await domain.loop.advance(line.t);
      domain.monitor.position = index;
      await play.line(line, index);
      await domain.loop.settle();
      yield* domain.take();
    }
    if (play instanceof ObserverPlay) play.finish();
  } finally {
    domain.stop();
  }
}

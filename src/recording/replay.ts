/** Plays a recording to a domain of the same actors that a live one has. */
import { DropCounters } from '../diagnostics.ts';
import type { RecordingLine } from './format.ts';
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
  /** Is told of each line before what it leads to. */
  readonly onLine?: (line: RecordingLine) => void;
  /** Is told of each process event, or operation, whose handler begins; what it leads to comes later. */
  readonly onHandler?: (type: string) => void;
  /** Shows the domain before it begins, to who looks at more than what is told. @internal */
  readonly onDomain?: (domain: ReplayDomain) => void;
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
  { signal, counters = new DropCounters(), onLine, onHandler, onDomain }: ReplayOptions = {},
): AsyncGenerator<ReplayItem, void, void> {
  const { domain: first, lines } = recording;
  const domain = new ReplayDomain(recording, counters);
  const play = first.mode === 'observer' ? new ObserverPlay(lines, domain) : new ManagerPlay(lines, domain);
  if (onHandler !== undefined) tellHandlers(domain, onHandler);
  onDomain?.(domain);
  try {
    domain.start();
    for (const [index, line] of lines.entries()) {
      signal?.throwIfAborted();
      await domain.loop.advance(line.t);
      domain.monitor.position = index;
      onLine?.(line);
      await play.line(line, index);
      await domain.loop.settle();
      yield* domain.take();
    }
    if (play instanceof ObserverPlay) play.finish();
  } finally {
    domain.stop();
  }
}

function tellHandlers({ actor }: ReplayDomain, onHandler: (type: string) => void): void {
  let running: string | null = null;
  actor.subscribe(({ context: { work } }) => {
    const id = work.running?.id ?? null;
    if (id === running) return;
    running = id;
    if (work.running !== null) onHandler(work.running.event.type);
  });
}

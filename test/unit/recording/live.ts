/** Records a live domain, and compares what its subscribers saw with what the replay yields. */

import type { Domain, DomainEvent } from '../../../src/domain.ts';
import { openDriver } from '../../../src/driver.ts';
import type { DriverOptions } from '../../../src/driver-options.ts';
import type { NetDevice } from '../../../src/events/devices.ts';
import { domainEvents } from '../../../src/events/domain-events.ts';
import { reports } from '../../../src/events/reports.ts';
import { createDryRunNetwork } from '../../../src/host/dry-run.ts';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import { parseRecording } from '../../../src/recording/reader.ts';
import { replay } from '../../../src/recording/replay.ts';
import { createRecorder } from '../../../src/recording/writer.ts';
import { isLook } from './helpers.ts';

const types = [...Object.keys(domainEvents), ...Object.keys(reports)] as DomainEvent['type'][];

interface Seen {
  readonly type: string;
  readonly args: object;
  readonly domain: { readonly name: string; readonly uuid: string | null };
  readonly id: number | null;
  readonly incarnation: string | null;
  readonly reconstructed: boolean;
}

/** An item as a line; incarnations are numbered, since they are fresh each time. */
function lines(items: readonly Seen[]): string[] {
  const runs: (string | null)[] = [];
  return items.map(({ type, args, domain: { name, uuid }, id, incarnation, reconstructed }) => {
    if (incarnation !== null && !runs.includes(incarnation)) runs.push(incarnation);
    const run = incarnation === null ? null : runs.indexOf(incarnation);
    return JSON.stringify({ type, args, name, uuid, id, run, reconstructed });
  });
}

/** That we let go, each attempt to connect again, and each look of our own are nothing that QEMU said. */
const isRecorded = (item: Seen): boolean =>
  item.type !== 'detached' &&
  !isLook(item) &&
  !(item.type === 'outcome' && 'type' in item.args && item.args.type === 'monitorEof');

export interface Recorded {
  /** The file. */
  readonly text: string;
  /** What the driver's subscribers saw. */
  readonly live: string[];
  /** What the replay of the file yields. */
  readonly replayed: string[];
}

export interface Scene {
  readonly vm: Domain;
  /** Waits until so many items of a type came. */
  until(type: DomainEvent['type'], count: number): Promise<void>;
}

export async function recordLive(
  attach: { readonly monitor: string; readonly devices?: NetDevice[] },
  host: NonNullable<DriverOptions['host']>,
  play: (scene: Scene) => Promise<void>,
): Promise<Recorded> {
  const live: Seen[] = [];
  let text = '';
  const recorder = createRecorder({
    write: (line) => {
      text += `${line}\n`;
    },
    runtime: createNodeRuntime(),
    config: attach.devices === undefined ? {} : { devices: attach.devices },
  });
  const driver = await openDriver({
    host: typeof host === 'object' ? createDryRunNetwork(recorder.network(host)) : host,
  });
  recorder.listen(driver);
  let wake = (): void => {};
  for (const type of types)
    driver.on(type, (event) => {
      live.push({ ...event, domain: { name: event.domain.name, uuid: event.domain.uuid } });
      wake();
    });
  try {
    const vm = await driver.attach({
      monitor: attach.monitor,
      ...(attach.devices === undefined ? {} : { devices: attach.devices.map((device) => ({ ...device })) }),
      wait: true,
      trace: recorder.trace,
    });
    await play({
      vm,
      async until(type, count) {
        while (live.filter((item) => item.type === type).length < count)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      },
    });
  } finally {
    await driver.close();
    recorder.close();
  }
  const played: Seen[] = [];
  for await (const item of replay(parseRecording('live.jsonl', text))) played.push(item);
  return { text, live: lines(live.filter(isRecorded)), replayed: lines(played.filter(isRecorded)) };
}

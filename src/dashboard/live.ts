/** Shows the domains of a driver, as they are and as they change. */
import type { DomainRecord } from '../actors/environment.ts';
import type { DropCounters } from '../diagnostics.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { Tap, Taps } from '../taps.ts';
import { readAssets } from './assets.ts';
import type { Controlled } from './control.ts';
import { Feed } from './feed.ts';
import { MessageLog } from './message-log.ts';
import { checkOptions, type DashboardOptions } from './options.ts';
import { type Dashboard, DashboardServer } from './server.ts';

/** What it needs of a driver. */
export interface DashboardSource {
  readonly runtime: Runtime;
  readonly taps: Pick<Taps, 'add'>;
  readonly records: ReadonlyMap<string, DomainRecord>;
  readonly counters: DropCounters;
  domainOf(key: string): Controlled | undefined;
  /** @throws StateError once it is closed */
  requireOpen(): void;
}

/** @throws ListenError; TypeError; StateError if the page was not built, or it is closed meanwhile */
export async function openDashboard(source: DashboardSource, options: DashboardOptions): Promise<Dashboard> {
  const { runtime, records, counters, taps, domainOf } = source;
  const { loop } = runtime;
  const checked = checkOptions(options, () => runtime.uuid().replaceAll('-', ''));
  const { limits, allowControl } = checked;
  const assets = await readAssets();
  source.requireOpen();
  const id = runtime.uuid();
  const feed = new Feed({
    loop,
    now: () => runtime.now(),
    counters,
    server: id,
    readOnly: !allowControl,
    replay: null,
    limits,
  });
  const logs = new Map<string, MessageLog>();
  const recordingOf = (key: string) => {
    const [record, log] = [records.get(key), logs.get(key)];
    return record === undefined || log === undefined ? null : { name: record.name, text: log.text() };
  };
  const tap: Tap = {
    attached(record) {
      logs.set(record.key, new MessageLog(record, runtime, limits.recordingChars));
      feed.attach(record.key, record);
    },
    told({ key }, told) {
      logs.get(key)?.told(told);
      if (told.type === 'detached') logs.delete(key);
      feed.told(key, told);
    },
    passed: (key, direction, message) => logs.get(key)?.pass(direction, message),
    close: () => dashboard.close(),
  };
  for (const record of records.values()) tap.attached(record);
  const tapping = taps.add(tap);
  const release = (): void => {
    tapping[Symbol.dispose]();
    feed.close();
    logs.clear();
  };
  const served = { feed, assets, loop, server: id, domainOf, recordingOf, release };
  const dashboard = new DashboardServer(served, checked);
  await dashboard.listen();
  return dashboard;
}

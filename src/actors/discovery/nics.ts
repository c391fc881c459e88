/** NICs: what QEMU knows of them, and the host's interface behind each. */
import type { NetDevice } from '../../events/devices.ts';
import { normalizeMac } from '../../host/mac.ts';
import type { ProcessIdentity, Runtime } from '../../loop/runtime.ts';
import { type Ask, askProperty } from './ask.ts';
import { readOpenTaps } from './open-taps.ts';
import { PERIPHERAL, type Peripheral } from './peripherals.ts';
import { type HostEnd, matchTaps, parseTapBackends } from './tap-backends.ts';

export interface NicSource {
  readonly runtime: Pick<Runtime, 'files' | 'processes'>;
  /** QEMU; null if its pid is not known. */
  readonly process: ProcessIdentity | null;
  readonly signal: AbortSignal;
}

/**
 * `query-rx-filter` is not asked: it tells the MAC of the moment, not the configured one, not of all models, and it
 * makes QEMU send NIC_RX_FILTER_CHANGED again, which whoever asked last may not have wanted yet.
 */
export async function discoverNics(
  ask: Ask,
  nics: readonly Peripheral[],
  from: NicSource,
): Promise<ReadonlyMap<string, NetDevice>> {
  const found = new Map<string, NetDevice>();
  if (nics.length === 0) return found;
  const ends = await discoverHostEnds(ask, from);
  for (const { alias } of nics) {
    const path = `${PERIPHERAL}/${alias}`;
    const netdev = ends.size === 0 ? null : await askProperty(ask, path, 'netdev');
    found.set(alias, {
      type: 'net',
      alias,
      mac: normalizeMac((await askProperty(ask, path, 'mac')) ?? ''),
      // Only who configures the domain can say so.
      trustGuestRxFilters: false,
      host: ends.get(netdev ?? '') ?? null,
      backend: null,
    });
  }
  return found;
}

/** By the id of QEMU's back end. */
async function discoverHostEnds(
  ask: Ask,
  { runtime, process, signal }: NicSource,
): Promise<ReadonlyMap<string, HostEnd>> {
  if (process === null) return new Map();
  const text = await ask('human-monitor-command', { 'command-line': 'info network' });
  const backends = parseTapBackends(text) ?? [];
  const open = backends.length === 0 ? null : await readOpenTaps(runtime, process, signal);
  return open === null ? new Map() : matchTaps(backends, open);
}

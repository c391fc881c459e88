/**
 * Finds the devices of a domain for which nobody told them.
 *
 *   qom-list /machine/peripheral ─→ each device with an id, and its kind
 *     disks:     query-block, query-named-block-nodes, the graph of nodes
 *     NICs:      qom-get mac, netdev; info network and QEMU's /proc
 *     channels:  qom-get name
 *     memory:    query-memory-devices
 *
 * All of it only looks.
 */
import type { DiskDevice, DomainDevice, DomainDevices, NetDevice } from '../../events/devices.ts';
import { type Ask, askProperty, createAsk, MAX_DEVICES } from './ask.ts';
import { discoverDisks } from './disks.ts';
import { kindOf } from './kinds.ts';
import { parseMemorySizes } from './memory.ts';
import { discoverNics, type NicSource } from './nics.ts';
import { PERIPHERAL, type Peripheral, parsePeripherals } from './peripherals.ts';

export interface DiscoverySource extends NicSource {
  /** Where QEMU was asked for them already; null if it does not list them. */
  readonly peripherals?: readonly Peripheral[] | null;
  /** Rejects if QEMU refuses, or does not answer: then what it would have told is not found. */
  execute(command: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/**
 * Devices with an id, by alias, then legacy disks by the names of their drives; at most 1000. A device that comes
 * or goes meanwhile may or may not be among them.
 *
 * @returns null if QEMU does not list its devices: to take that for none would disown those that there are
 * @throws the signal's reason, and nothing else
 */
export async function discoverDevices(from: DiscoverySource): Promise<DomainDevices> {
  const ask = createAsk((command, args) => from.execute(command, args), from.signal);
  const { peripherals = parsePeripherals(await ask('qom-list', { path: PERIPHERAL })) } = from;
  if (peripherals === null) return null;
  const ofType = (type: string): Peripheral[] =>
    peripherals.filter(({ qomType }) => kindOf(qomType).type === type);

  const disks = await discoverDisks(ask, peripherals);
  const nics = await discoverNics(ask, ofType('net'), from);
  const sizes = parseMemorySizes(ofType('memory').length === 0 ? [] : await ask('query-memory-devices'));

  const devices: DomainDevice[] = [];
  for (const peripheral of peripherals) devices.push(await deviceOf(ask, peripheral, { disks, nics, sizes }));
  const known = new Set(peripherals.map(({ alias }) => alias));
  const legacy = [...disks.values()].filter(({ alias }) => !known.has(alias));
  return [...devices, ...legacy].slice(0, MAX_DEVICES);
}

interface Found {
  readonly disks: ReadonlyMap<string, DiskDevice>;
  readonly nics: ReadonlyMap<string, NetDevice>;
  readonly sizes: ReadonlyMap<string, number>;
}

async function deviceOf(
  ask: Ask,
  { alias, qomType }: Peripheral,
  { disks, nics, sizes }: Found,
): Promise<DomainDevice> {
  const kind = kindOf(qomType);
  if ('model' in kind) return { type: 'memory', alias, model: kind.model, sizeKiB: sizes.get(alias) ?? null };
  if ('bus' in kind) return disks.get(alias) ?? { type: 'controller', alias };
  switch (kind.type) {
    case 'net':
      return nics.get(alias) ?? { type: 'other', alias };
    case 'watchdog':
      // What it does is an option of the whole machine, which no query tells.
      return { type: 'watchdog', alias, action: null };
    case 'channel': {
      const name = await askProperty(ask, `${PERIPHERAL}/${alias}`, 'name');
      // A channel has a name; one that is not known is only a device.
      return name === null ? { type: 'other', alias } : { type: 'channel', alias, name };
    }
    default:
      return { type: kind.type, alias };
  }
}

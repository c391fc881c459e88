/** Devices with an id: the children of QEMU's `/machine/peripheral`. */
import { MAX_DEVICES, memberOf, textOf } from './ask.ts';

export const PERIPHERAL = '/machine/peripheral';

export interface Peripheral {
  readonly alias: string;
  /** What it is in QEMU's object model, for example `virtio-blk-pci`. */
  readonly qomType: string;
}

/**
 * Reads the reply to `qom-list` of `/machine/peripheral`: `{ name: 'net0', type: 'child<virtio-net-pci>' }`.
 *
 * @returns by alias, as QEMU's own order is that of a hash table; null if it is no list
 */
export function parsePeripherals(reply: unknown): readonly Peripheral[] | null {
  if (!Array.isArray(reply)) return null;
  const found = new Map<string, Peripheral>();
  for (const property of reply) {
    if (found.size === MAX_DEVICES) break;
    const alias = textOf(memberOf(property, 'name'));
    const qomType = /^child<(.+)>$/.exec(textOf(memberOf(property, 'type')) ?? '')?.[1];
    if (alias !== null && qomType !== undefined) found.set(alias, { alias, qomType });
  }
  return [...found.values()].sort((one, other) => (one.alias < other.alias ? -1 : 1));
}

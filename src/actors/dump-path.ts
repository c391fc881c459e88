/** Where the dump of a guest's memory goes. */
import { join } from 'node:path';
import { isoTime } from '../loop/iso-time.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { DomainRecord } from './environment.ts';

/** Of a name, more than this is left out. */
const MAX_NAME_LENGTH = 100;

/**
 * A file that is not there yet, in the directory; null without one.
 *
 * @example `/var/crash/7-web1-2026-11-21T12:00:00.000Z`. libvirt 9.0.0 `qemu_driver.c:getAutoDumpPath`
 */
export function dumpPathOf(
  directory: string | undefined,
  { name, actor }: Pick<DomainRecord, 'name' | 'actor'>,
  runtime: Pick<Runtime, 'now'>,
): string | null {
  if (directory === undefined) return null;
  const { incarnation } = actor.getSnapshot().context;
  // A name may come from QEMU: it must not lead out of the directory.
  const safe = name.replaceAll(/[^\w.-]/g, '_').slice(0, MAX_NAME_LENGTH);
  return join(directory, `${incarnation?.id ?? 0}-${safe}-${isoTime(runtime.now())}`);
}

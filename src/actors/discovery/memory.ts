/** Sizes of memory devices. */
import { elementsOf, memberOf, textOf } from './ask.ts';

/**
 * Reads the reply to `query-memory-devices`: KiB by alias. Of a virtio-mem it is what the guest has of it now, not
 * the most that it may have.
 */
export function parseMemorySizes(reply: unknown): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const element of elementsOf(reply)) {
    const data = memberOf(element, 'data');
    const alias = textOf(memberOf(data, 'id'));
    const sizeBytes = memberOf(data, 'size');
    if (alias === null || typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
      continue;
    if (!sizes.has(alias)) sizes.set(alias, Math.floor(sizeBytes / 1024));
  }
  return sizes;
}

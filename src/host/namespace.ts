/** Whose network is meant: interface names say nothing across network namespaces. */
import { badArgument } from '../errors.ts';
import type { Files } from '../loop/runtime.ts';

/** As namespaces(7) has it: `net:[4026531840]`. */
const NETWORK_NAMESPACE_LINK = /^net:\[\d+\]$/;

/**
 * Whether a process (a QEMU) is in the network namespace of our own process.
 *
 * @returns null if it cannot be known: no such process, not allowed to look, no /proc
 * @throws TypeError if `pid` is not a positive integer
 */
export async function isOwnNetworkNamespace(
  runtime: { readonly files: Pick<Files, 'link'> },
  pid: number,
): Promise<boolean | null> {
  if (!Number.isSafeInteger(pid) || pid <= 0) throw badArgument('pid', 'a positive integer', pid);
  const [own, theirs] = await Promise.all([
    runtime.files.link('/proc/self/ns/net'),
    runtime.files.link(`/proc/${pid}/ns/net`),
  ]);
  if (own === null || theirs === null) return null;
  if (!NETWORK_NAMESPACE_LINK.test(own) || !NETWORK_NAMESPACE_LINK.test(theirs)) return null;
  return own === theirs;
}

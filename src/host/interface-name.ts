/** Names of network interfaces, from whomever. */

/** IFNAMSIZ without the final NUL. */
export const MAX_NAME_BYTES = 15;

/** The kernel's own rule (net/core/dev.c:dev_valid_name), less what `ip` takes for an option or batch syntax. */
export function isInterfaceName(name: unknown): name is string {
  const sizeBytes = typeof name === 'string' ? Buffer.byteLength(name) : 0;
  return (
    typeof name === 'string' &&
    sizeBytes >= 1 &&
    sizeBytes <= MAX_NAME_BYTES &&
    name !== '.' &&
    name !== '..' &&
    !name.startsWith('-') &&
    // In a batch line # begins a comment, quotes group, a backslash continues.
    !/[\s\p{Cc}/:#'"\\]/u.test(name)
  );
}

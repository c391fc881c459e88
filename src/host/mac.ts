/** Ethernet addresses as text: `52:54:00:12:34:56`, six pairs of hex digits, compared in lower case. */

const MAC_PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const ALL_ZERO = '00:00:00:00:00:00';

/** The address in lower case, or null if the text is not one. */
export function normalizeMac(text: string): string | null {
  const lower = text.toLowerCase();
  return MAC_PATTERN.test(lower) ? lower : null;
}

/** Whether a normalised address names a group: the low bit of its first octet is set (broadcast included). */
export const isMulticastMac = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

/** Whether a normalised address may be an interface's own: no group, not all zero. */
export const isInterfaceMac = (mac: string): boolean => !isMulticastMac(mac) && mac !== ALL_ZERO;

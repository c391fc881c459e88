/** A NIC's receive filter, and what is changed on the host to follow it: plain data. */

/** `RxState` of QAPI qapi/net.json, since 1.6. */
export type RxState = 'none' | 'normal' | 'all';

/** One NIC's receive filter as the guest set it. QAPI qapi/net.json:RxFilterInfo, since 1.6. */
export interface RxFilter {
  /** QEMU's name of the NIC: the device id. */
  readonly name: string;
  /** Lower case; never a group, never all zero. */
  readonly mainMac: string;
  readonly promiscuous: boolean;
  readonly multicast: RxState;
  /** More groups than QEMU keeps; `multicastTable` is then empty, not truncated. */
  readonly multicastOverflow: boolean;
  /** Groups in the guest's order, in lower case. */
  readonly multicastTable: readonly string[];
  readonly unicast: RxState;
  readonly unicastOverflow: boolean;
  readonly unicastTable: readonly string[];
  readonly vlan: RxState;
  readonly vlanTable: readonly number[];
  /** As sent. QEMU 7.2 fills it with its opposite, so nothing may be decided by it. */
  readonly broadcastAllowed: boolean;
}

/**
 * One change of a host interface; each is one line of a report. MACs are lower-case, with colons; an IP address has
 * the length of its network's prefix, as `fe80::1/64`.
 */
export type HostChange =
  | { readonly type: 'set-mac'; readonly mac: string }
  | { readonly type: 'add-multicast'; readonly mac: string }
  | { readonly type: 'remove-multicast'; readonly mac: string }
  | { readonly type: 'set-promiscuous'; readonly on: boolean }
  | { readonly type: 'set-multicast'; readonly on: boolean }
  | { readonly type: 'set-allmulticast'; readonly on: boolean }
  | { readonly type: 'add-address'; readonly address: string }
  | { readonly type: 'remove-address'; readonly address: string };

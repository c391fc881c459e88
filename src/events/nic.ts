/** A NIC's receive filter, and what is changed on the host to follow it: plain data. */

/** QAPI `net.json:RxState`. */
export type RxState = 'none' | 'normal' | 'all';

/**
 * The guest's receive filter as `query-rx-filter` gives it, checked. MACs are lower-case, with colons.
 *
 * QAPI `net.json:RxFilterInfo`. `broadcastAllowed` is what QEMU says, which is the inverse of the truth.
 */
export interface RxFilter {
  readonly name: string;
  readonly mainMac: string;
  readonly promiscuous: boolean;
  readonly broadcastAllowed: boolean;
  readonly unicast: RxState;
  readonly unicastOverflow: boolean;
  readonly unicastTable: readonly string[];
  readonly multicast: RxState;
  readonly multicastOverflow: boolean;
  readonly multicastTable: readonly string[];
  readonly vlan: RxState;
  readonly vlanTable: readonly number[];
}

/** One change of a host interface; each is one line of a report. */
export type HostChange =
  | { readonly type: 'set-mac'; readonly mac: string }
  | { readonly type: 'add-multicast'; readonly mac: string }
  | { readonly type: 'remove-multicast'; readonly mac: string }
  | { readonly type: 'set-promiscuous'; readonly on: boolean }
  | { readonly type: 'set-multicast'; readonly on: boolean }
  | { readonly type: 'set-allmulticast'; readonly on: boolean };

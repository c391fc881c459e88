/** A promise or invariant that did not hold. */

export interface Violation {
  /** The rule, as design and reference number it: `promise 4`, `invariant 12`. */
  readonly rule: string;
  /** `d3`; null if it is of no domain. */
  readonly domain: string | null;
  readonly why: string;
  /** After how many steps. */
  readonly step: number;
}

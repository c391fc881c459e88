/** A runtime's time as text: one of the few places that know of `Date`. */

/** @param ms - since 1970 @example `isoTime(0) // '1970-01-01T00:00:00.000Z'` */
export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** Times as text, and back: one of the few places that know of `Date`. */

/** @param ms - since 1970 @example `isoTime(0) // '1970-01-01T00:00:00.000Z'` */
export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** @param text - in ISO 8601; null gives an invalid date, as other text may */
export const dateOf = (text: string | null): Date => new Date(text ?? Number.NaN);

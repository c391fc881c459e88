/**
 * The parsers that table rows are made of: QMP `data` → typed payload, or the reason why it is dropped.
 *
 * They throw nothing, and copy only the members that the row names.
 */

/** Why a QEMU event was dropped, with the member at fault. */
export class Dropped {
  readonly reason: 'missing-field' | 'wrong-type';
  readonly field: string;

  constructor(reason: 'missing-field' | 'wrong-type', field: string) {
    this.reason = reason;
    this.field = field;
  }
}

/** How one member is read. `kind` is for documentation and generated inputs. */
export interface Field<T> {
  readonly kind: string;
  /** What stands in for a missing member; absent if the event is then dropped. */
  readonly missing?: T;
  /** What stands in for a member of a wrong type or an unknown word; absent if the event is then dropped. */
  readonly invalid?: T;
  /** Of a list of words: the words. */
  readonly words?: readonly string[];
  /** Of an object: its members. */
  readonly members?: Shape;
  /** Undefined if it is of a wrong type. */
  readonly read: (value: unknown) => T | Dropped | undefined;
}

/** Names and paths come from a guest or a user: longer than this is none. */
export const MAX_STRING_LENGTH = 4096;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isString = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_STRING_LENGTH;

export const string: Field<string> = {
  kind: 'string',
  read: (value) => (isString(value) ? value : undefined),
};

export const boolean: Field<boolean> = {
  kind: 'boolean',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

export const integer: Field<number> = {
  kind: 'integer',
  read: (value) => (Number.isInteger(value) ? (value as number) : undefined),
};

/** Not negative; beyond 2^53 it is the nearest number that there is. */
export const uint: Field<number> = {
  kind: 'unsigned integer',
  read: (value) => (Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined),
};

const MAX_UINT64 = 2n ** 64n - 1n;

/** 64 bits, as decimal digits; a number that JavaScript cannot hold exactly is of a wrong type. */
export const uint64: Field<string> = {
  kind: '64-bit integer',
  read: (value) => {
    if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value);
    const isDigits = typeof value === 'string' && /^\d{1,20}$/.test(value);
    return isDigits && BigInt(value) <= MAX_UINT64 ? value : undefined;
  },
};

/** One of the words given. */
export const word = <const W extends string>(words: readonly W[]): Field<W> => {
  const known: ReadonlySet<unknown> = new Set(words);
  return { kind: 'word', words, read: (value) => (known.has(value) ? (value as W) : undefined) };
};

/** A word; one that is not known is read as `other`. */
export const wordOr = <const W extends string>(words: readonly W[], other: W): Field<W> => {
  const known: ReadonlySet<string> = new Set(words);
  return {
    kind: 'word',
    words,
    read: (value) => (isString(value) ? (known.has(value) ? (value as W) : other) : undefined),
  };
};

/** An object with these members. */
export const nested = <const S extends Shape>(shape: S): Field<Payload<S>> => {
  const parse = members(shape);
  return {
    kind: 'object',
    members: shape,
    read: (value) => (isObject(value) ? parse(value) : undefined),
  };
};

/** An object of one of several kinds, told apart by its `type`. */
export const tagged = <const K extends Readonly<Record<string, Shape>>>(
  kinds: K,
): Field<{ [T in keyof K & string]: { readonly type: T } & Payload<K[T]> }[keyof K & string]> => {
  const parsers = new Map(Object.entries(kinds).map(([type, shape]) => [type, members(shape)]));
  return {
    kind: `object of type ${Object.keys(kinds).join(' or ')}`,
    read: (value) => {
      if (!isObject(value) || typeof value.type !== 'string') return undefined;
      const payload = parsers.get(value.type)?.(value);
      if (payload === undefined || payload instanceof Dropped) return payload;
      // Type and members come from the same kind.
      return { type: value.type, ...payload } as never;
    },
  };
};

/** `fallback` stands in where the member is missing, of a wrong type, or an unknown word. */
export const lenient = <T, const F>(field: Field<T>, fallback: F): Field<T | F> => ({
  ...field,
  missing: fallback,
  invalid: fallback,
});

export type Shape = { readonly [name: string]: Field<unknown> };

/** The payload that a shape reads. */
export type Payload<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

export type Parse<T> = (data: Readonly<Record<string, unknown>> | undefined) => T | Dropped;

/** Reads the members named in `shape`; absent `data` counts as absent members. */
export function members<const S extends Shape>(shape: S): Parse<Payload<S>> {
  const fields = Object.entries(shape);
  return (data) => {
    const payload: Record<string, unknown> = {};
    for (const [name, field] of fields) {
      const value = data !== undefined && Object.hasOwn(data, name) ? data[name] : undefined;
      if (value === undefined) {
        if (!('missing' in field)) return new Dropped('missing-field', name);
        payload[name] = field.missing;
        continue;
      }
      const read = field.read(value);
      if (read !== undefined && !(read instanceof Dropped)) payload[name] = read;
      else if ('invalid' in field) payload[name] = field.invalid;
      else if (read instanceof Dropped) return new Dropped(read.reason, `${name}.${read.field}`);
      else return new Dropped('wrong-type', name);
    }
    return payload as Payload<S>;
  };
}

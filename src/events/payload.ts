/**
 * The parsers that table rows are made of: QMP `data` → typed payload, or the reason why it is dropped.
 *
 * They throw nothing, allocate one object, and copy only the members that the row names.
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
  readonly accepts: (value: unknown) => boolean;
}

/** Names and paths come from a guest or a user: longer than this is none. */
export const MAX_STRING_LENGTH = 4096;

export const string: Field<string> = {
  kind: 'string',
  accepts: (value) => typeof value === 'string' && value.length <= MAX_STRING_LENGTH,
};

export const boolean: Field<boolean> = { kind: 'boolean', accepts: (value) => typeof value === 'boolean' };

/** One of the words given. */
export const word = <const W extends string>(words: readonly W[]): Field<W> => {
  const known: ReadonlySet<unknown> = new Set(words);
  return { kind: 'word', words, accepts: (value) => known.has(value) };
};

/** `fallback` stands in where the member is missing, of a wrong type, or an unknown word. */
export const lenient = <T, const F>(field: Field<T>, fallback: F): Field<T | F> => ({
  ...field,
  missing: fallback,
  invalid: fallback,
});

export type Shape = Readonly<Record<string, Field<unknown>>>;

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
      if (value !== undefined && field.accepts(value)) payload[name] = value;
      else if (value === undefined && 'missing' in field) payload[name] = field.missing;
      else if (value !== undefined && 'invalid' in field) payload[name] = field.invalid;
      else return new Dropped(value === undefined ? 'missing-field' : 'wrong-type', name);
    }
    return payload as Payload<S>;
  };
}

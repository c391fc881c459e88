/** What a row of Table 1 is. */
import { Dropped, members, type Parse, type Payload, type Shape } from '../payload.ts';

/** One row of the table. */
export interface QemuEventRow<T> {
  /** The members that are read; all others are ignored. */
  readonly shape: Shape;
  readonly parse: Parse<T>;
  /** What it tells, for the generated page. */
  readonly summary: string;
  /** QAPI module and libvirt's handler. */
  readonly source: string;
  /** What it tells is also in QEMU's run state, so that one from before a look at that is old news. */
  readonly inRunState: boolean;
}

interface About<S extends Shape> {
  readonly summary: string;
  readonly source: string;
  readonly inRunState?: true;
  /** At least one of these must say something, else the event is dropped. */
  readonly oneOf?: readonly (keyof S & string)[];
}

export function row<const S extends Shape>(
  shape: S,
  { oneOf, ...about }: About<S>,
): QemuEventRow<Payload<S>> {
  const parse = members(shape);
  return {
    shape,
    parse:
      oneOf === undefined
        ? parse
        : (data) => {
            const [first = ''] = oneOf;
            if (data === undefined || !oneOf.some((name) => Object.hasOwn(data, name)))
              return new Dropped('missing-field', first);
            return parse(data);
          },
    inRunState: false,
    ...about,
  };
}

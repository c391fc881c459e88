/** What cannot be written into a file: one error for all formats. */
import { ModelError } from '../../errors.ts';
import { isActorRef } from '../serialise.ts';

/** Deeper than this is taken for endless. */
const MAX_DEPTH = 100;

/** Where a value stands. */
export interface Place {
  /** As `walk 'idle: PAY', step 1, PAY`. */
  readonly what: string;
  /** In it, as `event.order.items[0]`. */
  readonly path: string;
  readonly parents: readonly object[];
}

export const placeOf = (what: string, path: string): Place => ({ what, path, parents: [] });

/** @throws ModelError `ERR_UNSERIALISABLE` if the object contains itself, or has no end */
export function within(place: Place, parent: object, key: string | number): Place {
  const { what, path, parents } = place;
  if (parents.includes(parent)) refuse(place, 'contains itself');
  if (parents.length >= MAX_DEPTH) refuse(place, `is nested more than ${MAX_DEPTH} deep`);
  const inner = typeof key === 'number' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
  return { what, path: inner, parents: [...parents, parent] };
}

/** @throws ModelError `ERR_UNSERIALISABLE` */
export function refuse({ what, path }: Place, why: string): never {
  throw new ModelError(
    `${what}: ${path} ${why}: it cannot be written into a file; give an example of the event that is plain data`,
    { code: 'ERR_UNSERIALISABLE' },
  );
}

/**
 * An object whose members are all that it is.
 *
 * @throws ModelError `ERR_UNSERIALISABLE` if it is of a class of its own, or an actor
 */
export function asPlain(object: object, place: Place): Readonly<Record<string, unknown>> {
  if (isActorRef(object)) refuse(place, `is the actor ${object.id}`);
  const prototype: unknown = Object.getPrototypeOf(object);
  // Of another realm, Object.prototype is another one; but it has no prototype either.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    refuse(place, `is of the class ${nameOf(prototype)}`);
  return object as Readonly<Record<string, unknown>>;
}

const nameOf = (prototype: unknown): string =>
  (prototype as { readonly constructor?: { readonly name?: string } }).constructor?.name || '(unnamed)';

export const isDate = (object: object): object is Date =>
  Object.prototype.toString.call(object) === '[object Date]';

/**
 * Values as JSON and back, those too that JSON has no word for.
 *
 * These are objects with one member, whose name begins with `$`: `{"$undefined": true}`, `{"$bigint": "12"}`,
 * `{"$number": "NaN"}`, `{"$date": "2001-02-03T04:05:06.000Z"}`, `{"$error": {"name": "TypeError", "message": "no"}}`,
 * `{"$map": [["key", 1]]}`, `{"$set": [1]}`, `{"$regexp": ["a+", "i"]}`, `{"$bytes": [255]}`. An object that happens to
 * look so is `{"$object": {"$date": 1}}`.
 */
import { ModelError } from '../errors.ts';
import { dateOf } from '../loop/iso-time.ts';
import { isActorRef } from './serialise.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deeper than this is taken for endless. */
const MAX_DEPTH = 100;

/** What stands for a kind of value. */
interface Mark {
  readonly stands: (value: unknown) => boolean;
  /** What follows the mark; the parts of a list or an object are written as values themselves. */
  readonly write: (value: never) => unknown;
  /** As it is said in an error. */
  readonly takes: string;
  readonly accepts: (content: unknown) => boolean;
  readonly read: (content: never) => unknown;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isList(value);
const isText = (value: unknown, form: RegExp): value is string =>
  typeof value === 'string' && form.test(value);
const isTime = (value: unknown): boolean =>
  isText(value, /^[+-]?\d+-\d\d-\d\dT/) && !Number.isNaN(Number(dateOf(value)));
const isPair = (value: unknown): boolean => isList(value) && value.length === 2;
const isByte = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;

/** Of another realm, Object.prototype is another one; but it has no prototype either. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The only member of an object, if it is named as a mark. */
function markedMember(object: object): readonly [name: string, content: unknown] | null {
  const [member, ...others] = Object.entries(object);
  return member?.[0].startsWith('$') === true && others.length === 0 ? member : null;
}

const marks: Readonly<Record<string, Mark>> = {
  $undefined: {
    stands: (value) => value === undefined,
    write: () => true,
    takes: 'true',
    accepts: (content) => content === true,
    read: () => undefined,
  },
  $bigint: {
    stands: (value) => typeof value === 'bigint',
    write: String,
    takes: 'an integer as a string',
    accepts: (content) => isText(content, /^-?\d+$/),
    read: (content: string) => BigInt(content),
  },
  $number: {
    stands: (value) => typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)),
    write: (value: number) => (Object.is(value, -0) ? '-0' : String(value)),
    takes: "'NaN', 'Infinity', '-Infinity' or '-0'",
    accepts: (content) => isText(content, /^(?:NaN|-?Infinity|-0)$/),
    read: Number,
  },
  $date: {
    stands: (value) => Object.prototype.toString.call(value) === '[object Date]',
    write: (value: Date) => (Number.isNaN(Number(value)) ? null : value.toISOString()),
    takes: 'a date in ISO 8601, or null',
    accepts: (content) => content === null || isTime(content),
    read: dateOf,
  },
  $map: {
    stands: (value) => value instanceof Map,
    write: (value: ReadonlyMap<unknown, unknown>) => [...value],
    takes: 'pairs of key and value',
    accepts: (content) => isList(content) && content.every(isPair),
    read: (content: readonly [unknown, unknown][]) => new Map(content),
  },
  $set: {
    stands: (value) => value instanceof Set,
    write: (value: ReadonlySet<unknown>) => [...value],
    takes: 'a list',
    accepts: isList,
    read: (content: readonly unknown[]) => new Set(content),
  },
  $regexp: {
    stands: (value) => value instanceof RegExp,
    write: ({ source, flags }: RegExp) => [source, flags],
    takes: 'source and flags of a regular expression',
    accepts: isRegExp,
    read: ([source, flags]: [string, string]) => new RegExp(source, flags),
  },
  $bytes: {
    stands: (value) => value instanceof Uint8Array,
    write: (value: Uint8Array) => [...value],
    takes: 'a list of bytes',
    accepts: (content) => isList(content) && content.every(isByte),
    read: (content: number[]) => Uint8Array.from(content),
  },
  $error: {
    stands: (value) => value instanceof Error,
    write: (error: Error) => {
      const { name, message, cause, ...others } = error;
      return { name, message, ...(cause === undefined ? {} : { cause }), ...others };
    },
    takes: 'an object with name and message',
    accepts: isErrorLike,
    read: errorOf,
  },
  $object: {
    stands: (value) => isObject(value) && isPlain(value) && markedMember(value) !== null,
    write: (value: object) => value,
    takes: 'an object',
    accepts: isObject,
    read: (content: object) => content,
  },
};

function isRegExp(content: unknown): boolean {
  try {
    const [source, flags] = content as [string, string];
    return new RegExp(source, flags).flags === flags;
  } catch {
    return false;
  }
}

function isErrorLike(content: unknown): boolean {
  if (!isObject(content)) return false;
  const { name, message } = content as Partial<Error>;
  return typeof name === 'string' && typeof message === 'string';
}

const nativeErrors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** What is of no class of JavaScript's own is an `Error` under its name. */
function errorOf({ name, message, cause, ...others }: Error): Error {
  const NativeError = nativeErrors.find((native) => native.name === name) ?? Error;
  const error = new NativeError(message, cause === undefined ? {} : { cause });
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name });
  return Object.assign(error, others);
}

/** The same list or object of other parts; what has no parts stays. */
function mapParts(whole: unknown, at: string, part: (value: unknown, at: string) => unknown): unknown {
  if (isList(whole)) return Array.from(whole, (item, index) => part(item, `${at}[${index}]`));
  if (!isObject(whole)) return whole;
  const parts = Object.entries(whole).map(([name, member]) => [name, part(member, `${at}.${name}`)]);
  return Object.fromEntries(parts);
}

/**
 * @param at - the place of the value, as an error names it: `walk 'idle: PAY', step 1: event`
 * @throws ModelError `ERR_UNSERIALISABLE` for functions, symbols, actors, instances of classes, and what has no end
 */
export function toJson(value: unknown, at: string, depth = 0): Json {
  const refuse = (why: string): never => {
    throw new ModelError(
      `${at} ${why}: it cannot be written into a file; give an example of the event that is plain data`,
      { code: 'ERR_UNSERIALISABLE' },
    );
  };
  if (depth > MAX_DEPTH) return refuse(`is nested more than ${MAX_DEPTH} deep`);
  if (typeof value === 'function' || typeof value === 'symbol') return refuse(`is a ${typeof value}`);
  if (isActorRef(value)) return refuse(`is the actor ${value.id}`);
  const writeParts = (whole: unknown): Json =>
    mapParts(whole, at, (part, place) => toJson(part, place, depth + 1)) as Json;
  for (const [name, { stands, write }] of Object.entries(marks))
    if (stands(value)) return { [name]: writeParts(write(value as never)) };
  if (isObject(value) && !isPlain(value)) return refuse(`is of the class ${value.constructor.name}`);
  return writeParts(value);
}

/**
 * @param at - as that of {@link toJson}
 * @throws ModelError `ERR_WALK_FILE` for what that does not write
 */
export function fromJson(json: unknown, at: string, depth = 0): unknown {
  const refuse = (why: string): never => {
    throw new ModelError(`the walk cannot be read: ${at}: ${why}`, { code: 'ERR_WALK_FILE' });
  };
  if (depth > MAX_DEPTH) return refuse(`nested more than ${MAX_DEPTH} deep`);
  const readParts = (whole: unknown): unknown =>
    mapParts(whole, at, (part, place) => fromJson(part, place, depth + 1));
  const marked = isObject(json) ? markedMember(json) : null;
  if (marked === null) return readParts(json);
  const [name, content] = marked;
  const mark = marks[name];
  if (mark === undefined) return refuse(`'${name}' is not known`);
  if (!mark.accepts(content)) return refuse(`'${name}' takes ${mark.takes}`);
  return mark.read(readParts(content) as never);
}

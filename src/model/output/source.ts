/** Values as source code, laid out as formatters do, so that a generated file reads as one written by hand. */
import { asPlain, isDate, type Place, refuse, within } from './refuse.ts';

/** A piece of code: in one piece, or a bracket with items, which are put into lines of their own if one is too short. */
type Code = string | Bracket;

interface Bracket {
  /** As `[`, `{`, `new Map([`. */
  readonly open: string;
  readonly close: string;
  readonly items: readonly Item[];
  /** Between the brackets and what is in one line with them. */
  readonly space: '' | ' ';
  /** A list of things with several members each has a line for each. */
  readonly inLines: boolean;
}

interface Item {
  /** As `name: `; empty in a list. */
  readonly key: string;
  readonly code: Code;
}

export const WIDTH = 110;
const INDENT = '  ';

/**
 * @param place - names the value in an error
 * @param indent - of the line that it begins in
 * @param column - where in that line
 * @returns an expression; several lines if it is too long for one
 * @throws ModelError `ERR_UNSERIALISABLE` for what code cannot make: functions, actors, classes, cycles
 */
export function toSource(value: unknown, place: Place, indent = '', column = 0): string {
  return print(codeOf(value, place), indent, column);
}

/** In one line, however long. */
export const toSourceLine = (value: unknown, place: Place): string => inOneLine(codeOf(value, place));

/** In single quotes, unless the other ones need fewer escapes. */
export function quoted(text: string): string {
  const json = JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    escaped,
  );
  const singles = text.split("'").length;
  const doubles = text.split('"').length;
  if (singles > doubles) return json;
  return `'${json.slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function codeOf(value: unknown, place: Place): Code {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : codeOfObject(value, place);
    default:
      return refuse(place, `is a ${typeof value}`);
  }
}

function codeOfObject(object: object, place: Place): Code {
  if (Array.isArray(object)) return listOf('[', object, ']', object, place);
  if (isDate(object))
    return Number.isNaN(Number(object)) ? 'new Date(Number.NaN)' : `new Date('${object.toISOString()}')`;
  if (object instanceof RegExp) return String(object);
  if (object instanceof Error) return codeOfError(object, place);
  if (object instanceof Map) return listOf('new Map([', [...object], '])', object, place);
  if (object instanceof Set) return listOf('new Set([', [...object], '])', object, place);
  if (object instanceof Uint8Array) return listOf('Uint8Array.of(', [...object], ')', object, place);
  return membersOf(asPlain(object, place), object, place);
}

const nativeErrors = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

/** Its message, and what it has beside; where it came from is left out. */
function codeOfError(error: Error, place: Place): Code {
  const isNative = nativeErrors.includes(error.name);
  const made = `new ${isNative ? error.name : 'Error'}(${quoted(error.message)})`;
  const own = Object.entries(error).filter(([key]) => key !== 'name' && key !== 'message');
  const rest = { ...(isNative ? {} : { name: error.name }), ...Object.fromEntries(own) };
  if (Object.keys(rest).length === 0) return made;
  const members = membersOf(rest, error, place);
  return { ...members, open: `Object.assign(${made}, {`, close: '})' };
}

function listOf(open: string, values: readonly unknown[], close: string, parent: object, place: Place): Code {
  const items = values.map((value, at) => ({ key: '', code: codeOf(value, within(place, parent, at)) }));
  const hasSeveral = ({ code }: Item): boolean => typeof code === 'object' && code.items.length > 1;
  return { open, close, items, space: '', inLines: items.length > 1 && items.every(hasSeveral) };
}

function membersOf(members: Readonly<Record<string, unknown>>, parent: object, place: Place): Bracket {
  const items = Object.entries(members).map(([key, value]) => ({
    key: `${keyOf(key)}: `,
    code: codeOf(value, within(place, parent, key)),
  }));
  return { open: '{', close: '}', items, space: ' ', inLines: false };
}

function keyOf(key: string): string {
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}

const hasLines = (code: Code): boolean =>
  typeof code === 'object' && (code.inLines || code.items.some(({ code: inner }) => hasLines(inner)));

function inOneLine(code: Code): string {
  if (typeof code === 'string') return code;
  const { open, close, items, space } = code;
  const parts = items.map(({ key, code: inner }) => key + inOneLine(inner));
  return parts.length === 0 ? open + close : `${open}${space}${parts.join(', ')}${space}${close}`;
}

function print(code: Code, indent: string, column: number): string {
  const line = inOneLine(code);
  // What stands in a list or an object is followed by a comma.
  const fits = !hasLines(code) && column + line.length < WIDTH;
  if (fits || typeof code === 'string' || code.items.length === 0) return line;
  const inner = indent + INDENT;
  const lines = code.items.map((item) => `${inner}${printItem(item, inner)},\n`);
  return `${code.open}\n${lines.join('')}${indent}${code.close}`;
}

function printItem({ key, code }: Item, indent: string): string {
  const text = print(code, indent, indent.length + key.length);
  const isTooLong = typeof code === 'string' && indent.length + key.length + text.length >= WIDTH;
  // A text that does not fit behind a name stands below it.
  return isTooLong && key.length > '12: '.length ? `${key.trimEnd()}\n${indent}${INDENT}${text}` : key + text;
}

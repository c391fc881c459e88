/**
 * Values as text, the same for equal values: what identifies a state, and what an effect was.
 *
 * Members are sorted. An actor stands for its id. What cannot be told by text is refused, by its place.
 */
import { ModelError } from '../errors.ts';

/** Deeper than this is taken for endless. */
const MAX_DEPTH = 100;

interface ActorLike {
  readonly id: string;
  readonly sessionId: string;
  getSnapshot(): unknown;
}

export const isActorRef = (value: unknown): value is ActorLike =>
  typeof value === 'object' &&
  value !== null &&
  'sessionId' in value &&
  'getSnapshot' in value &&
  typeof value.getSnapshot === 'function';

/**
 * @param what - names the value in an error, as `context`
 * @throws ModelError `ERR_UNSERIALISABLE` for functions, symbols, cycles and what is nested too deep
 */
export function serialise(value: unknown, what: string): string {
  const parents: object[] = [];
  const refuse = (at: string, why: string): never => {
    throw new ModelError(
      `${at} ${why}: it cannot identify a state; say what does by the option \`state\` of the model`,
      { code: 'ERR_UNSERIALISABLE' },
    );
  };
  const write = (part: unknown, at: string): string => {
    switch (typeof part) {
      case 'undefined':
        return 'undefined';
      case 'bigint':
        return `${part}n`;
      case 'function':
        return refuse(at, 'is a function');
      case 'symbol':
        return refuse(at, 'is a symbol');
      case 'number':
        return Object.is(part, -0) ? '0' : String(part);
      case 'object':
        return part === null ? 'null' : writeObject(part, at);
      default:
        return JSON.stringify(part);
    }
  };
  const writeObject = (object: object, at: string): string => {
    if (isActorRef(object)) return `→${object.id}`;
    if ('toISOString' in object) return `Date(${Number(object)})`;
    if (object instanceof Error) return `${object.name}(${JSON.stringify(object.message)})`;
    if (object instanceof RegExp) return String(object);
    if (parents.includes(object)) return refuse(at, 'contains itself');
    if (parents.length >= MAX_DEPTH) return refuse(at, `is nested more than ${MAX_DEPTH} deep`);
    parents.push(object);
    const text = writeMembers(object, at);
    parents.pop();
    return text;
  };
  const writeMembers = (object: object, at: string): string => {
    if (Array.isArray(object))
      return `[${object.map((item, index) => write(item, `${at}[${index}]`)).join(',')}]`;
    if (object instanceof Set) return `Set[${[...object].map((item) => write(item, at)).join(',')}]`;
    if (object instanceof Map)
      return `Map[${[...object].map(([key, item]) => `${write(key, at)}:${write(item, at)}`).join(',')}]`;
    const members = Object.entries(object)
      .filter(([, member]) => member !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${write(member, `${at}.${key}`)}`);
    return `{${members.join(',')}}`;
  };
  return write(value, what);
}

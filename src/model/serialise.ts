/**
 * Values as text, the same for equal values: what identifies a state, and what an effect was.
 *
 * Members are sorted. An actor stands for its id. What cannot be told by text is refused, by its place.
 */
import { ModelError } from '../errors.ts';

/** Deeper than this is taken for endless. */
const MAX_DEPTH = 100;

export interface ActorLike {
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
 * @param nameOf - what an actor is called
 * @throws ModelError `ERR_UNSERIALISABLE` for functions, symbols, cycles and what is nested too deep
 */
export function serialise(value: unknown, what: string, nameOf: (actor: ActorLike) => string = idOf): string {
  return new Writer(what, nameOf).write(value);
}

const idOf = ({ id }: ActorLike): string => id;

/** It is called for every state that a model comes to, so it makes a place's name only for an error. */
class Writer {
  readonly #what: string;
  readonly #nameOf: (actor: ActorLike) => string;
  readonly #parents: object[] = [];
  /** From the value to where it writes now. */
  readonly #path: string[] = [];

  constructor(what: string, nameOf: (actor: ActorLike) => string) {
    this.#what = what;
    this.#nameOf = nameOf;
  }

  write(part: unknown): string {
    switch (typeof part) {
      case 'undefined':
        return 'undefined';
      case 'bigint':
        return `${part}n`;
      case 'function':
        return this.#refuse('is a function');
      case 'symbol':
        return this.#refuse('is a symbol');
      case 'number':
        return Object.is(part, -0) ? '0' : String(part);
      case 'object':
        return part === null ? 'null' : this.#writeObject(part);
      default:
        return JSON.stringify(part);
    }
  }

  #refuse(why: string): never {
    throw new ModelError(
      `${this.#what}${this.#path.join('')} ${why}: it cannot identify a state; say what does by the option \`state\` of the model`,
      { code: 'ERR_UNSERIALISABLE' },
    );
  }

  #writeObject(object: object): string {
    if (isActorRef(object)) return `→${this.#nameOf(object)}`;
    if ('toISOString' in object) return `Date(${Number(object)})`;
    if (object instanceof Error) return `${object.name}(${JSON.stringify(object.message)})`;
    if (object instanceof RegExp) return String(object);
    if (this.#parents.includes(object)) return this.#refuse('contains itself');
    if (this.#parents.length >= MAX_DEPTH) return this.#refuse(`is nested more than ${MAX_DEPTH} deep`);
    this.#parents.push(object);
    const text = this.#writeMembers(object);
    this.#parents.pop();
    return text;
  }

  #writeMembers(object: object): string {
    if (Array.isArray(object))
      return `[${object.map((item, at) => this.#writeAt(item, `[${at}]`)).join(',')}]`;
    if (object instanceof Set) return `Set[${[...object].map((item) => this.write(item)).join(',')}]`;
    if (object instanceof Map)
      return `Map[${[...object].map(([key, item]) => `${this.write(key)}:${this.write(item)}`).join(',')}]`;
    const members = object as Readonly<Record<string, unknown>>;
    const texts: string[] = [];
    for (const key of Object.keys(members).sort())
      if (members[key] !== undefined)
        texts.push(`${JSON.stringify(key)}:${this.#writeAt(members[key], `.${key}`)}`);
    return `{${texts.join(',')}}`;
  }

  #writeAt(part: unknown, step: string): string {
    this.#path.push(step);
    const text = this.write(part);
    this.#path.pop();
    return text;
  }
}

/** By which names of QEMU events somebody wants to be called. */
import { badArgument, messageOf } from '../errors.ts';

/** libvirt 9.0.0 `src/conf/domain_event.c:virDomainQemuMonitorEventStateRegisterID`. */
export interface MonitorEventFilter {
  /** Name of the QEMU event; without it all are told. */
  readonly name?: string;
  /** The name is a regular expression, found anywhere in the event's name. libvirt `…_REGISTER_REGEX` */
  readonly regex?: boolean;
  /** Upper and lower case are the same. libvirt `…_REGISTER_NOCASE` */
  readonly ignoreCase?: boolean;
}

const KEYS = { name: 'string', regex: 'boolean', ignoreCase: 'boolean' } as const;

/**
 * @returns whether an event's name is meant; null if all are
 * @throws TypeError for unknown options, wrong types, and what is no regular expression
 */
export function nameFilter(filter: MonitorEventFilter): ((name: string) => boolean) | null {
  requireFilter(filter);
  const { name, regex = false, ignoreCase = false } = filter;
  if (name === undefined) return null;
  if (regex) {
    const pattern = compile(name, ignoreCase);
    return (event) => pattern.test(event);
  }
  if (!ignoreCase) return (event) => event === name;
  const wanted = name.toLowerCase();
  return (event) => event.toLowerCase() === wanted;
}

function requireFilter(filter: unknown): asserts filter is MonitorEventFilter {
  if (typeof filter !== 'object' || filter === null)
    throw badArgument('monitorEventRegister', 'an object: { name, regex, ignoreCase }', filter);
  for (const [key, value] of Object.entries(filter)) {
    if (!Object.hasOwn(KEYS, key)) throw badArgument('filter', Object.keys(KEYS).join(', '), key);
    const type = KEYS[key as keyof typeof KEYS];
    if (value !== undefined && typeof value !== type) throw badArgument(key, `a ${type}`, value);
  }
}

function compile(source: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(source, ignoreCase ? 'i' : '');
  } catch (error) {
    throw badArgument('name', `a regular expression (${messageOf(error)})`, source);
  }
}

/** The domains that a command is about: their sockets, and what `--config FILE` says of them. */
import { resolve } from 'node:path';
import type { z } from 'zod';
import { type DomainConfig, domainConfigSchema } from '../config.ts';
import { messageOf, type StateError } from '../errors.ts';
import { describeAddress, parseAddress } from '../qmp/address.ts';
import { InputError, UsageError } from './errors.ts';
import type { Io } from './io.ts';

type Config = z.input<typeof domainConfigSchema>;

/** What `attach` is told of one domain. */
export interface Target {
  readonly monitor: string;
  readonly name?: string;
  readonly uuid?: string;
  readonly devices?: Config['devices'];
  /** All that the file says of it. */
  readonly config?: DomainConfig;
  /** Aliases of NICs that follow their guest's filter. */
  readonly trusted: readonly string[];
  /** QEMU turned out to be another one than the file says. */
  mismatch(error: StateError): Error;
}

/** @throws UsageError, InputError */
export async function readTargets(
  io: Io,
  monitors: readonly string[],
  file: string | undefined,
): Promise<Target[]> {
  const seen = new Set<string>();
  for (const monitor of monitors) {
    if (seen.has(keyOf(monitor))) throw new UsageError(`--qmp ${monitor} is there twice`);
    seen.add(keyOf(monitor));
  }
  const entries = file === undefined ? new Map() : assign(monitors, file, await readConfig(io, file));
  return monitors.map((monitor) => toTarget(monitor, file, entries.get(keyOf(monitor))));
}

interface Entry {
  readonly config: Config;
  readonly checked: DomainConfig;
  /** `[1]` in a list, else nothing. */
  readonly path: string;
}

/** The same socket by whatever spelling. */
function keyOf(monitor: string): string {
  const address = parseAddress(monitor);
  return 'path' in address ? resolve(address.path) : describeAddress(address);
}

async function readConfig(io: Io, file: string): Promise<Entry[]> {
  let text: string;
  try {
    text = await io.readFile(file);
  } catch (error) {
    throw new InputError(`${file}: ${messageOf(error)}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}${lineOf(error, text)}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((config, index) => {
    const path = Array.isArray(value) ? `[${index}]` : '';
    const result = domainConfigSchema.safeParse(config);
    if (!result.success) throw new InputError(describeProblems(file, path, result.error));
    // As it stands in the file: attach checks it once more, and takes it as it was written.
    return { config: config as Config, checked: result.data, path };
  });
}

/** `:LINE` of a syntax error, where V8 says where it is. */
function lineOf(error: unknown, text: string): string {
  const position = /at position (\d+)/.exec(messageOf(error))?.[1];
  return position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
}

/** `FILE: devices[0].mac: reason; …` */
function describeProblems(file: string, base: string, { issues }: z.ZodError): string {
  const problems = issues.flatMap((issue) => {
    const path =
      base + issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
    const keys = 'keys' in issue && Array.isArray(issue.keys) ? issue.keys : null;
    if (keys !== null) return keys.map((key) => `${trimmed(`${path}.${key}`)}: unknown key`);
    return path === '' ? issue.message : `${trimmed(path)}: ${issue.message}`;
  });
  return `${file}: ${problems.join('; ')}`;
}

const trimmed = (path: string): string => path.replace(/^\./, '');

/** Entries with `monitor` go to that socket, the others by their place in the list. */
function assign(monitors: readonly string[], file: string, entries: readonly Entry[]): Map<string, Entry> {
  const assigned = new Map<string, Entry>();
  entries.forEach((entry, index) => {
    const { monitor } = entry.config;
    const at = (part: string, reason: string): InputError =>
      new InputError(
        `${file}: ${[trimmed(entry.path + part), reason].filter((text) => text !== '').join(': ')}`,
      );
    const wanted = monitor ?? monitors[index];
    if (wanted === undefined) throw at('', `there are only ${monitors.length} --qmp`);
    let key: string;
    try {
      key = keyOf(wanted);
    } catch (error) {
      throw at('.monitor', messageOf(error));
    }
    if (!monitors.some((other) => keyOf(other) === key)) throw at('.monitor', `there is no --qmp ${wanted}`);
    if (assigned.has(key)) throw at('', `--qmp ${wanted} is configured twice`);
    assigned.set(key, entry);
  });
  return assigned;
}

function toTarget(monitor: string, file: string | undefined, entry: Entry | undefined): Target {
  const { name, uuid, devices } = entry?.config ?? {};
  const path = entry?.path ?? '';
  return {
    monitor,
    ...(name === undefined ? {} : { name }),
    ...(uuid === undefined || uuid === null ? {} : { uuid }),
    ...(devices === undefined ? {} : { devices }),
    ...(entry === undefined ? {} : { config: entry.checked }),
    trusted: (devices ?? []).flatMap((device) =>
      device.type === 'net' && device.trustGuestRxFilters === true ? [String(device.alias)] : [],
    ),
    mismatch: (error) =>
      file === undefined
        ? error
        : new InputError(`${file}: ${path === '' ? '' : `${path}: `}${error.message}`, { cause: error }),
  };
}

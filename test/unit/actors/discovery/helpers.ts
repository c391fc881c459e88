/** A QEMU 7.2 as it answered once, and the /proc and /sys of a process that do not exist. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DiscoverySource } from '../../../../src/actors/discovery/discover-devices.ts';
import type { Files, ProcessIdentity } from '../../../../src/loop/runtime.ts';

interface Exchange {
  readonly execute: string;
  readonly arguments?: object;
  readonly return?: unknown;
}

const file = fileURLToPath(new URL('../../../data/discovery/q35.jsonl', import.meta.url));
const [, ...exchanges] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Exchange);

const keyOf = (command: string, args: object = {}): string => `${command} ${JSON.stringify(args)}`;
const captured = new Map(exchanges.map((one) => [keyOf(one.execute, one.arguments), one.return]));

/** What the captured QEMU answered to a command. */
export function reply(command: string, args: object = {}): unknown {
  if (!captured.has(keyOf(command, args))) throw new Error(`not captured: ${keyOf(command, args)}`);
  return captured.get(keyOf(command, args));
}

export const identity: ProcessIdentity = { pid: 42, startTicks: '1', bootId: 'b' };

/** What is in /proc and /sys, by path. */
export interface FakeFiles {
  readonly links?: Readonly<Record<string, string>>;
  readonly texts?: Readonly<Record<string, string>>;
  readonly numbers?: Readonly<Record<string, string>>;
  readonly lists?: Readonly<Record<string, readonly string[]>>;
}

/** QEMU's descriptors: a macvtap as 3, as which it was given, and both queues of tap2. */
export const captureFiles: Required<FakeFiles> = {
  links: {
    '/proc/self/ns/net': 'net:[1]',
    '/proc/42/ns/net': 'net:[1]',
    '/proc/42/fd/0': 'pipe:[1]',
    '/proc/42/fd/3': '/dev/tap7',
    '/proc/42/fd/11': '/dev/net/tun',
    '/proc/42/fd/12': '/dev/net/tun',
    '/sys/class/macvtap/tap7': '../../devices/virtual/net/macvtap0/macvtap/tap7',
  },
  texts: {
    '/proc/42/fdinfo/11': 'pos:\t0\nflags:\t0104002\nmnt_id:\t15\niff:\ttap2\n',
    '/proc/42/fdinfo/12': 'pos:\t0\nflags:\t0104002\nmnt_id:\t15\niff:\ttap2\n',
    '/sys/class/macvtap/tap7/dev': '246:1\n',
  },
  numbers: { '/proc/42/fd/3': '246:1' },
  lists: { '/proc/42/fd': ['0', '3', '11', '12'] },
};

export function runtimeWith(
  { links = {}, texts = {}, numbers = {}, lists = {} }: FakeFiles,
  now: ProcessIdentity | null = identity,
): DiscoverySource['runtime'] {
  const files: Files = {
    async read(path) {
      const text = texts[path];
      if (text === undefined) throw new Error(`ENOENT: ${path}`);
      return text;
    },
    link: async (path) => links[path] ?? null,
    identity: async () => null,
    list: async (path) => lists[path] ?? null,
    deviceNumber: async (path) => numbers[path] ?? null,
  };
  const refuse = async (): Promise<never> => {
    throw new Error('nothing is started or ended');
  };
  return { files, processes: { run: refuse, identify: async () => now, kill: () => void refuse() } };
}

/** The captured QEMU; `change` may put other replies in the place of its own, or throw. */
export function captureSource(
  change: (command: string, args: Readonly<Record<string, unknown>>, answer: () => unknown) => unknown = (
    _command,
    _args,
    answer,
  ) => answer(),
): DiscoverySource {
  return {
    execute: async (command, args) => change(command, args, () => reply(command, args)),
    runtime: runtimeWith(captureFiles),
    process: identity,
    signal: new AbortController().signal,
  };
}

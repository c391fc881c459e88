/**
 * The host's network through iproute2's `ip` and /proc. Linux only.
 *
 * The rules of this file:
 * - names, MACs and addresses are checked before they reach an argument or a batch line; there is no shell
 * - nothing is written unless the interface was looked up, and found the same, just before
 * - what writes is never killed by the caller's signal, only by `timeoutMs`: a half-made change is not known
 *
 * libvirt 9.0.0 virnetdev.c:virNetDevGetRxFilter reads the same by ioctl and /proc/net/dev_mcast.
 * Its writes are ioctls, ours are processes: no addon is needed, and `ip` says why it failed.
 */

import { badArgument, describeValue, messageOf } from '../errors.ts';
import type { HostChange } from '../events/nic.ts';
import type { CommandResult, Files, Processes } from '../loop/runtime.ts';
import { isAddress, isIPv4Address } from './address.ts';
import {
  type HostChangeResult,
  type HostInterface,
  type HostNetwork,
  type InterfaceIdentity,
  type MulticastMode,
  requireSameInterface,
} from './host-network.ts';
import { isInterfaceName, MAX_NAME_BYTES } from './interface-name.ts';
import { normalizeMac } from './mac.ts';

/** One `ip` takes a few milliseconds; this is for a host that swaps, or a kernel that waits for its rtnl lock. */
const DEFAULT_TIMEOUT_MS = 5000;
/** libvirt 9.0.0 virnetdev.c:virNetDevGetMulticastTable (MAX_MCAST_SIZE 50 × 14336). */
const MAX_DEV_MCAST_BYTES = 716_800;
const MAX_MESSAGE_LENGTH = 300;
/** What ip says if there is no such interface; iproute2 is not localised. */
const NO_SUCH_INTERFACE = /does not exist|Cannot find device|No such device/;

export interface Iproute2Options {
  /** @defaultValue `'ip'`, found by PATH */
  readonly ipCommand?: string;
  /** For each process that is started. @defaultValue 5000 */
  readonly timeoutMs?: number;
}

/**
 * The network of our own network namespace. Changing it needs CAP_NET_ADMIN; reading does not.
 *
 * @throws TypeError if an option is not right
 * @public
 */
export function createIproute2(
  runtime: { readonly files: Pick<Files, 'read'>; readonly processes: Pick<Processes, 'run'> },
  options: Iproute2Options = {},
): HostNetwork {
  const { ipCommand = 'ip', timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (typeof ipCommand !== 'string' || ipCommand === '')
    throw badArgument('ipCommand', 'a command', ipCommand);
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0)
    throw badArgument('timeoutMs', 'a positive number', timeoutMs);

  /** @returns null if there is no such interface */
  async function lookUp(name: string, signal: AbortSignal): Promise<Link | null> {
    signal.throwIfAborted();
    const args = ['-json', '-details', 'link', 'show', 'dev', name];
    let result: CommandResult;
    try {
      result = await runtime.processes.run(ipCommand, args, { timeoutMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`cannot run ${ipCommand} (iproute2): ${messageOf(error)}`, { cause: error });
    }
    signal.throwIfAborted();
    if (result.code !== 0) {
      if (NO_SUCH_INTERFACE.test(result.stderr)) return null;
      throw new Error(`cannot read interface ${name}: ${describeFailure(result)}`);
    }
    return parseLink(name, result.stdout);
  }

  /** One process, whose failure is a result and not an exception. Not ended by the caller's signal. */
  async function tryRun(args: readonly string[], input?: string): Promise<CommandResult> {
    try {
      return await runtime.processes.run(ipCommand, args, {
        timeoutMs,
        ...(input === undefined ? {} : { input }),
      });
    } catch (error) {
      return { code: null, stdout: '', stderr: messageOf(error) };
    }
  }

  async function make(name: string, step: Step): Promise<readonly HostChangeResult[]> {
    if (!Array.isArray(step)) {
      const result = await tryRun(groupArguments(name, step));
      return [{ change: step, error: result.code === 0 ? null : describeFailure(result) }];
    }
    const lines = step.map((change) => `${linkLine(name, change)}\n`).join('');
    const errors = batchErrors(await tryRun(['-force', '-batch', '-'], lines), step.length);
    return step.map((change, index) => ({ change, error: errors[index] ?? null }));
  }

  return {
    dryRun: false,

    async read(name, signal): Promise<HostInterface | null> {
      requireInterfaceName(name);
      const link = await lookUp(name, signal);
      if (link === null) return null;
      const { mac } = link;
      if (mac === null) throw new Error(`interface ${name} has no Ethernet address`);
      const groups = await runtime.files.read('/proc/net/dev_mcast');
      signal.throwIfAborted();
      return {
        name: link.name,
        ifindex: link.ifindex,
        kind: link.kind,
        filter: {
          mac,
          promiscuous: link.promiscuous,
          multicast: link.multicast,
          multicastTable: parseUserGroups(groups, link.ifindex),
        },
      };
    },

    async apply(target, changes, signal, onResult): Promise<void> {
      requireInterfaceName(target.name);
      for (const change of changes) requireWords(change);
      signal.throwIfAborted();
      for (const step of stepsOf(changes)) {
        requireSameInterface(target, await lookUp(target.name, signal));
        for (const result of await make(target.name, step)) onResult(result);
        // The next step's look-up comes first and checks the signal.
      }
    },
  };
}

function requireInterfaceName(name: string): void {
  if (isInterfaceName(name)) return;
  throw badArgument(
    'interface name',
    `1 to ${MAX_NAME_BYTES} bytes, no space, / : # ' " \\, no leading -, not . or ..`,
    name,
  );
}

function requireWords(change: HostChange): void {
  if ('mac' in change && normalizeMac(change.mac) !== change.mac)
    throw badArgument(`mac of ${change.type}`, 'six pairs of lower-case hex digits with colons', change.mac);
  if ('address' in change && !isAddress(change.address))
    throw badArgument(`address of ${change.type}`, 'an IP address and its prefix length', change.address);
}

/** What `ip link show` says of one interface. */
interface Link extends InterfaceIdentity {
  /** Null if the interface has no address of six bytes. */
  readonly mac: string | null;
  readonly promiscuous: boolean;
  readonly multicast: MulticastMode;
}

function parseLink(name: string, stdout: string): Link {
  const unreadable = (why: string): Error => new Error(`cannot read what ip says of ${name}: ${why}`);
  let reply: unknown;
  try {
    reply = JSON.parse(stdout);
  } catch (error) {
    throw unreadable(messageOf(error));
  }
  const link = Array.isArray(reply) && reply.length === 1 ? fieldsOf(reply[0]) : null;
  if (link === null) throw unreadable(`expected an array of one object, received ${describeValue(reply)}`);
  const ifindex = link.get('ifindex');
  const ifname = link.get('ifname');
  const flags = link.get('flags');
  const address = link.get('address');
  const kind = fieldsOf(link.get('linkinfo'))?.get('info_kind') ?? null;
  if (typeof ifindex !== 'number' || !Number.isSafeInteger(ifindex) || ifindex <= 0)
    throw unreadable(`ifindex is ${describeValue(ifindex)}`);
  // `ip` also takes alternative names, which the identity must not rest on.
  if (ifname !== name) throw unreadable(`the interface's own name is ${describeValue(ifname)}`);
  if (!Array.isArray(flags)) throw unreadable(`flags are ${describeValue(flags)}`);
  if (kind !== null && typeof kind !== 'string') throw unreadable(`info_kind is ${describeValue(kind)}`);
  return {
    name,
    ifindex,
    kind,
    mac: typeof address === 'string' ? normalizeMac(address) : null,
    promiscuous: flags.includes('PROMISC'),
    multicast: flags.includes('ALLMULTI') ? 'all' : flags.includes('MULTICAST') ? 'normal' : 'none',
  };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map<string, unknown>(Object.entries(value))
    : null;
}

/**
 * The groups that user space added to an interface: `4 mvt0 2 1 01005e0000fb` (index, name, users, global, MAC).
 * Rows with global 0 are the kernel's own and never show, so they are never removed.
 *
 * libvirt 9.0.0 virnetdev.c:virNetDevGetMulticastTable; as there, an empty file and a malformed row are errors.
 * Differs: an address of another length (InfiniBand) is malformed only in a row of this interface.
 *
 * @throws Error if the file is empty, too long or malformed
 */
function parseUserGroups(text: string, ifindex: number): readonly string[] {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes === 0 || sizeBytes > MAX_DEV_MCAST_BYTES)
    throw new Error(`/proc/net/dev_mcast: expected 1 to ${MAX_DEV_MCAST_BYTES} bytes, received ${sizeBytes}`);
  const rows = text.split('\n');
  if (rows.at(-1) === '') rows.pop();
  const groups: string[] = [];
  for (const [index, row] of rows.entries()) {
    const match = /^(\d+)\s+\S+\s+\d+\s+(\d+)\s+((?:[0-9a-f]{2})+)\s*$/i.exec(row);
    if (match !== null && Number(match[1]) !== ifindex) continue;
    const mac = normalizeMac(match?.[3]?.match(/../g)?.join(':') ?? '');
    if (match === null || mac === null)
      throw new Error(`/proc/net/dev_mcast:${index + 1}: malformed row ${describeValue(row)}`);
    if (Number(match[2]) !== 0) groups.push(mac);
  }
  return groups;
}

type GroupChange = Extract<HostChange, { readonly type: 'add-multicast' | 'remove-multicast' }>;
type LinkChange = Exclude<HostChange, GroupChange>;
/** What one process does: one group, or a batch of link lines. */
type Step = GroupChange | LinkChange[];

const isGroupChange = (change: HostChange): change is GroupChange =>
  change.type === 'add-multicast' || change.type === 'remove-multicast';

/**
 * Neighbouring link lines share a process. A group has one of its own: `ip maddress` ends the process that runs a
 * batch, and the rest of it would be dropped with status 0 (iproute2 6.1 ip/ipmaddr.c:multiaddr_modify).
 */
function stepsOf(changes: readonly HostChange[]): readonly Step[] {
  const steps: Step[] = [];
  for (const change of changes) {
    const last = steps.at(-1);
    if (isGroupChange(change)) steps.push(change);
    else if (Array.isArray(last)) last.push(change);
    else steps.push([change]);
  }
  return steps;
}

const groupArguments = (name: string, change: GroupChange): readonly string[] => [
  'maddress',
  change.type === 'add-multicast' ? 'add' : 'del',
  change.mac,
  'dev',
  name,
];

function linkLine(name: string, change: LinkChange): string {
  const set = `link set dev ${name}`;
  switch (change.type) {
    case 'set-mac':
      return `${set} address ${change.mac}`;
    case 'set-promiscuous':
      return `${set} promisc ${change.on ? 'on' : 'off'}`;
    case 'set-multicast':
      return `${set} multicast ${change.on ? 'on' : 'off'}`;
    case 'set-allmulticast':
      return `${set} allmulticast ${change.on ? 'on' : 'off'}`;
    // As libvirt 9.0.0 virnetdevip.c:virNetDevIPAddrAdd has it, with the broadcast address of an IPv4 network.
    case 'add-address': {
      const broadcast = isIPv4Address(change.address) ? ' broadcast +' : '';
      return `address add ${change.address}${broadcast} dev ${name}`;
    }
    case 'remove-address':
      return `address del ${change.address} dev ${name}`;
  }
}

/**
 * Which lines of a batch failed, and why. With `-force` ip goes on after a failure, names it by `Command failed
 * -:2` below the reason, and ends with status 1. A process that ends otherwise leaves every line after the last
 * one named in doubt, and doubt counts as failure.
 */
function batchErrors(result: CommandResult, lineCount: number): readonly (string | null)[] {
  const errors: (string | null)[] = new Array(lineCount).fill(null);
  let reasons: string[] = [];
  let lastNamed = 0;
  for (const text of result.stderr.split('\n').map((line) => line.trim())) {
    const line = Number(/^Command failed -:(\d+)$/.exec(text)?.[1]);
    if (line >= 1 && line <= lineCount) {
      errors[line - 1] = shorten(reasons.join('; ') || 'ip does not say why');
      reasons = [];
      lastNamed = line;
    } else if (text !== '') reasons.push(text);
  }
  if (result.code === 0 || (result.code === 1 && lastNamed > 0)) return errors;
  return errors.fill(describeFailure({ ...result, stderr: reasons.join('\n') }), lastNamed);
}

function describeFailure({ code, stderr }: CommandResult): string {
  const reason = stderr
    .trim()
    .split(/\s*\n\s*/)
    .join('; ');
  if (code === null) return shorten(reason || 'ip was ended by a signal');
  return shorten(reason || `ip ended with status ${code}`);
}

const shorten = (text: string): string =>
  text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text;

/** A network namespace of a test's own, with one interface for a QEMU's NIC. No physical network is touched. */
import { execFile, execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { type RunningProcess, type StartOptions, startProcess } from './process.ts';
import type { QemuOptions } from './qemu.ts';

const execute = promisify(execFile);

let reason: string | null | undefined;

/** Null, or why no network namespace with a macvtap can be made here. */
export function namespaceAvailable(): string | null {
  if (reason === undefined) reason = tryNamespace();
  return reason;
}

function tryNamespace(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'network namespaces need root on Linux';
  const name = uniqueName();
  const index = uniqueIndex();
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });
  try {
    ip('netns', 'add', name);
    try {
      ip('-n', name, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1');
      ip(
        '-n',
        name,
        'link',
        'add',
        'link',
        'veth0',
        'name',
        'macvtap0',
        'index',
        `${index}`,
        'type',
        'macvtap',
      );
      ip('netns', 'exec', name, 'true');
      closeSync(openSync(`/dev/tap${index}`, 'r+'));
      return null;
    } finally {
      ip('netns', 'del', name);
    }
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error))
      .split('\n')
      .filter((l) => !l.startsWith('Command failed'));
    return `no network namespace with a macvtap can be made here: ${first}`;
  }
}

function uniqueName(): string {
  return `qa-${process.pid}-${randomInt(2 ** 32).toString(36)}`;
}

/** The device node of a macvtap is /dev/tapINDEX for all namespaces, so the index must be the only one of all. */
function uniqueIndex(): number {
  return randomInt(2 ** 16, 2 ** 30);
}

export interface NamespaceOptions {
  /** `macvtap` over a veth, or `tap` on a bridge with a veth. Default: `macvtap`. */
  readonly kind?: 'macvtap' | 'tap';
  /** Of the NIC, and of the macvtap. Default: 52:54:00:12:34:56. */
  readonly mac?: string;
}

/** Disposing removes the namespace and all that is in it. */
export interface Namespace extends AsyncDisposable {
  readonly name: string;
  readonly kind: 'macvtap' | 'tap';
  /** The interface that QEMU's NIC is connected to: `macvtap0` or `tap0`. */
  readonly interface: string;
  readonly ifindex: number;
  readonly mac: string;
  /** The open /dev/tapINDEX of a macvtap; null for a tap, which QEMU opens by its name. */
  readonly fd: number | null;
  /** `ip -n NAME …`; returns standard output. @throws Error with ip's standard error */
  ip(...args: string[]): Promise<string>;
  /** `ip -json -details -n NAME …`. `T` is what the caller expects; it is not checked. */
  ipJson<T>(...args: string[]): Promise<T>;
  /** Options of `startQemu` for a virtio NIC with this id on the interface. */
  qemuOptions(id: string): Required<Pick<QemuOptions, 'namespace' | 'fds' | 'args'>>;
}

/** Needs root: `namespaceAvailable` says whether it can work. */
export async function createNamespace(options: NamespaceOptions = {}): Promise<Namespace> {
  const { kind = 'macvtap', mac = '52:54:00:12:34:56' } = options;
  const name = uniqueName();
  const ip = async (...args: string[]) => (await execute('ip', ['-n', name, ...args])).stdout;
  let fd: number | null = null;
  const dispose = async (): Promise<void> => {
    if (fd !== null) closeSync(fd);
    fd = null;
    await execute('ip', ['netns', 'del', name]);
  };

  await execute('ip', ['netns', 'add', name]);
  try {
    await ip('link', 'set', 'lo', 'up');
    await ip('link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1');
    await ip('address', 'add', '10.77.0.1/24', 'dev', 'veth1');
    await ip('link', 'set', 'veth0', 'up');
    await ip('link', 'set', 'veth1', 'up');
    const index = uniqueIndex();
    if (kind === 'macvtap') {
      const type = ['type', 'macvtap', 'mode', 'bridge'];
      await ip(
        'link',
        'add',
        'link',
        'veth0',
        'name',
        'macvtap0',
        'address',
        mac,
        'index',
        `${index}`,
        ...type,
      );
      await ip('link', 'set', 'macvtap0', 'up');
      fd = openTap(index, await readTapNumbers(name, index));
    } else {
      await ip('link', 'add', 'br0', 'type', 'bridge');
      await ip('link', 'set', 'br0', 'up');
      await ip('link', 'set', 'veth0', 'master', 'br0');
      await ip('tuntap', 'add', 'dev', 'tap0', 'mode', 'tap');
      await ip('link', 'set', 'tap0', 'master', 'br0');
      await ip('link', 'set', 'tap0', 'up');
    }
  } catch (error) {
    await dispose();
    throw error;
  }

  const ipJson = async <T>(...args: string[]) => JSON.parse(await ip('-json', '-details', ...args)) as T;
  const [link] = await ipJson<{ ifindex: number }[]>('link', 'show', `${kind}0`);
  const backend = kind === 'macvtap' ? 'fd=3' : 'ifname=tap0,script=no,downscript=no';
  return {
    name,
    kind,
    interface: `${kind}0`,
    ifindex: link?.ifindex ?? Number.NaN,
    mac,
    fd,
    ip,
    ipJson,
    qemuOptions: (id) => ({
      namespace: name,
      fds: fd === null ? [] : [fd],
      args: [
        ...['-netdev', `tap,id=host-${id},${backend},vhost=off`],
        ...['-device', `virtio-net-pci,netdev=host-${id},id=${id},mac=${mac}`],
      ],
    }),
    [Symbol.asyncDispose]: dispose,
  };
}

/** MAJOR:MINOR of a macvtap's device node, as the namespace's /sys has it. */
async function readTapNumbers(namespace: string, index: number): Promise<string> {
  const path = `/sys/class/net/macvtap0/tap${index}/dev`;
  return (await execute('ip', ['netns', 'exec', namespace, 'cat', path])).stdout.trim();
}

function openTap(index: number, numbers: string): number {
  const path = `/dev/tap${index}`;
  const { rdev } = statSync(path);
  // dev_t as glibc packs it, for numbers that fit its first 32 bits.
  const found = `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
  if (found !== numbers) throw new Error(`${path} is ${found}, not the macvtap's ${numbers}`);
  return openSync(path, 'r+');
}

/**
 * Runs a command, such as our own CLI by `process.execPath`, inside the namespace: with its /proc/net and /sys,
 * which the product reads of an interface.
 */
export function runInNamespace(
  namespace: Namespace | string,
  file: string,
  args: readonly string[],
  options: Omit<StartOptions, 'namespace'> = {},
): Promise<RunningProcess> {
  const name = typeof namespace === 'string' ? namespace : namespace.name;
  return startProcess(file, args, { ...options, namespace: name });
}

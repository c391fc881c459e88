/** Addresses of monitors, and opening a stream to one. */
import type { Duplex } from 'node:stream';
import { badArgument, ConnectError, messageOf } from '../errors.ts';
import type { Address, Runtime } from '../loop/runtime.ts';
import { after } from '../loop/timeouts.ts';

export const DEFAULT_CONNECT_TIMEOUT_MS = 5000;

/** `sun_path` of Linux without its NUL. */
const MAX_PATH_BYTES = 107;
const HOST_AND_PORT = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:/[\]]+)):(?<port>\d+)$/;

/**
 * Reads where a monitor listens: the path of a unix socket, or `host:port`. What has a slash or no colon is a
 * path; `unix:` before it makes anything one.
 *
 * @example `parseAddress('/run/vm/web1.qmp') // { path: '/run/vm/web1.qmp' }`
 * @example `parseAddress('[::1]:4444') // { host: '::1', port: 4444 }`
 * @throws {TypeError} when it is none of these, the path does not fit a socket, or the port is out of range
 * @public
 */
export function parseAddress(address: string | Address): Address {
  if (typeof address === 'string') return parseText(address);
  if (typeof address === 'object' && address !== null) {
    if ('path' in address && typeof address.path === 'string') return checkPath(address.path, address);
    if ('host' in address && typeof address.host === 'string' && address.host !== '')
      return checkPort(address.host, address.port, address);
  }
  throw notAnAddress(address);
}

/** @example `describeAddress({ host: '::1', port: 4444 }) // '[::1]:4444'` */
export function describeAddress(address: Address): string {
  if ('path' in address) return address.path;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/**
 * Opens a stream to a monitor.
 *
 * @throws {ConnectError} when nobody listens: `cause.code` is `ENOENT` (no such socket) or `ECONNREFUSED` (a
 * socket that nobody serves) where QEMU is gone, another one where that is not known
 * @throws the signal's reason when aborted
 */
export async function openStream(
  runtime: Runtime,
  address: Address,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined } = {},
): Promise<Duplex> {
  const { signal, timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
  signal?.throwIfAborted();
  const attempt = new AbortController();
  const onAbort = (): void => attempt.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const cancelTimeout = after(runtime.loop, timeoutMs, () =>
    attempt.abort(new Error(`no answer within ${timeoutMs} ms`)),
  );
  try {
    return await runtime.connect(address, attempt.signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw new ConnectError(explain(address, error), { cause: error });
  } finally {
    cancelTimeout();
    signal?.removeEventListener('abort', onAbort);
  }
}

function parseText(address: string): Address {
  if (address.startsWith('unix:')) return checkPath(address.slice('unix:'.length), address);
  const groups = HOST_AND_PORT.exec(address)?.groups;
  if (groups !== undefined) return checkPort(groups.ipv6 ?? groups.host ?? '', Number(groups.port), address);
  if (address.includes('/') || !address.includes(':')) return checkPath(address, address);
  throw notAnAddress(address);
}

function checkPath(path: string, address: unknown): Address {
  if (path === '' || path.includes('\0')) throw notAnAddress(address);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw badArgument('address', `a socket path of at most ${MAX_PATH_BYTES} bytes`, path);
  return { path };
}

function checkPort(host: string, port: unknown, address: unknown): Address {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65535)
    throw notAnAddress(address);
  return { host, port };
}

const notAnAddress = (address: unknown): TypeError =>
  badArgument('address', "a unix socket's path, or host:port with a port from 1 to 65535", address);

function explain(address: Address, error: unknown): string {
  const where = describeAddress(address);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT')
    return `no socket at ${where}; QEMU makes it when started with -qmp unix:${where},server=on,wait=off`;
  if (code === 'ECONNREFUSED') return `nobody listens at ${where}: QEMU has ended, or did not start yet`;
  // Linux: the queue of those who wait to be accepted is full; QEMU's has one or two places.
  if (code === 'EAGAIN')
    return `nobody answers at ${where}: another client holds this monitor (QEMU serves one at a time), or QEMU hangs`;
  if (code === 'EACCES' || code === 'EPERM') return `no permission to connect to ${where}`;
  return `cannot connect to ${where}: ${messageOf(error)}`;
}

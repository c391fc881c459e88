/** What dashboard() takes, checked. */
import { isIP, isIPv4 } from 'node:net';
import { badArgument } from '../errors.ts';

/** What bounds the memory and the work that readers can cause. */
export interface DashboardLimits {
  /** Items that are kept. @defaultValue 10 000 */
  readonly items: number;
  /** Of these, in characters of JSON. @defaultValue 8 Mi */
  readonly itemChars: number;
  /** QMP messages that are kept of a domain, in characters. @defaultValue 256 Ki */
  readonly recordingChars: number;
  /** Readers at a time. @defaultValue 64 */
  readonly readers: number;
  /** What waits for a reader to take it; above, it is skipped until it has. @defaultValue 1 Mi */
  readonly bufferBytes: number;
}

export interface DashboardOptions {
  /** `HOST:PORT`; port 0 is any that is free. @defaultValue `'127.0.0.1:0'` */
  readonly listen?: string;
  /** Who knows it may look: 16 to 256 letters, digits, `-`, `_`; `'auto'` makes one. Needed unless on loopback. */
  readonly token?: string;
  /** Readers may suspend, resume, …, those domains that were attached with `control`. @defaultValue false */
  readonly allowControl?: boolean;
  readonly limits?: Partial<DashboardLimits>;
}

export interface Listen {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface CheckedOptions {
  readonly listen: Listen;
  readonly token: string | null;
  readonly allowControl: boolean;
  readonly limits: DashboardLimits;
}

const MEBI = 1024 * 1024;
const DEFAULT_LIMITS: DashboardLimits = {
  items: 10_000,
  itemChars: 8 * MEBI,
  recordingChars: MEBI / 4,
  readers: 64,
  bufferBytes: MEBI,
};
const OPTIONS = ['listen', 'token', 'allowControl', 'limits'];

/** @param makeToken - for `'auto'` @throws TypeError */
export function checkOptions(options: DashboardOptions, makeToken: () => string): CheckedOptions {
  if (typeof options !== 'object' || options === null)
    throw badArgument('dashboard', 'an object of options', options);
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) throw badArgument('dashboard', OPTIONS.join(', '), name);
  const { listen = '127.0.0.1:0', token, allowControl = false, limits = {} } = options;
  if (typeof allowControl !== 'boolean') throw badArgument('allowControl', 'a boolean', allowControl);
  const checked = {
    listen: parseListen(listen),
    token: token === undefined ? null : token === 'auto' ? makeToken() : requireToken(token),
    allowControl,
    limits: checkLimits(limits),
  };
  if (checked.token === null && !isLoopback(checked.listen.host))
    throw new TypeError(`dashboard: ${listen} is open to others, so it needs a token; 'auto' makes one`);
  return checked;
}

function parseListen(listen: unknown): Listen {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.%\w]+)\]|([\w.-]+)):(\d{1,5})$/.exec(typeof listen === 'string' ? listen : '') ?? [];
  const host = bracketed ?? plain;
  const isRight =
    host !== undefined && (bracketed === undefined || isIP(bracketed) === 6) && Number(port) < 65_536;
  if (!isRight) throw badArgument('listen', "an address as '127.0.0.1:8026'", listen);
  return { host, port: Number(port) };
}

/** It goes into an address, a cookie and a header as it is. */
function requireToken(token: unknown): string {
  if (typeof token !== 'string' || !/^[\w-]{16,256}$/.test(token))
    // What was received is a secret, or meant to be one.
    throw new TypeError("token: expected 'auto', or 16 to 256 letters, digits, - and _");
  return token;
}

function checkLimits(limits: Partial<DashboardLimits>): DashboardLimits {
  if (typeof limits !== 'object' || limits === null) throw badArgument('limits', 'an object', limits);
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name))
      throw badArgument('limits', Object.keys(DEFAULT_LIMITS).join(', '), name);
    if (!Number.isInteger(value) || value < 1) throw badArgument(name, 'a whole number above 0', value);
  }
  return { ...DEFAULT_LIMITS, ...limits };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/**
 * Who may ask for anything at all.
 *
 * A page of somebody else, in the same browser, can send us requests. By `Host` we see that it came by another name
 * (DNS rebinding), by `Origin` that it is another page. Who else can reach the address needs the token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Listen } from './options.ts';

export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly why: string;
}

const WILDCARDS = ['0.0.0.0', '::'];

export class Guard {
  readonly #listen: Listen;
  readonly #token: Buffer | null;
  readonly #cookie: string;

  /** @param listen - with the port that it has */
  constructor(listen: Listen, token: string | null) {
    this.#listen = listen;
    this.#token = token === null ? null : digest(token);
    // Cookies are shared by all ports of a host.
    this.#cookie = `qemu-actors-${listen.port}`;
  }

  /** @returns null if it may go on; whether it knows the token is another question */
  refuse(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers;
    if (host === undefined || !this.#isOurs(host, request.socket.localAddress))
      return { status: 421, why: 'this is not a name of this server' };
    if (origin !== undefined && origin !== `http://${host}`)
      return { status: 403, why: 'another page may not ask' };
    return null;
  }

  knowsToken({ headers }: IncomingMessage): boolean {
    if (this.#token === null) return true;
    const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim().split('='));
    const cookie = cookies.find(([name]) => name === this.#cookie)?.[1];
    return this.isToken(bearer) || this.isToken(cookie);
  }

  /** In constant time. Without a token, none is right. */
  isToken(given: string | null | undefined): boolean {
    if (this.#token === null || given === null || given === undefined) return false;
    return timingSafeEqual(this.#token, digest(given));
  }

  /** By which a browser knows the token from now on; no script can read it, no other page make it be sent. */
  cookieOf(token: string): string {
    return `${this.#cookie}=${token}; Path=/; HttpOnly; SameSite=Strict`;
  }

  #isOurs(host: string, localAddress: string | undefined): boolean {
    const { host: own, port } = this.#listen;
    const names = ['localhost', '127.0.0.1', '[::1]', inUrl(own)];
    // Of all addresses of this machine, the one that was reached.
    if (WILDCARDS.includes(own) && localAddress !== undefined)
      names.push(inUrl(localAddress.replace(/^::ffff:/, '')));
    const asked = host.toLowerCase();
    return names.some(
      (name) => asked === `${name.toLowerCase()}:${port}` || (port === 80 && asked === name.toLowerCase()),
    );
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** An IPv6 address in brackets, everything else as it is. */
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** The address that is told to people. */
export function urlOf({ host, port }: Listen, token: string | null): string {
  const named = WILDCARDS.includes(host) ? 'localhost' : inUrl(host);
  return `http://${named}:${port}/${token === null ? '' : `?token=${token}`}`;
}

/** Of every answer. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Only what lit-html made may become markup.
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

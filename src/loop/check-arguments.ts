/** What the six functions take: each refuses what it cannot use by a `TypeError`, and registers nothing then. */
import { badArgument } from '../errors.ts';
import { ERROR, HANGUP, READABLE, WRITABLE } from './event-loop.ts';

const ALL = READABLE | WRITABLE | ERROR | HANGUP;

export function checkMask(events: number): void {
  if (!(Number.isInteger(events) && events >= 0 && events <= ALL))
    throw badArgument('events', 'a mask of READABLE, WRITABLE, ERROR, HANGUP', events);
}

export function checkInterval(ms: number): void {
  if (typeof ms !== 'number' || !(ms >= 0 || ms === -1))
    throw badArgument('ms', '-1 for disabled, or a number of milliseconds from 0 on', ms);
}

export function checkCallbacks(callback: unknown, free: unknown): void {
  if (typeof callback !== 'function') throw badArgument('callback', 'a function', callback);
  if (free !== undefined && typeof free !== 'function') throw badArgument('free', 'a function', free);
}

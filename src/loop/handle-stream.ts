/** The stream of a handle: itself, or the one that a file descriptor has. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { badArgument } from '../errors.ts';

const streams = new Map<number, Socket>();

/**
 * A descriptor of a pipe or a socket belongs to its stream from here on, which closes it at its end or by
 * `destroy()`, and by nothing else. It has one stream until then, however often it is asked for; what has the number
 * after that has a stream of its own.
 *
 * @throws {TypeError} Node's, for a descriptor that is neither a pipe nor a socket; ours, for what is none, or no stream
 */
export function streamOf(handle: Duplex | number): Duplex {
  if (typeof handle === 'number') return open(handle);
  if (typeof handle?.read !== 'function' || typeof handle.on !== 'function')
    throw badArgument('stream', 'a stream, or the descriptor of a pipe or socket', handle);
  return handle;
}

function open(fd: number): Socket {
  if (!(Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31)) throw badArgument('stream', 'a descriptor', fd);
  const known = streams.get(fd);
  // The number is free as soon as a stream is destroyed, before its 'close'.
  if (known !== undefined && !known.destroyed) return known;
  const socket = new Socket({ fd, readable: true, writable: true });
  streams.set(fd, socket);
  return socket.once('close', () => {
    if (streams.get(fd) === socket) streams.delete(fd);
  });
}

/** The stream of a handle: itself, or the one that a file descriptor has. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { badArgument } from '../errors.ts';

const streams = new Map<number, Socket>();

/**
 * A descriptor of a pipe or a socket belongs to its stream from here on, which closes it at its end or by
 * `destroy()`, and by nothing else. It has one stream until then, however often it is asked for.
 *
 * @throws {TypeError} Node's, for a descriptor that is neither a pipe nor a socket; ours, for what is no stream
 */
export function streamOf(handle: Duplex | number): Duplex {
  if (typeof handle === 'number') return streams.get(handle) ?? open(handle);
  if (typeof handle?.read !== 'function' || typeof handle.on !== 'function')
    throw badArgument('stream', 'a stream, or the descriptor of a pipe or socket', handle);
  return handle;
}

function open(fd: number): Socket {
  const socket = new Socket({ fd, readable: true, writable: true });
  streams.set(fd, socket);
  return socket.once('close', () => streams.delete(fd));
}

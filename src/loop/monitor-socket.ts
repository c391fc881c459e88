/** A socket that reads to the end, also when it can no longer write. */
import { Socket } from 'node:net';

type WriteDone = (error?: Error | null) => void;

/** A peer that is gone shows to the reader too, after its last byte. */
const peerIsGone = (error: NodeJS.ErrnoException | null | undefined): boolean =>
  error?.code === 'EPIPE' || error?.code === 'ECONNRESET';

/**
 * Node ends a socket whose write fails, and with it what was not read yet: for instance the SHUTDOWN that tells
 * why QEMU closed. Here such a write only gets lost; the end comes by reading.
 */
export class MonitorSocket extends Socket {
  override _write(chunk: Buffer, encoding: BufferEncoding, done: WriteDone): void {
    super._write(chunk, encoding, (error) => done(peerIsGone(error) ? null : error));
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: WriteDone): void {
    super._writev?.(chunks, (error) => done(peerIsGone(error) ? null : error));
  }
}

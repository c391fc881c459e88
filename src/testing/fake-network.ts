/** Where a fake QEMU's monitors listen: real sockets (`fake-monitor.ts`), or simulated ones. */
import type { Address } from '../loop/runtime.ts';

/** A connection as the fake sees it; a `net.Socket` is one. */
export interface FakeSocket {
  readonly writableLength: number;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  write(bytes: Buffer): unknown;
  /** Ends it after all that was written. */
  destroySoon(): void;
  destroy(): unknown;
}

export interface FakeListener {
  /** Where to connect. */
  readonly address: Address;
  readonly listening: boolean;
  listen(): Promise<void>;
  /** Stops listening. @param removeFile - as a QEMU does that ends in order; else connecting is refused */
  unlisten(removeFile: boolean): void;
}

export type OpenListener = (address: Address, onSocket: (socket: FakeSocket) => void) => FakeListener;

/** One listening monitor socket of a fake QEMU: one client at a time, the others wait in line. */
import { renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../loop/runtime.ts';
import type { FakeListener } from './fake-network.ts';

/** @internal */
export class FakeMonitor implements FakeListener {
  readonly #wanted: Address;
  readonly #onSocket: (socket: Socket) => void;
  #server: Server | null = null;
  #address: Address;

  constructor(address: Address, onSocket: (socket: Socket) => void) {
    this.#wanted = address;
    this.#address = address;
    this.#onSocket = onSocket;
  }

  /** Where to connect; with the port that was found free. */
  get address(): Address {
    return this.#address;
  }

  get listening(): boolean {
    return this.#server !== null;
  }

  listen(): Promise<void> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, this.#onSocket);
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const done = (): void => {
        server.off('error', reject);
        server.on('error', () => {});
        resolve();
      };
      const address = this.#address;
      if ('path' in address) {
        // Node removes a listening socket's file when it closes it. Listening under another name leaves the
        // decision to us, and the rename makes the path appear with somebody listening, as a new inode.
        const staging = `${address.path}~`;
        rmSync(staging, { force: true });
        server.listen({ path: staging }, () => {
          try {
            renameSync(staging, address.path);
            done();
          } catch (error) {
            server.close();
            reject(error);
          }
        });
      } else {
        server.listen({ host: address.host, port: address.port }, () => {
          const bound = server.address();
          if (bound !== null && typeof bound === 'object')
            this.#address = { host: address.host, port: bound.port };
          done();
        });
      }
    });
  }

  unlisten(removeFile: boolean): void {
    this.#server?.close();
    this.#server = null;
    if (removeFile && 'path' in this.#wanted) rmSync(this.#wanted.path, { force: true });
  }
}

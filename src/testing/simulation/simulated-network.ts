/** Unix sockets of a simulated host: who listens at which path, and connections to them. */
import type { Duplex } from 'node:stream';
import type { Address, FileIdentity } from '../../loop/runtime.ts';
import type { FakeListener, FakeSocket, OpenListener } from '../fake-network.ts';
import type { Agenda } from './agenda.ts';
import { SimulatedStream } from './simulated-stream.ts';

class SimulatedListener implements FakeListener {
  readonly address: Address;
  readonly #network: SimulatedNetwork;
  readonly #path: string;
  readonly #onSocket: (socket: FakeSocket) => void;

  constructor(
    network: SimulatedNetwork,
    address: Address,
    path: string,
    onSocket: (socket: FakeSocket) => void,
  ) {
    this.#network = network;
    this.address = address;
    this.#path = path;
    this.#onSocket = onSocket;
  }

  get listening(): boolean {
    return this.#network.files.get(this.#path)?.listener === this;
  }

  listen(): Promise<void> {
    this.#network.bind(this.#path, this);
    return Promise.resolve();
  }

  unlisten(removeFile: boolean): void {
    if (removeFile) this.#network.files.delete(this.#path);
    else if (this.listening) this.#network.files.get(this.#path)?.unlisten();
  }

  accept(socket: FakeSocket): void {
    this.#onSocket(socket);
  }
}

/** A socket's file; it may outlive who listens. */
class SocketFile {
  readonly identity: FileIdentity;
  listener: SimulatedListener | null;

  constructor(inode: number, changedMs: number, listener: SimulatedListener) {
    this.identity = { device: 1, inode, changedMs };
    this.listener = listener;
  }

  unlisten(): void {
    this.listener = null;
  }
}

const systemError = (code: string, path: string): Error =>
  Object.assign(new Error(`connect ${code} ${path}`), { code });

export class SimulatedNetwork {
  /** By path. */
  readonly files = new Map<string, SocketFile>();
  readonly #agenda: Agenda;
  #lastInode = 0;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  /** For `FakeQemu`. */
  readonly listener: OpenListener = (address, onSocket) => {
    if (!('path' in address)) throw new TypeError('a simulated QEMU listens at a path');
    return new SimulatedListener(this, address, address.path, onSocket);
  };

  /** A new file, also where one was left. */
  bind(path: string, listener: SimulatedListener): void {
    this.files.set(path, new SocketFile(++this.#lastInode, this.#agenda.nowMs, listener));
  }

  connect(address: Address, signal: AbortSignal): Promise<Duplex> {
    const path = 'path' in address ? address.path : `${address.host}:${address.port}`;
    const connecting = this.#agenda.operation(
      `${path} connect`,
      () => {
        const file = this.files.get(path);
        if (file === undefined) throw systemError('ENOENT', path);
        if (file.listener === null) throw systemError('ECONNREFUSED', path);
        const stream = new SimulatedStream(this.#agenda, path);
        file.listener.accept(stream.peer);
        return stream;
      },
      signal,
    );
    return connecting.then((stream) => stream.asDuplex);
  }
}

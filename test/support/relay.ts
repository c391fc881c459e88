/** A unix socket in front of a QEMU's: the way to lose a monitor whose QEMU lives. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Relay implements AsyncDisposable {
  readonly path: string;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  /** Accepts, but passes nothing on: as a QEMU whose monitor another client holds. */
  silent = false;
  /** How many clients came. */
  connections = 0;

  static async start(path: string, target: string): Promise<Relay> {
    const relay = new Relay(path, target);
    await relay.listen();
    return relay;
  }

  private constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
  }

  async listen(): Promise<void> {
    const server = createServer((client) => {
      this.connections += 1;
      this.#keep(client);
      if (this.silent) return void client.resume();
      const qemu = connect(this.#target);
      this.#keep(qemu);
      client.pipe(qemu).pipe(client);
      client.on('close', () => qemu.destroy());
      qemu.on('close', () => client.destroy());
    });
    server.listen(this.path);
    await once(server, 'listening');
    this.#server = server;
  }

  /** Ends all connections; those that come next meet what `silent` says. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends all connections, and refuses others: the socket's file is gone. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    this.drop();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

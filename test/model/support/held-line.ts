/** The way to a real QEMU's monitor: it can be cut, garbled, and hold a command back. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class HeldLine implements AsyncDisposable {
  readonly path: string;
  /** Where QEMU listens. */
  target = '';
  /** Accepts, but passes nothing on. */
  broken = false;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  readonly #armed: string[] = [];
  readonly #held: (() => void)[] = [];
  #server: Server | null = null;

  constructor(path: string) {
    this.path = path;
  }

  async listen(): Promise<void> {
    const server = createServer((client) => this.#accept(client));
    server.listen(this.path);
    await once(server, 'listening');
    this.#server = server;
  }

  /** The next command of this name does not go through before `release()`; others do. */
  hold(command: string): void {
    this.#armed.push(command);
  }

  /** Lets the command go that was held first. */
  release(): void {
    const go = this.#held.shift();
    if (go === undefined) this.#armed.shift();
    else go();
  }

  /** Another QEMU: nothing is held. */
  forget(): void {
    this.#armed.length = 0;
    this.#held.length = 0;
  }

  garble(): void {
    for (const client of this.#clients) client.write('no JSON\n');
  }

  /** Ends all connections. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, 'close');
    server.close();
    this.drop();
    await closed;
  }

  #accept(client: Socket): void {
    this.#keep(client);
    if (this.broken) return void client.resume();
    const qemu = connect(this.target);
    this.#keep(qemu);
    this.#clients.add(client);
    client.on('close', () => {
      this.#clients.delete(client);
      qemu.destroy();
    });
    qemu.on('close', () => client.destroy());
    qemu.pipe(client);
    let rest = '';
    client.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#pass(line, qemu);
    });
  }

  #pass(line: string, qemu: Socket): void {
    const go = (): void => void qemu.write(`${line}\n`);
    const { execute } = JSON.parse(line) as { execute?: string };
    const at = execute === undefined ? -1 : this.#armed.indexOf(execute);
    if (at === -1) return go();
    this.#armed.splice(at, 1);
    this.#held.push(go);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

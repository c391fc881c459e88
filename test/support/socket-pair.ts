/** Two ends of a connection, as pipe(2) and socketpair(2) give them to C. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';

export interface SocketPair extends Disposable {
  readonly near: Socket;
  readonly far: Socket;
}

export async function socketPair(): Promise<SocketPair> {
  const directory = await mkdtemp('/tmp/qemu-actors-');
  const path = `${directory}/pair`;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const near = connect(path);
  const far = await accepted;
  server.close();
  await rm(directory, { recursive: true });
  return {
    near,
    far,
    [Symbol.dispose]() {
      for (const end of [near, far]) end.on('error', () => {}).destroy();
    },
  };
}
